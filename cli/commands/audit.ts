import { appendFileSync, writeFileSync } from "node:fs";
import type { Answer } from "../client/client.ts";
import type { Api } from "../api.ts";
import { API_OPTIONS, command, type Values } from "../command.ts";
import { EXIT, Stop, type Exit } from "../exit.ts";
import { counted } from "../table.ts";

const OPTIONS = {
  ...API_OPTIONS,
  from: { type: "string", value: "time", summary: "the period's begin, such as 2026-11-01T00:00:00Z" },
  to: { type: "string", value: "time", summary: "its end" },
  file: { type: "string", value: "path", summary: "export: where it is written", file: true },
} as const;

type Part = Answer<"verifyAudit">;
type Checked = Part["checked"];

interface Verified {
  readonly intact: boolean;
  readonly checked: Checked;
  readonly broken: Part["broken"];
}

/** Goes over everything, part by part, and says what is not as it was written. */
async function verified(router: Api, period: { readonly from?: string; readonly to?: string }): Promise<Verified> {
  let checked: Checked = { entities: 0, lines: 0, rows: 0, actions: 0 };
  const broken: Part["broken"][number][] = [];
  for (let cursor: string | undefined; ;) {
    const part = await router.call("verifyAudit", { body: { ...period, ...(cursor === undefined ? {} : { cursor }) } });
    checked = {
      entities: checked.entities + part.checked.entities,
      lines: checked.lines + part.checked.lines,
      rows: checked.rows + part.checked.rows,
      actions: checked.actions + part.checked.actions,
    };
    broken.push(...part.broken);
    if (part.nextCursor === null) return { intact: broken.length === 0, checked, broken };
    cursor = part.nextCursor;
  }
}

const report = ({ checked, broken }: Verified): string =>
  [
    ...broken.map(({ where, entity, seq, eventId, actionId, reason }) =>
      ["BROKEN", where, entity, seq === undefined ? undefined : `line ${seq}`, eventId, actionId, reason]
        .filter((word) => word !== undefined)
        .join("  "),
    ),
    `${counted(checked.lines, "line")} of histories, ${counted(checked.rows, "row")} of the index, ${counted(checked.actions, "action")} of operators: ${broken.length === 0 ? "all as they were written" : counted(broken.length, "place is not as it was written", "places are not as they were written")}`,
  ].join("\n");

/** Writes all parts of an export into one file. */
async function exported(router: Api, { from, to, file }: Values<typeof OPTIONS>): Promise<number> {
  if (from === undefined || to === undefined || file === undefined) throw new Stop(EXIT.usage, "Say --from, --to and --file.");
  writeFileSync(file, "");
  for (let cursor: string | undefined, parts = 1; ; parts++) {
    const { bytes } = await router.call("exportAudit", { query: { from, to, ...(cursor === undefined ? {} : { cursor }) } });
    appendFileSync(file, bytes);
    const last = new TextDecoder().decode(bytes).trimEnd().split("\n").at(-1) ?? "";
    const { line, next } = JSON.parse(last) as { readonly line: string; readonly next: object | null };
    if (line !== "end") throw new Stop(EXIT.found, "A part was cut off; begin again.");
    if (next === null) return parts;
    cursor = btoa(JSON.stringify(next));
  }
}

export const audit = command({
  name: "audit",
  summary: "the audit trail as a whole: verify it, or export a period, signed",
  about:
    "verify walks every record's chain and the operators', and holds the index against them; it fails if anything is not as it was written. export writes NDJSON that docs/verify-audit-export.mjs checks.",
  arguments: [{ name: "action", summary: "what to do", choices: ["verify", "export"] }],
  options: OPTIONS,
  examples: [
    "signalbox audit verify",
    "signalbox audit verify --from 2026-11-26T00:00:00Z --to 2026-11-27T00:00:00Z",
    "signalbox audit export --from 2026-11-01T00:00:00Z --to 2026-12-01T00:00:00Z --file november.ndjson",
  ],
  run: async ({ args: [action], options, api, show }): Promise<Exit> => {
    if (action === "export") {
      const parts = await exported(await api("operator"), options);
      show({ file: options.file, parts }, () => `${options.file}: ${counted(parts, "part")}`);
      return EXIT.ok;
    }
    const { from, to } = options;
    const found = await verified(await api("viewer"), { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) });
    show(found, () => report(found));
    return found.intact ? EXIT.ok : EXIT.found;
  },
});
