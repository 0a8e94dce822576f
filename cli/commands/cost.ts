import { timeOf, wholeNumber } from "../arguments.ts";
import type { Api } from "../api.ts";
import { API_OPTIONS, command } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { PER_EVENT, PER_RETRY, PLAN_USD, PRICES, PRICES_READ_ON, monthlyBill, type Priced, type Quantities } from "../prices.ts";
import { Progress } from "../progress.ts";
import { table } from "../table.ts";

const MONTH_DAYS = 30;
const DAY_MS = 86_400_000;

interface Counted {
  readonly events: number;
  readonly retries: number;
  /** Of the stretch that was counted to its end. */
  readonly days: number;
}

export const cost = command({
  name: "cost",
  summary: "this month's bill at list prices, estimated from counted events",
  about: `Counts the events and attempts that the index lists for a stretch of time, and carries them forward to ${MONTH_DAYS} days with the billed
operations of one event as the benchmark counted them. Not in it: storage, destinations' fees, logs, negotiated prices, the ops API itself.`,
  arguments: [],
  options: {
    ...API_OPTIONS,
    from: { type: "string", value: "time", summary: "count from then on: ISO 8601, or 6h or 2d ago; default: 1d" },
    to: { type: "string", value: "time", summary: "and before then; default: now" },
    most: { type: "string", value: "n", summary: "count at most the newest n, and take the time they span; default 20000" },
    events: { type: "string", value: "n", summary: "do not ask a router: n events a month" },
  },
  examples: ["signalbox cost", "signalbox cost --from 7d --json", "signalbox cost --events 5000000"],
  run: async ({ options, api, show, world }) => {
    const asked = wholeNumber("events", options.events);
    const fromMs = timeOf("from", options.from ?? "1d", world.now());
    const toMs = timeOf("to", options.to ?? "0s", world.now());
    if (fromMs >= toMs) throw new Stop(EXIT.usage, "--from must be before --to");
    const most = wholeNumber("most", options.most, 1) ?? 20_000;
    const counted =
      asked === undefined
        ? await count(await api("viewer"), { fromMs, toMs, most, progress: new Progress(world) })
        : { events: asked, retries: 0, days: MONTH_DAYS };
    const estimate = estimated(counted);
    show(estimate, () => report(estimate));
    return EXIT.ok;
  },
});

interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly most: number;
  readonly progress: Progress;
}

async function count(router: Api, { fromMs, toMs, most, progress }: Stretch): Promise<Counted> {
  let [events, retries, oldestMs] = [0, 0, fromMs];
  const query = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
  for await (const event of router.all("listEvents", query)) {
    events += 1;
    retries += event.destinations.reduce((sum, { attempts }) => sum + Math.max(0, attempts.length - 1), 0);
    if (events % 1_000 === 0) progress.show(`${events} events counted`);
    if (events < most) continue;
    // Newest first: those counted reach back to this one.
    oldestMs = Date.parse(event.receivedAt);
    break;
  }
  progress.end();
  return { events, retries, days: Math.max(1, toMs - oldestMs) / DAY_MS };
}

interface Estimate {
  readonly counted: Counted;
  readonly month: { readonly events: number; readonly retries: number };
  readonly quantities: Quantities;
  readonly partsUsd: Readonly<Record<Priced, number>>;
  readonly planUsd: number;
  readonly totalUsd: number;
  readonly pricesReadOn: string;
}

export function estimated(counted: Counted): Estimate {
  const factor = MONTH_DAYS / counted.days;
  const month = { events: Math.round(counted.events * factor), retries: Math.round(counted.retries * factor) };
  const quantities = Object.fromEntries(
    Object.keys(PRICES).map((name) => [name, month.events * PER_EVENT[name as Priced] + month.retries * (PER_RETRY[name as Priced] ?? 0)]),
  ) as Record<Priced, number>;
  const { totalUsd, parts } = monthlyBill(quantities);
  return { counted, month, quantities, partsUsd: parts, planUsd: PLAN_USD, totalUsd, pricesReadOn: PRICES_READ_ON };
}

const usd = (amount: number): string => `$${amount.toFixed(2)}`;
const whole = (amount: number): string => Math.round(amount).toLocaleString("en-US");

function report({ counted, month, quantities, partsUsd, planUsd, totalUsd, pricesReadOn }: Estimate): string {
  const rows = Object.entries(PRICES)
    .filter(([name]) => quantities[name as Priced] > 0)
    .map(([name, { of }]) => [of, whole(quantities[name as Priced]), usd(partsUsd[name as Priced])]);
  return [
    `${whole(counted.events)} events and ${whole(counted.retries)} retries in ${counted.days.toFixed(counted.days < 1 ? 3 : 1)} days: ${whole(month.events)} events a month`,
    "",
    table(["a month", "quantity", "beyond what is included"], [...rows, ["the plan", "", usd(planUsd)], ["all", "", usd(totalUsd)]]),
    "",
    `List prices as read on ${pricesReadOn}; check them before you quote a figure.`,
  ].join("\n");
}
