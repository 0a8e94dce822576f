import type { Answer } from "../client/client.ts";
import type { Api } from "../api.ts";
import { API_OPTIONS, command, type Values } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";

const OPTIONS = {
  ...API_OPTIONS,
  email: { type: "string", value: "address", summary: "whose data: whoever this address belongs to" },
  entity: { type: "string", value: "kind/key", summary: "or one record's" },
  apply: { type: "boolean", summary: "do it; without it, only what would go is told" },
  resume: { type: "string", value: "id", summary: "go on with an erasure that was broken off" },
  reason: { type: "string", value: "text", summary: "kept with the erasure; name nobody in it" },
} as const;

type Erasure = Answer<"getErasure">;

/** Every part of an erasure, or of looking at what one would take. */
async function all(router: Api, options: Values<typeof OPTIONS>): Promise<Erasure> {
  const { email, entity, reason = "", apply = false } = options;
  const subject = { ...(email === undefined ? {} : { email }), ...(entity === undefined ? {} : { entity }) };
  const goOn = (id: string): Promise<Erasure> => router.call("continueErasure", { params: { id }, body: { subject } });
  let erasure =
    options.resume === undefined
      ? await router.call("createErasure", { body: { subject, reason, dryRun: !apply } })
      : await goOn(options.resume);
  while (!erasure.complete) {
    const { id, nextCursor } = erasure;
    erasure =
      id === null
        ? await router.call("createErasure", { body: { subject, reason, ...(nextCursor === null ? {} : { cursor: nextCursor }) } })
        : await goOn(id);
  }
  return erasure;
}

export const erase = command({
  name: "erase",
  summary: "takes a person's data out of everything that is kept; without --apply says what would go",
  about: "Every chain still verifies afterwards; docs/audit.md says what stays and why. Needs the role approver, and a person.",
  arguments: [],
  options: OPTIONS,
  examples: [
    "signalbox erase --email ada@example.com --reason 'asked by the person'",
    "signalbox erase --email ada@example.com --reason 'asked by the person' --apply --json > receipt.json",
  ],
  run: async ({ options, api, show }) => {
    if ((options.email === undefined) === (options.entity === undefined)) throw new Stop(EXIT.usage, "Say either --email or --entity.");
    if (options.reason === undefined && options.resume === undefined) throw new Stop(EXIT.usage, "Say --reason.");
    const erasure = await all(await api("approver"), options);
    const counts = Object.entries(erasure.counts).map(([what, count]) => `${what}: ${count}`);
    show(erasure, () => [erasure.state === "dryRun" ? "Would go:" : `Gone (${erasure.id ?? ""}):`, ...counts].join("\n  "));
    return EXIT.ok;
  },
});
