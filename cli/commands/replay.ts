import { timeOf, wholeNumber } from "../arguments.ts";
import type { Api } from "../api.ts";
import type { Answer, Body } from "../client/client.ts";
import { API_OPTIONS, command, type Call } from "../command.ts";
import { EXIT, Stop, type Exit } from "../exit.ts";
import { Progress, bar } from "../progress.ts";
import { counted } from "../table.ts";

type Replay = Answer<"getReplay">;

const OPTIONS = {
  ...API_OPTIONS,
  source: { type: "string", value: "name", summary: "which events (plan, start): of this source" },
  type: { type: "string", value: "type", summary: "of this type" },
  status: { type: "string", value: "status", summary: "with this status" },
  class: { type: "string", value: "class", summary: "that failed with this class" },
  destination: { type: "string", value: "name", summary: "that went to this destination" },
  entity: { type: "string", value: "kind/key", summary: "of this record" },
  from: { type: "string", value: "time", summary: "that came from then on: ISO 8601, or 6h or 2d ago; default: 24h" },
  to: { type: "string", value: "time", summary: "and before then; default: now" },
  only: { type: "string", value: "name,...", summary: "where alone they go; default: the --destination" },
  rate: { type: "string", value: "n", summary: "events a second" },
  window: { type: "string", value: "HH:MM-HH:MM", summary: "hours in which it may run, UTC" },
  days: { type: "string", value: "mon,tue", summary: "days of the window" },
  force: { type: "boolean", summary: "over newer states too; needs an approver" },
  reason: { type: "string", value: "text", summary: "kept with the action" },
  "no-follow": { type: "boolean", summary: "do not wait for the end" },
} as const;

type Replaying = Call<typeof OPTIONS>;

const WITH_ID = ["approve", "cancel"];

export const replay = command({
  name: "replay",
  summary: "puts stored events in again, with a plan first and a progress bar",
  about: "plan stores nothing. Ctrl-C while it is followed only ends the following: `signalbox replay cancel <id>` ends the replay.",
  arguments: [
    {
      name: "action",
      summary: "plan, start; approve and cancel one; status of one, or of all",
      choices: ["plan", "start", "approve", "cancel", "status"],
    },
    { name: "id", summary: "of the replay (approve, cancel, status)", optional: true },
  ],
  options: OPTIONS,
  examples: [
    "signalbox replay plan --source stripe --destination crm --from 2d",
    "signalbox replay start --source stripe --destination crm --rate 20 --reason 'CRM lost a day'",
    "signalbox replay cancel rpl_01J...",
  ],
  run: async (call) => {
    const [action = "", id] = call.args;
    if (WITH_ID.includes(action) && id === undefined) throw new Stop(EXIT.usage, `Which one? npx signalbox replay ${action} <id>`);
    const router = await call.api(action === "approve" ? "approver" : action === "status" ? "viewer" : "operator");
    if (action === "status" && id === undefined) return list(call, router);
    const asked = await ask(call, router, { action, id: id ?? "" });
    if (asked.id === null || call.json) {
      call.show(asked, () => planned(asked));
      return EXIT.ok;
    }
    if (action === "start") call.world.out(planned(asked));
    return follow(call, router, asked);
  },
});

function ask(
  { options, world }: Replaying,
  router: Api,
  { action, id }: { readonly action: string; readonly id: string },
): Promise<Replay> {
  const input = { params: { id }, body: { reason: options.reason ?? `${action} from the command line` } };
  if (action === "approve") return router.call("approveReplay", input);
  if (action === "cancel") return router.call("cancelReplay", input);
  if (action === "status") return router.call("getReplay", { params: { id } });
  return router.call("createReplay", { body: { ...requestOf(options, world.now()), ...input.body, dryRun: action === "plan" } });
}

async function list({ show }: Replaying, router: Api): Promise<Exit> {
  const { items } = await router.call("listReplays", {});
  show({ items }, () =>
    items.length === 0
      ? "No replays."
      : items.map((item) => `${item.id}  ${progressLine(item)}  ${item.askedBy}: ${item.reason}`).join("\n"),
  );
  return EXIT.ok;
}

function requestOf(options: Replaying["options"], nowMs: number): Omit<Body<"createReplay">, "reason"> {
  const { source, type, status, class: failure, destination, entity, only, rate, window, days } = options;
  const moment = (name: "from" | "to", otherwise: string): string =>
    new Date(timeOf(name, options[name] ?? otherwise, nowMs)).toISOString();
  const [from = "", to = ""] = window?.split("-") ?? [];
  // Words of closed lists are checked by the API, which names them all in its answer.
  return {
    query: { source, type, status, class: failure, destination, entity, from: moment("from", "24h"), to: moment("to", "0s") },
    destinations: only?.split(","),
    ratePerSecond: wholeNumber("rate", rate, 1),
    window: window === undefined ? undefined : { from, to, days: days?.split(",") },
    force: options.force === true,
  } as Omit<Body<"createReplay">, "reason">;
}

const counts = (of: Readonly<Record<string, number>>): string =>
  Object.entries(of)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ") || "none";

function planned({ plan, ratePerSecond }: Replay): string {
  const { movedOn, estimatedSeconds, estimatedEnd } = plan;
  return [
    `events      ${plan.events}, of which ${plan.replayable} can be put in, of ${plan.entities} entities`,
    `status      ${counts(plan.byStatus)}`,
    `source      ${counts(plan.bySource)}`,
    `kind        ${counts(plan.byKind)}`,
    ...plan.notReplayable.map(({ why, events }) => `left out    ${events}: ${why}`),
    `superseded  ${movedOn.events} by newer states${movedOn.complete ? "" : ` (among the ${movedOn.entitiesAsked} entities asked)`}`,
    ...plan.sample.map(
      ({ entity, events, refused }) => `  ${entity}  ${counted(events, "event")}${refused === 0 ? "" : `, ${refused} superseded`}`,
    ),
    `takes       ${estimatedSeconds} s at ${ratePerSecond} a second${estimatedEnd === null ? "" : `; begun now, until ${estimatedEnd}`}`,
    ...(plan.needsApproval ? ["approval    needed, by another person"] : []),
  ].join("\n");
}

export function progressLine({ state, progress }: Pick<Replay, "state" | "progress">): string {
  if (progress === null) return `${state}, not begun`;
  const { done, refused, failed, total, etaSeconds, waitsUntil } = progress;
  const share = total === 0 ? 1 : Math.min(1, (done + refused + failed) / total);
  const eta =
    waitsUntil !== null ? `waits until ${waitsUntil}` : etaSeconds === null || state !== "running" ? state : `${etaSeconds} s left`;
  return `${bar(share)}  ${done}/${total} put in, ${refused} refused, ${failed} failed, ${eta}`;
}

/** Shows a replay until it is through, waits for a person or a window, or nobody looks any more. */
async function follow({ options, world }: Replaying, router: Api, first: Replay): Promise<Exit> {
  const id = first.id ?? "";
  const progress = new Progress(world);
  let replayed = first;
  for (;;) {
    progress.show(progressLine(replayed));
    const goesOn = ["planned", "running"].includes(replayed.state) && replayed.progress?.waitsUntil == null;
    if (!goesOn || options["no-follow"] === true || world.ended.aborted) break;
    await world.sleep(500);
    replayed = await router.call("getReplay", { params: { id } });
  }
  progress.end();
  for (const { why, events, example } of replayed.progress?.problems ?? []) world.out(`  ${events}: ${why} (such as ${example})`);
  world.out(`${id}: ${replayed.state}; next: ${replayed.nextStep}`);
  if (world.ended.aborted && replayed.state === "running") world.out(`It still runs. To end it: npx signalbox replay cancel ${id}`);
  return (replayed.progress?.failed ?? 0) > 0 ? EXIT.found : EXIT.ok;
}
