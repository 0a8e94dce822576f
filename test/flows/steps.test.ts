import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { FlowName } from "../../src/domain/flows/index.ts";
import type { FlowRun } from "../../src/domain/flows/run.ts";
import { FAULTS, type Case } from "./faults.ts";
import { at, post, steer, systems, until, writeOf } from "../support/flow-story.ts";
import type { Post } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(FAULTS)("%s over real queues, D1 and Workflows", (flow, cases) => {
  const rows = cases.map((row, index) => ({ ...row, key: `${flow.slice(0, 1).toUpperCase()}${index}` }));
  const stands = (key: string): Promise<FlowRun> => until(key, ({ state }) => !["running", "compensating"].includes(state), flow);

  it.each(rows)("takes back what its steps did, newest first and each once, when at $step $fault", async (row) => {
    const key = `${row.key}-cut`;
    const { posts, refused } = struck(row, key);
    await tell(row, flow, key);
    expect(await stands(key)).toMatchObject({
      state: row.takesBack === null ? "blocked" : "stopped",
      reason: expect.stringContaining(row.step),
    });
    if (row.takesBack === null) expect((await steer(key, "cancel", "operator", { flow, reason: "it cannot be mended" })).status).toBe(200);
    const run = await until(key, ({ state }) => state === "stopped" || state === "cancelled", flow);
    const expected = row.takesBack ?? row.onCancel ?? [];
    expect(takenBack(run)).toEqual(expected);
    expect(run.steps.filter(({ state }) => state === "compensated").map(({ name }) => name)).toEqual(expected.toReversed());
    expect(repeated(posts, refused, key)).toEqual([]);
  });

  it.each(rows.filter(({ takesBack }) => takesBack === null))(
    "goes on from $step, with nothing twice, once it is mended: $fault",
    async (row) => {
      const key = `${row.key}-mend`;
      const { posts, refused, mend } = struck(row, key);
      await tell(row, flow, key);
      expect(await stands(key)).toMatchObject({ state: "blocked", reason: expect.stringContaining(row.step) });
      mend();
      // What a fact mends goes on by itself.
      if (row.refuses !== undefined) expect((await steer(key, "retry", "operator", { flow, reason: "it is mended" })).status).toBe(200);
      for (const event of row.mend?.(key) ?? []) await heard(event);
      const ends = await until(key, (run) => run.state === "done" || run.steps.at(-1)?.state === "waiting", flow);
      expect(takenBack(ends)).toEqual([]);
      expect(repeated(posts, refused, key)).toEqual([]);
    },
  );
});

/** Tells a story in its order: each word is kept before the next one comes, since of two at once only the newer counts. */
async function tell({ tells, later }: Case, flow: FlowName, key: string): Promise<void> {
  for (const event of tells(key)) await heard(event);
  if (later === undefined) return;
  await until(key, (run) => at(run, later.at) === "waiting", flow);
  for (const event of later.tells(key)) await heard(event);
}

async function heard(event: EntityEvent): Promise<void> {
  await post(event);
  const kept = () => env.DB.prepare("SELECT 1 FROM flow_facts WHERE event_id = ?1").bind(event.id).first();
  await vi.waitUntil(async () => (await kept()) !== null, { timeout: 9_000, interval: 20 });
}

/** The steps as their compensations began, by the run's timeline. */
const takenBack = ({ timeline }: FlowRun): readonly (string | null)[] =>
  timeline.filter(({ what }) => what === "compensates").map(({ step }) => step);

/** What a system took more than once, the records of the run's own state aside. */
function repeated(posts: readonly Post[], refused: ReadonlySet<Post>, key: string): readonly string[] {
  const took = posts
    .filter((each) => !refused.has(each) && `${each.url}${each.body}`.includes(key) && writeOf(each).kind !== "activity")
    .map(described);
  return took.filter((each, index) => took.indexOf(each) < index);
}

const described = (request: Post): string => {
  const { system, kind, key, data } = writeOf(request);
  const words = ["status", "statusRaw", "priority", "serviceLevel"].map((field) => data[field] ?? "");
  return [system, kind, key, ...words].join(" ").trim();
};

interface Struck {
  readonly posts: readonly Post[];
  readonly refused: ReadonlySet<Post>;
  readonly mend: () => void;
}

/** Systems that refuse what the case says, until they are mended. */
function struck(row: Case, key: string): Struck {
  const refused = new Set<Post>();
  let broken = true;
  const posts = systems((request) => {
    const refuses = broken && `${request.url}${request.body}`.includes(key) && row.refuses?.(writeOf(request)) === true;
    if (refuses) refused.add(request);
    return refuses;
  });
  return { posts, refused, mend: () => void (broken = false) };
}
