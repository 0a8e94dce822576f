import type { Api } from "../api.ts";
import { API_OPTIONS, command, type Call } from "../command.ts";
import { EXIT, Stop, type Exit } from "../exit.ts";
import { counted, table } from "../table.ts";

/** What this command reads of a finding. */
interface Finding {
  readonly id: string;
  readonly reconciliation: string;
  readonly type: string;
  readonly kind: string;
  readonly key: string;
  readonly state: string;
  readonly severity: string | null;
  readonly owner: string | { readonly name: string } | null;
  readonly differences: readonly { readonly field: string; readonly expected: unknown; readonly found: unknown }[];
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string | null;
}

const OPTIONS = {
  ...API_OPTIONS,
  reconciliation: { type: "string", value: "name", summary: "list: only findings of this one" },
  state: { type: "string", value: "state", summary: "list: open (default), repairing, repaired, accepted" },
  reason: { type: "string", value: "text", summary: "kept with the action" },
} as const;

type Drift = Call<typeof OPTIONS>;

export const drift = command({
  name: "drift",
  summary: "where the router and a system disagree; repairs or accepts it",
  arguments: [
    { name: "action", summary: "default: list", optional: true, choices: ["list", "show", "repair", "accept", "runs", "run"] },
    { name: "id", summary: "of the finding; of `run` the reconciliation's name", optional: true },
  ],
  options: OPTIONS,
  examples: ["signalbox drift", "signalbox drift repair drf_01J...", "signalbox drift run erp-orders"],
  run: (call) => {
    const [action = "list", id] = call.args;
    if (action === "list") return list(call);
    if (action === "runs") return runs(call);
    if (id === undefined) throw new Stop(EXIT.usage, `Which one? signalbox drift ${action} <${action === "run" ? "name" : "id"}>`);
    return action === "show" ? showOne(call, id) : act(call, action, id);
  },
});

const ABSENT =
  "This router has no reconciliation in its API yet, or nothing of that name. Deploy a newer one, or look at: signalbox drift list";

const there = <T>(answer: T | null): T => {
  if (answer === null) throw new Stop(EXIT.found, ABSENT);
  return answer;
};

async function findings(router: Api, query: Readonly<Record<string, string | undefined>>): Promise<readonly Finding[]> {
  const all: Finding[] = [];
  for (let cursor: string | undefined; ;) {
    const page = there(await router.later<Page<Finding>>("get", "/drift", { query: { ...query, cursor } }));
    all.push(...page.items);
    if (page.nextCursor === null || page.nextCursor === undefined) return all;
    cursor = page.nextCursor;
  }
}

async function list({ api, options, show }: Drift): Promise<Exit> {
  const found = await findings(await api("viewer"), { reconciliation: options.reconciliation, state: options.state ?? "open" });
  show({ items: found }, () => (found.length === 0 ? "No drift." : findingTable(found)));
  return found.some(({ state }) => state === "open") ? EXIT.found : EXIT.ok;
}

const ownerOf = ({ owner }: Finding): string => (owner === null ? "-" : typeof owner === "string" ? owner : owner.name);

const findingTable = (found: readonly Finding[]): string =>
  table(
    ["id", "record", "type", "differs in", "owner", "since"],
    found.map((finding) => [
      finding.id,
      `${finding.kind}/${finding.key}`,
      finding.type,
      finding.differences.map(({ field }) => field).join(", ") || "-",
      ownerOf(finding),
      finding.firstSeenAt,
    ]),
  );

async function showOne({ api, show }: Drift, id: string): Promise<Exit> {
  const found = (await findings(await api("viewer"), {})).find((finding) => finding.id === id);
  if (found === undefined) throw new Stop(EXIT.found, `There is no finding ${id}.`);
  show(found, () => details(found));
  return found.state === "open" ? EXIT.found : EXIT.ok;
}

const details = (finding: Finding): string =>
  [
    `${finding.id}  ${finding.type}  ${finding.state}  (${finding.reconciliation}, ${ownerOf(finding)})`,
    `${finding.kind}/${finding.key}, seen from ${finding.firstSeenAt} to ${finding.lastSeenAt}`,
    ...(finding.differences.length === 0
      ? []
      : [
          table(
            ["field", "expected", "found"],
            finding.differences.map((each) => [each.field, JSON.stringify(each.expected) ?? "-", JSON.stringify(each.found) ?? "-"]),
          ),
        ]),
  ].join("\n");

async function runs({ api, show }: Drift): Promise<Exit> {
  const page = there(await (await api("viewer")).later<Page<Readonly<Record<string, unknown>>>>("get", "/reconciliations"));
  show(page, () => `${counted(page.items.length, "reconciliation")}\n${page.items.map((item) => JSON.stringify(item)).join("\n")}`);
  return EXIT.ok;
}

async function act({ api, options, show }: Drift, action: string, id: string): Promise<Exit> {
  const router = await api("operator");
  const path = action === "run" ? `/reconciliations/${encodeURIComponent(id)}/run` : `/drift/${encodeURIComponent(id)}/${action}`;
  const answer = there(
    await router.later<Readonly<Record<string, unknown>>>("post", path, {
      body: { reason: options.reason ?? `${action} from the command line` },
    }),
  );
  show(answer, () => `${id}: ${[answer["state"], answer["status"]].find((word) => typeof word === "string") ?? "begun"}`);
  return EXIT.ok;
}
