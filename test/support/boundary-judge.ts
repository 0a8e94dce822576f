import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { EventOutcome } from "../../src/domain/outcome.ts";
import type { BreachKind } from "../simulator/breach.ts";
import { RECORDS, type Accepted, type BoundaryRun } from "./boundary-run.ts";
import type { Effect } from "./struck-destinations.ts";

/** One broken promise: of the four of the simulator, or that history is whole. */
export interface BoundaryBreach {
  readonly kind: BreachKind | "brokenHistory";
  readonly what: string;
}

const FINAL: ReadonlySet<string> = new Set(["delivered", "superseded", "ignored", "dead", "cancelled"]);

interface IndexRow {
  readonly id: string;
  readonly rev: number;
  readonly status: string;
  readonly original: string | null;
  readonly letters: number;
}

/** What one record came to, as seen from everywhere. */
interface Seen {
  readonly entity: string;
  readonly to: readonly string[];
  readonly accepted: readonly Accepted[];
  readonly rows: ReadonlyMap<string, IndexRow>;
  readonly ledger: ReadonlyMap<string, EventOutcome>;
  readonly effects: readonly Effect[];
}

/** Everything that the run broke, once nothing is left to do; `quiet` tells whether that came about. */
export async function judge(run: BoundaryRun, effects: readonly Effect[], quiet: boolean): Promise<readonly BoundaryBreach[]> {
  const breaches: BoundaryBreach[] = quiet ? [] : [{ kind: "stuck", what: "something is due for ever" }];
  for (const [record, { to }] of RECORDS.entries()) {
    const entity = run.entityOf(record);
    const seen: Seen = {
      entity,
      to,
      accepted: run.accepted.filter((each) => each.entity === entity),
      rows: await rowsOf(entity),
      ledger: await ledgerOf(run, record),
      effects: effects.filter((effect) => effect.entity === entity),
    };
    breaches.push(...lost(seen), ...newestMissing(seen), ...duplicates(seen), ...backwards(seen), ...(await stuck(run, record)));
    const whole = await run.object(record).verify();
    if (!whole.intact) breaches.push({ kind: "brokenHistory", what: `${entity}: ${JSON.stringify(whole)}` });
  }
  return breaches;
}

async function rowsOf(entity: string): Promise<ReadonlyMap<string, IndexRow>> {
  const query = `SELECT id, rev, status, detail->>'of' AS original,
    (SELECT count(*) FROM dead_letters AS letter WHERE letter.event_id = events.id AND letter.status = 'open') AS letters
    FROM events WHERE kind = ? AND entity_key = ?`;
  const { results } = await env.DB.prepare(query)
    .bind(...entity.split("/"))
    .all<IndexRow & Record<string, unknown>>();
  return new Map(results.map((row) => [row.id, row]));
}

/** What the object's ledger holds of each event. */
const ledgerOf = (run: BoundaryRun, record: number): Promise<ReadonlyMap<string, EventOutcome>> =>
  runInDurableObject(run.object(record), (_instance, { storage }) => {
    if (storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'entries'").toArray().length === 0) return new Map();
    const rows = storage.sql.exec<{ outcome: string }>("SELECT outcome FROM entries WHERE outcome IS NOT NULL").toArray();
    const outcomes = rows.map(({ outcome }) => JSON.parse(outcome) as EventOutcome);
    return new Map(outcomes.map((outcome) => [outcome.eventId, outcome]));
  });

/** Every accepted id has come to an end that index and ledger agree on; a dead one has an open letter; a copy names its first. */
function* lost({ accepted, rows, ledger }: Seen): Generator<BoundaryBreach> {
  for (const { id } of accepted) {
    const row = rows.get(id);
    const outcome = ledger.get(id);
    const say = (what: string): BoundaryBreach => ({ kind: "lost", what: `${id} ${what}` });
    if (row === undefined || !FINAL.has(row.status)) yield say(`is ${row?.status ?? "unknown"} in the index`);
    else if (outcome === undefined && !ledger.has(row.original ?? "")) yield say(`is ${row.status} and its object has no line of it`);
    else if (outcome !== undefined && (outcome.status !== row.status || outcome.rev !== row.rev))
      yield say(`is ${row.status} (${row.rev}) in the index, ${outcome.status} (${outcome.rev}) in its object`);
    else if (row.status === "dead" && row.letters === 0) yield say("is dead without a letter");
  }
}

/** The newest accepted version has reached every destination, unless a dead letter says why not. */
function* newestMissing({ entity, to, accepted, effects, ledger, rows }: Seen): Generator<BoundaryBreach> {
  const newest = Math.max(0, ...accepted.map(({ version }) => version));
  const ids = accepted.filter(({ version }) => version === newest).map(({ id }) => rows.get(id)?.original ?? id);
  for (const destination of newest === 0 ? [] : to) {
    const dead = ids.some((id) => ledger.get(id)?.lanes.some((lane) => lane.destination === destination && lane.status === "dead"));
    const there = effects.some((effect) => effect.destination === destination && effect.version === newest);
    if (!there && !dead) yield { kind: "lost", what: `${destination} never got version ${newest} of ${entity}` };
  }
}

function* duplicates({ entity, effects }: Seen): Generator<BoundaryBreach> {
  const seen = new Set<string>();
  for (const { destination, version } of effects) {
    const effect = `version ${version} of ${entity} in ${destination}`;
    if (seen.has(effect)) yield { kind: "duplicateEffects", what: effect };
    seen.add(effect);
  }
}

function* backwards({ entity, to, effects }: Seen): Generator<BoundaryBreach> {
  for (const destination of to) {
    const versions = effects.filter((effect) => effect.destination === destination).map(({ version }) => version);
    const at = versions.findIndex((version, index) => version < (versions[index - 1] ?? 0));
    if (at !== -1) yield { kind: "orderViolations", what: `${destination} got ${versions.join(", ")} of ${entity}` };
  }
}

/** Only dead letters may be left in an object. */
async function stuck(run: BoundaryRun, record: number): Promise<readonly BoundaryBreach[]> {
  const { work } = await run.object(record).state();
  return work
    .filter(({ status }) => status !== "dead")
    .map(({ eventId, destination, status }) => ({ kind: "stuck", what: `${eventId} is ${status} for ${destination}` }));
}
