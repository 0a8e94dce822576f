import { parseArgs } from "node:util";
import { ensureLocalSecrets } from "./local-secrets.ts";
import { ROOT } from "./local.ts";
import { opsToken } from "./ops-token.ts";

const USAGE = `Usage: npm run replay -- <action> [id] [options]

  plan                what a replay would do; nothing is stored
  start               does it, or lets it wait for an approver; follows it to its end
  approve <id>        lets one begin that someone else asked for
  cancel  <id>        stops one; what was put in already goes on
  status  [id]        follows one to its end; without an id, lists the newest

  --source --type --status --class --destination --entity <kind>/<key>   which events (plan, start)
  --from --to <time>  when they came; ISO 8601; default: the last 24 hours
  --only <name,...>   where alone they go; default: the --destination
  --rate <n>          events a second
  --window <HH:MM-HH:MM> [--days mon,tue]   hours in which it may run, UTC
  --force             over newer states too; needs an approver
  --reason <text>     kept with the action
  --no-follow         do not wait for the end
  --json              the whole answer as JSON
  --url <origin>      a deployed router; default http://localhost:8787 (PORT changes it)

For a deployed router put a token into SIGNALBOX_TOKEN (operator; approver to approve); locally one is made.`;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const QUERY_OPTIONS = { source: text, type: text, status: text, class: text, destination: text, entity: text, from: text, to: text };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    ...QUERY_OPTIONS,
    only: text,
    rate: text,
    window: text,
    days: text,
    reason: text,
    url: text,
    force: flag,
    follow: { type: "boolean", default: true },
    json: flag,
  },
});
const [action = "", id] = positionals;
const reason = values.reason ?? `${action} from the command line`;

/** What this script reads of a replay's answer. */
interface Replay {
  readonly id: string | null;
  readonly state: string;
  readonly reason: string;
  readonly askedBy: string;
  readonly ratePerSecond: number;
  readonly nextStep: string;
  readonly plan: {
    readonly events: number;
    readonly replayable: number;
    readonly entities: number;
    readonly byStatus: Readonly<Record<string, number>>;
    readonly bySource: Readonly<Record<string, number>>;
    readonly byKind: Readonly<Record<string, number>>;
    readonly notReplayable: readonly { readonly why: string; readonly events: number }[];
    readonly sample: readonly { readonly entity: string; readonly events: number; readonly refused: number }[];
    readonly movedOn: { readonly events: number; readonly entitiesAsked: number; readonly complete: boolean };
    readonly estimatedSeconds: number;
    readonly estimatedEnd: string | null;
    readonly needsApproval: boolean;
  };
  readonly progress: {
    readonly done: number;
    readonly refused: number;
    readonly failed: number;
    readonly total: number;
    readonly etaSeconds: number | null;
    readonly waitsUntil: string | null;
    readonly problems: readonly { readonly why: string; readonly events: number; readonly example: string }[];
  } | null;
}

const NEEDS_ID = ["approve", "cancel"];
if (!["plan", "start", "status", ...NEEDS_ID].includes(action) || (NEEDS_ID.includes(action) && id === undefined)) {
  console.error(USAGE);
  process.exit(2);
}

const origin = values.url ?? `http://localhost:${process.env["PORT"] ?? "8787"}`;
const token = process.env["SIGNALBOX_TOKEN"] ?? (await opsToken(ensureLocalSecrets(ROOT), action === "approve" ? "approver" : "operator"));

async function ask<T>(path: string, body?: object): Promise<T> {
  const response = await fetch(`${origin}/ops/v1/replays${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    console.error(
      `${origin} does not answer (${String(error instanceof Error ? (error.cause ?? error) : error)}). Start it with: npm run dev`,
    );
    process.exit(1);
  });
  const answer = (await response.json()) as T & { readonly title?: string; readonly detail?: string };
  if (response.ok) return answer;
  console.error(`${response.status}: ${answer.title ?? ""} ${answer.detail ?? ""}`);
  process.exit(1);
}

function requestBody(dryRun: boolean): object {
  const { source, type, status, class: failure, destination, entity, only, rate, window, days, force = false } = values;
  const [from, to] = window?.split("-") ?? [];
  return {
    query: {
      source,
      type,
      status,
      class: failure,
      destination,
      entity,
      from: new Date(values.from ?? Date.now() - 86_400_000).toISOString(),
      to: new Date(values.to ?? Date.now()).toISOString(),
    },
    destinations: only?.split(","),
    ratePerSecond: rate === undefined ? undefined : Number(rate),
    window: window === undefined ? undefined : { from, to, days: days?.split(",") },
    force,
    dryRun,
    reason,
  };
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ") || "none";

function printPlan({ plan, ratePerSecond }: Replay): void {
  const { movedOn, estimatedSeconds, estimatedEnd } = plan;
  const lines = [
    `events      ${plan.events}, of which ${plan.replayable} can be put in, of ${plan.entities} entities`,
    `status      ${counts(plan.byStatus)}`,
    `source      ${counts(plan.bySource)}`,
    `kind        ${counts(plan.byKind)}`,
    ...plan.notReplayable.map(({ why, events }) => `left out    ${events}: ${why}`),
    `superseded  ${movedOn.events} by newer states${movedOn.complete ? "" : ` (among the ${movedOn.entitiesAsked} entities asked)`}`,
    ...plan.sample.map(({ entity, events, refused }) => `  ${entity}  ${events} events${refused === 0 ? "" : `, ${refused} superseded`}`),
    `takes       ${estimatedSeconds} s at ${ratePerSecond} a second${estimatedEnd === null ? "" : `; begun now, until ${estimatedEnd}`}`,
    ...(plan.needsApproval ? ["approval    needed, by another person"] : []),
  ];
  console.log(lines.join("\n"));
}

const BAR_WIDTH = 30;
const onTerminal = process.stdout.isTTY;

function progressLine({ state, progress }: Replay): string {
  if (progress === null) return `${state}, not begun`;
  const { done, refused, failed, total, etaSeconds, waitsUntil } = progress;
  const share = total === 0 ? 1 : Math.min(1, (done + refused + failed) / total);
  const bar = `[${"#".repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, ".")}] ${String(Math.floor(share * 100)).padStart(3)} %`;
  const eta =
    waitsUntil !== null ? `waits until ${waitsUntil}` : etaSeconds === null || state !== "running" ? state : `${etaSeconds} s left`;
  return `${onTerminal ? `${bar}  ` : ""}${done}/${total} put in, ${refused} refused, ${failed} failed, ${eta}`;
}

/** On a terminal one line that is written over; elsewhere a line for each change. */
function show(replay: Replay, last: string): string {
  const line = progressLine(replay);
  if (onTerminal) process.stdout.write(`\r\u001b[2K${line}`);
  else if (line !== last) console.log(line);
  return line;
}

/** Shows a replay until it is through, or waits for a person or a window. */
async function follow(first: Replay): Promise<Replay> {
  let replay = first;
  for (let last = ""; ;) {
    last = show(replay, last);
    if (!["planned", "running"].includes(replay.state) || replay.progress?.waitsUntil != null || !values.follow) break;
    await new Promise((resolve) => setTimeout(resolve, 500));
    replay = await ask<Replay>(`/${first.id}`);
  }
  if (onTerminal) process.stdout.write("\n");
  for (const { why, events, example } of replay.progress?.problems ?? []) console.log(`  ${events}: ${why} (such as ${example})`);
  console.log(`${replay.id}: ${replay.state}; next: ${replay.nextStep}`);
  return replay;
}

const ACTIONS: Readonly<Record<string, () => Promise<Replay>>> = {
  plan: () => ask("", requestBody(true)),
  start: () => ask("", requestBody(false)),
  approve: () => ask(`/${id}/approve`, { reason }),
  cancel: () => ask(`/${id}/cancel`, { reason }),
  status: () => ask(`/${id}`),
};

async function run(): Promise<number> {
  if (action === "status" && id === undefined) {
    const { items } = await ask<{ items: readonly Replay[] }>("");
    if (values.json === true) console.log(JSON.stringify(items, null, 2));
    else for (const item of items) console.log(`${item.id}  ${progressLine(item)}  ${item.askedBy}: ${item.reason}`);
    return 0;
  }
  const replay = await (ACTIONS[action] ?? (() => ask<Replay>("")))();
  if (values.json === true) {
    console.log(JSON.stringify(replay, null, 2));
    return 0;
  }
  if (action === "plan" || action === "start") printPlan(replay);
  if (replay.id === null) return 0;
  const ended = await follow(replay);
  return (ended.progress?.failed ?? 0) > 0 ? 1 : 0;
}

process.exit(await run());
