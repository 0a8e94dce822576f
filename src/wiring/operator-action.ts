import { ulid } from "../domain/event-id.ts";

/** What an operator did to the router itself, as it is kept. */
export const operatorAction = (verb: string, subject: string, by: { readonly actor: string; readonly reason: string }) => ({
  id: `act_${ulid(Date.now(), crypto.getRandomValues(new Uint8Array(16)))}`,
  atMs: Date.now(),
  actor: by.actor,
  action: verb,
  subject,
  reason: by.reason,
});
