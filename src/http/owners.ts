import type { StoredDeadLetter } from "../domain/audit-record.ts";
import type { RouterConfig } from "../domain/config.ts";
import type { FailureClass } from "../domain/failure.ts";
import type { LetterOwners, Owner } from "./views.ts";

/** An owner by name, as far as the configuration knows it. */
export function ownerOf({ owners }: RouterConfig, name: string): Owner {
  const { team = null, contact = null, runbook = null } = owners[name] ?? {};
  return { name, team, contact, runbook };
}

/** Whose a dead letter is, and who is called first for what failed. */
export function ownersOfLetter(config: RouterConfig, letter: Pick<StoredDeadLetter, "owner" | "class">): LetterOwners {
  const incident = config.responsibilities?.incidents?.[letter.class as FailureClass];
  return { owner: ownerOf(config, letter.owner), incidentOwner: ownerOf(config, incident ?? letter.owner) };
}
