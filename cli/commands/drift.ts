import { wholeNumber } from "../arguments.ts";
import type { Answer, Body, Item, Query } from "../client/client.ts";
import { API_OPTIONS, command, type Call } from "../command.ts";
import { EXIT, Stop, type Exit } from "../exit.ts";
import { table } from "../table.ts";

type Finding = Item<"listDrift">;
type Reconciliation = Item<"listReconciliations">;

const OPTIONS = {
  ...API_OPTIONS,
  reconciliation: { type: "string", value: "name", summary: "list: only findings of this one" },
  state: { type: "string", value: "state", summary: "list: open (default), or another; a wrong word is answered with all of them" },
  type: { type: "string", value: "type", summary: "list: such as missingInErp or mismatch" },
  owner: { type: "string", value: "name", summary: "list: whose they are" },
  full: { type: "boolean", summary: "run: compare everything, not only what has changed" },
  baseline: { type: "boolean", summary: "run: compare everything, and take for known what only the system has, as on the first day" },
  how: {
    type: "string",
    value: "way",
    choices: ["push", "pull"],
    summary: "repair: from us to the system, or back; default: as the policy says",
  },
  "dry-run": { type: "boolean", summary: "repair: only say what would be done" },
  days: { type: "string", value: "n", summary: "accept: for how many days; default 30" },
  reason: { type: "string", value: "text", summary: "kept with the action" },
} as const;

type Drift = Call<typeof OPTIONS>;

type Action = (call: Drift, id: string) => Promise<Exit>;

export const drift = command({
  name: "drift",
  summary: "where the router and a system of record disagree; repairs or accepts it",
  arguments: [
    { name: "action", summary: "default: list", optional: true, choices: ["list", "show", "repair", "accept", "runs", "run", "history"] },
    { name: "id", summary: "of the finding; of run and history the reconciliation's name", optional: true },
  ],
  options: OPTIONS,
  examples: [
    "signalbox drift",
    "signalbox drift repair fnd_01J... --dry-run",
    "signalbox drift accept fnd_01J... --days 7 --reason 'booked by hand'",
    "signalbox drift run erp-orders --full",
    "signalbox drift run erp-orders --baseline --reason 'the ERP is ten years older than the router'",
    "signalbox drift history erp-orders",
  ],
  run: (call) => {
    const [action = "list", id] = call.args;
    if (action === "list") return list(call);
    if (action === "runs") return runs(call);
    if (id === undefined)
      throw new Stop(EXIT.usage, `Which one? npx signalbox drift ${action} <${action === "run" || action === "history" ? "name" : "id"}>`);
    return (ACTIONS[action] ?? showOne)(call, id);
  },
});

async function list({ api, options, show }: Drift): Promise<Exit> {
  const { reconciliation, state, type, owner } = options;
  const found: Finding[] = [];
  // Words of closed lists are checked by the API.
  const query = { reconciliation, state, type, owner } as Query<"listDrift">;
  const asked = await api("viewer");
  const { silence } = await asked.call("listDrift", { query: { ...query, limit: 1 } });
  for await (const finding of asked.all("listDrift", query)) found.push(finding);
  const told = (columns: number | null): string[] => [
    found.length === 0 ? "No drift." : findingTable(found, columns),
    ...silence.map(({ summary, owner }) => `${summary} (${owner.name})`),
  ];
  show({ items: found, silence }, (columns) => told(columns).join("\n"));
  return silence.length > 0 || found.some((finding) => finding.state === "open") ? EXIT.found : EXIT.ok;
}

const findingTable = (found: readonly Finding[], columns: number | null): string =>
  table(
    ["id", "record", "system", "type", "differs in", "owner", "since"],
    found.map(({ id, kind, key, system, type, differences, owner, firstSeenAt }) => [
      id,
      `${kind}/${key}`,
      system,
      type,
      differences.map(({ field }) => field).join(", ") || "-",
      owner.name,
      firstSeenAt,
    ]),
    columns,
  );

async function showOne({ api, show }: Drift, id: string): Promise<Exit> {
  const found = await (await api("viewer")).call("getDrift", { params: { id } });
  show(found, () => details(found));
  return found.state === "open" ? EXIT.found : EXIT.ok;
}

const shown = (value: unknown): string => JSON.stringify(value) ?? "-";

function details(finding: Finding): string {
  const { differences, owner } = finding;
  return [
    `${finding.id}  ${finding.type}  ${finding.severity}  ${finding.state}`,
    `record     ${finding.kind}/${finding.key}${finding.remoteId === null ? "" : `, in ${finding.system} ${finding.remoteId}`}  (${finding.reconciliation})`,
    `seen       ${finding.timesSeen} times, from ${finding.firstSeenAt} to ${finding.lastSeenAt}`,
    `owner      ${owner.name}${owner.contact === null ? "" : `, ${owner.contact}`}`,
    ...(finding.reason === null ? [] : [`reason     ${finding.reason}`]),
    ...(differences.length === 0
      ? []
      : [
          "",
          table(
            ["field", "expected", "found"],
            differences.map((each) => [each.field, shown(each.expected), shown(each.found)]),
          ),
        ]),
  ].join("\n");
}

async function runs({ api, show }: Drift): Promise<Exit> {
  const { items } = await (await api("viewer")).call("listReconciliations", {});
  show({ items }, (columns) => (items.length === 0 ? "No reconciliations are configured." : runTable(items, columns)));
  return items.some(({ problem, lastRun }) => problem !== null || lastRun?.state === "failed") ? EXIT.found : EXIT.ok;
}

const runTable = (items: readonly Reconciliation[], columns: number | null): string =>
  table(
    ["name", "kind", "system", "last run", "read up to", "open", "problem"],
    items.map(({ name, kind, system, lastRun, readUpTo, findings, problem }) => [
      name,
      kind,
      system,
      lastRun === null ? "never" : `${lastRun.state}, ${lastRun.updatedAt}`,
      readUpTo ?? "-",
      String(findings["open"] ?? 0),
      problem ?? lastRun?.problem ?? "-",
    ]),
    columns,
  );

const reasonOf = ({ options }: Drift, action: string): string => options.reason ?? `${action} from the command line`;

async function run(call: Drift, name: string): Promise<Exit> {
  const { full, baseline } = call.options;
  if (full === true && baseline === true) throw new Stop(EXIT.usage, "Say --full or --baseline: a baseline compares everything too.");
  const mode = baseline === true ? "baseline" : full === true ? "full" : "changes";
  const body = { mode, reason: reasonOf(call, "run") } as const;
  const begun = await (await call.api("operator")).call("runReconciliation", { params: { name }, body });
  call.show(begun, () => `${begun.id}: ${begun.state}. How far it is: npx signalbox drift runs`);
  return EXIT.ok;
}

async function history({ api, show }: Drift, name: string): Promise<Exit> {
  const told = await (await api("viewer")).call("getDriftHistory", { params: { name } });
  show(told, () =>
    [
      `from change to finding  ${times(told.timeToDetect)}`,
      `from finding to its end ${times(told.timeToRepair)}`,
      "",
      told.runs.length === 0 ? "It has not run yet." : historyTable(told.runs),
    ].join("\n"),
  );
  return EXIT.ok;
}

type History = Answer<"getDriftHistory">;

const times = ({ count, medianMs, p95Ms }: History["timeToDetect"]): string =>
  medianMs === null || p95Ms === null ? "none yet" : `${inSeconds(medianMs)} in the median, 95 % within ${inSeconds(p95Ms)}, of ${count}`;

const inSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const historyTable = (runs: History["runs"]): string =>
  table(
    ["began", "mode", "state", "took", "compared", "found", "per 1,000", "healed", "repairs", "taken over"],
    runs.map(({ startedAt, mode, state, tookMs, compared, found, foundPerThousand, healed, repairs, adopted }) => [
      startedAt,
      mode,
      state,
      inSeconds(tookMs),
      ...[compared, found, foundPerThousand ?? "-", healed, repairs, adopted].map(String),
    ]),
  );

async function repair(call: Drift, id: string): Promise<Exit> {
  const { how } = call.options;
  // The parser lets only push and pull in.
  const body = { how, dryRun: call.options["dry-run"] === true, reason: reasonOf(call, "repair") } as Body<"repairDrift">;
  const done = await (await call.api("operator")).call("repairDrift", { params: { id }, body });
  call.show(done, () =>
    done.eventId === null
      ? `${done.how}, if it were done: ${done.would}`
      : `${done.how}: ${done.would}\nWhat became of it: npx signalbox trace ${done.eventId}`,
  );
  return EXIT.ok;
}

const DAY_MS = 86_400_000;

async function accept(call: Drift, id: string): Promise<Exit> {
  const untilMs = call.world.now() + (wholeNumber("days", call.options.days, 1) ?? 30) * DAY_MS;
  const body = { until: new Date(untilMs).toISOString(), reason: reasonOf(call, "accept") };
  const accepted = await (await call.api("operator")).call("acceptDrift", { params: { id }, body });
  call.show(accepted, () => `${accepted.id}: ${accepted.state} until ${accepted.acceptedUntil ?? ""}`);
  return EXIT.ok;
}

const ACTIONS: Readonly<Record<string, Action>> = { show: showOne, repair, accept, run, history };
