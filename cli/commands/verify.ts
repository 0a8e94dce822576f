import type { Answer } from "../client/client.ts";
import { wholeNumber } from "../arguments.ts";
import type { Api } from "../api.ts";
import { API_OPTIONS, command, type Values } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { Progress, bar } from "../progress.ts";
import { counted } from "../table.ts";

const OPTIONS = {
  ...API_OPTIONS,
  day: { type: "string", value: "YYYY-MM-DD", summary: "all records with events that came on this day, UTC" },
  all: { type: "boolean", summary: "all records with events that the index still lists" },
  source: { type: "string", value: "name", summary: "of those, only records that this source told of" },
  parallel: { type: "string", value: "n", summary: "how many records are walked at once; default 4" },
} as const;

interface Checked {
  readonly entity: string;
  readonly result: Answer<"verifyEntity">;
}

export const verify = command({
  name: "verify",
  summary: "walks the hash chain of a record's history, or of many records'; fails on a broken one",
  arguments: [{ name: "kind/key", summary: "one record, such as order/SO-1001", optional: true }],
  options: OPTIONS,
  examples: ["signalbox verify order/SO-1001", "signalbox verify --day 2026-11-26", "signalbox verify --all --json"],
  run: async ({ args: [one], options, api, show, world }) => {
    const parallel = wholeNumber("parallel", options.parallel, 1) ?? 4;
    const router = await api("viewer");
    const entities = one === undefined ? await named(router, options) : [one];
    const progress = new Progress(world);
    const checked: Checked[] = [];
    for (let at = 0; at < entities.length && !world.ended.aborted; at += parallel) {
      const walked = await Promise.all(entities.slice(at, at + parallel).map((entity) => walk(router, entity)));
      checked.push(...walked);
      if (world.terminal && one === undefined)
        progress.show(`${bar(checked.length / entities.length)}  ${checked.length}/${entities.length} records`);
    }
    progress.end();
    if (one !== undefined && checked[0]?.result.entries === 0) {
      show({ checked: 0, complete: true, broken: [] }, () => `Nothing is known of ${one}.`);
      return EXIT.found;
    }
    const broken = checked.filter(({ result }) => !result.intact);
    const complete = checked.length === entities.length;
    show({ checked: checked.length, complete, broken, ...(one === undefined ? {} : { result: checked[0]?.result }) }, () =>
      report(checked, entities.length),
    );
    return broken.length === 0 && complete ? EXIT.ok : EXIT.found;
  },
});

async function walk(router: Api, entity: string): Promise<Checked> {
  const slash = entity.indexOf("/");
  if (slash < 1) throw new Stop(EXIT.usage, `"${entity}" is no record; write <kind>/<key>, such as order/SO-1001`);
  const params = { kind: entity.slice(0, slash), key: entity.slice(slash + 1) };
  return { entity, result: await router.call("verifyEntity", { params }) };
}

/** The records that the events of a day, or all listed ones, were about. */
async function named(router: Api, options: Values<typeof OPTIONS>): Promise<readonly string[]> {
  if ((options.day === undefined) === (options.all !== true))
    throw new Stop(EXIT.usage, "Name a record, or say --day YYYY-MM-DD, or --all.");
  const found = new Set<string>();
  for await (const { entity } of router.all("listEvents", { source: options.source, ...dayOf(options.day) }))
    if (entity !== null) found.add(`${entity.kind}/${entity.key}`);
  return [...found];
}

function dayOf(day: string | undefined): { readonly from?: string; readonly to?: string } {
  if (day === undefined) return {};
  const start = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00.000Z`) : Number.NaN;
  if (Number.isNaN(start)) throw new Stop(EXIT.usage, `--day: "${day}" is no day; write 2026-11-26`);
  return { from: new Date(start).toISOString(), to: new Date(start + 86_400_000).toISOString() };
}

function report(checked: readonly Checked[], asked: number): string {
  const broken = checked.filter(({ result }) => !result.intact);
  const lines = checked.reduce((sum, { result }) => sum + result.entries, 0);
  const all = `${counted(checked.length, "record")} walked, ${counted(lines, "line")}: ${broken.length === 0 ? "every chain is whole" : counted(broken.length, "broken chain")}`;
  return [
    ...broken.map(({ entity, result }) => `BROKEN ${entity} at line ${result.brokenAtSeq ?? "?"}: ${result.reason ?? ""}`),
    all,
    ...(checked.length < asked ? [`ended early; ${asked - checked.length} were not walked`] : []),
  ].join("\n");
}
