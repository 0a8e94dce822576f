import type { SlaFacts } from "../domain/slas/spans.ts";
import { FAILED_STATUSES } from "../domain/slas/spans.ts";
import { LAG_CLASSES } from "../domain/slas/standing.ts";

/**
 * How facts become spans and counts, in one transaction with the index's own rows and before them: `events` still tells
 * what was known. Nothing is scanned: spans are read by key, and a part of a window is one row. What is counted of a span
 * is stored with it, so that a later word takes exactly that back. Facts that are known already change nothing.
 */
interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export const LAGS = [...LAG_CLASSES, Number.POSITIVE_INFINITY].map((_, index) => `lag${index}`);

const least = (name: string): string => `min(coalesce(o.${name}, f.${name}), coalesce(f.${name}, o.${name})) AS ${name}`;
const most = (name: string): string => `max(coalesce(o.${name}, f.${name}), coalesce(f.${name}, o.${name})) AS ${name}`;

const FACT_COLUMNS = {
  sla: "sla",
  subject: "subject",
  per_event: "perEvent",
  bucket_ms: "bucketMs",
  kind: "kind",
  entity_key: "entityKey",
  event_id: "eventId",
  first_ms: "firstMs",
  first_due_ms: "firstDueMs",
  last_ms: "lastMs",
  last_due_ms: "lastDueMs",
  withdrawn_ms: "withdrawnMs",
  end_ms: "endMs",
};

/**
 * `judged`: every span of the facts as it is now. It begins with its first word; if that was taken back before it ended
 * and it was begun again, with its last. Taken back in time, it is not counted; taken back too late, it was late.
 * `lag_class` is null of a span that has not ended, or whose end no longer counts.
 */
const JUDGED = `
fact AS (SELECT ${Object.entries(FACT_COLUMNS)
  .map(([column, name]) => `value->>'${name}' AS ${column}`)
  .join(", ")} FROM json_each(?1)),
joined AS (SELECT f.sla, f.subject, f.per_event, f.bucket_ms, f.kind, f.entity_key, o.sla IS NULL AS is_new,
  iif(o.first_ms <= f.first_ms OR f.first_ms IS NULL, coalesce(o.event_id, f.event_id), f.event_id) AS event_id,
  ${least("first_ms")}, ${least("first_due_ms")}, ${most("last_ms")}, ${most("last_due_ms")}, ${most("withdrawn_ms")}, ${least("end_ms")}
  FROM fact f LEFT JOIN sla_spans o ON o.sla = f.sla AND o.subject = f.subject
  WHERE NOT (f.per_event AND o.sla IS NULL AND EXISTS (SELECT 1 FROM events e WHERE e.id = f.subject AND e.rev > 0))),
began AS (SELECT *, CASE WHEN first_ms IS NULL THEN 'not'
    WHEN withdrawn_ms IS NULL OR withdrawn_ms < first_ms OR end_ms <= withdrawn_ms THEN 'first'
    WHEN withdrawn_ms <= last_ms THEN 'again' ELSE 'taken back' END AS how FROM joined),
timed AS (SELECT *, iif(how = 'again', last_ms, first_ms) AS start_ms, iif(how = 'again', last_due_ms, first_due_ms) AS due_ms FROM began),
judged AS (SELECT *, CASE WHEN how = 'not' THEN 'unbegun'
    WHEN how = 'taken back' THEN iif(withdrawn_ms > due_ms, 'late', 'withdrawn')
    WHEN end_ms IS NOT NULL THEN iif(end_ms <= due_ms, 'met', 'late')
    WHEN due_ms < ?2 THEN 'late' ELSE 'open' END AS verdict,
  iif(how IN ('first', 'again') AND end_ms IS NOT NULL, CASE ${LAG_CLASSES.map(
    (upTo, index) => `WHEN max(end_ms - start_ms, 0) <= ${upTo} * (due_ms - start_ms) THEN ${index}`,
  ).join(" ")} ELSE ${LAG_CLASSES.length} END, NULL) AS lag_class FROM timed),
decided AS (SELECT *, CASE verdict WHEN 'met' THEN max(end_ms, start_ms) WHEN 'late' THEN due_ms END AS decided_ms FROM judged)`;

const ADDED = ["good", "bad", ...LAGS].map((name) => `${name} = ${name} + excluded.${name}`).join(", ");
const changedBy = (sign: string, condition: string): string => `sum(${sign} * coalesce(${condition}, 0))`;

const countsOf = (from: string): string => `
INSERT INTO sla_counts (sla, at_ms, good, bad, ${LAGS.join(", ")})
SELECT sla, decided_ms - decided_ms % bucket_ms AS at_ms, ${changedBy("sign", "verdict = 'met'")} AS good, ${changedBy("sign", "verdict = 'late'")} AS bad,
  ${LAGS.map((name, index) => `${changedBy("sign", `lag_class = ${index}`)} AS ${name}`).join(", ")}
FROM (${from}) WHERE verdict IN ('met', 'late') GROUP BY 1, 2 HAVING ${["good", "bad", ...LAGS].map((name) => `${name} <> 0`).join(" OR ")}
ON CONFLICT (sla, at_ms) DO UPDATE SET ${ADDED}`;

const COUNT_SPANS = `WITH ${JUDGED} ${countsOf(`
  SELECT s.sla, f.bucket_ms, s.verdict, s.decided_ms, s.lag_class, -1 AS sign FROM fact f JOIN sla_spans s ON s.sla = f.sla AND s.subject = f.subject
  UNION ALL SELECT sla, bucket_ms, verdict, decided_ms, lag_class, 1 FROM decided`)}`;

const KEPT = [
  "kind",
  "entity_key",
  "event_id",
  "first_ms",
  "first_due_ms",
  "last_ms",
  "last_due_ms",
  "withdrawn_ms",
  "end_ms",
  "due_ms",
  "verdict",
  "decided_ms",
  "lag_class",
];
const TOLD = ["first_ms", "last_ms", "withdrawn_ms", "end_ms", "verdict"];

/** Events that are a span each and are over at once need no row: the index knows them. */
const UPSERT_SPANS = `WITH ${JUDGED}
INSERT INTO sla_spans (sla, subject, ${KEPT.join(", ")}) SELECT sla, subject, ${KEPT.join(", ")} FROM decided
WHERE NOT (per_event AND is_new AND verdict IN ('met', 'withdrawn'))
ON CONFLICT (sla, subject) DO UPDATE SET ${KEPT.map((name) => `${name} = excluded.${name}`).join(", ")}
WHERE ${TOLD.map((name) => `excluded.${name} IS NOT sla_spans.${name}`).join(" OR ")}`;

/** A status that was failed before is taken back when the event's newer report says otherwise. */
const COUNT_RATES = `WITH
fact AS (SELECT value->>'sla' AS sla, value->>'eventId' AS id, value->>'rev' AS rev, value->>'bucketMs' AS at_ms, value->>'bad' AS bad,
  value->>'byStatus' AS by_status FROM json_each(?1)),
change AS (SELECT f.sla, f.at_ms, e.id IS NULL AS more,
  f.bad - CASE WHEN e.id IS NULL THEN 0 WHEN f.by_status THEN e.status IN (${FAILED_STATUSES.map((status) => `'${status}'`).join(", ")}) ELSE f.bad END AS worse
  FROM fact f LEFT JOIN events e ON e.id = f.id AND e.rev > 0 WHERE e.id IS NULL OR f.rev > e.rev)
INSERT INTO sla_counts (sla, at_ms, good, bad, ${LAGS.join(", ")})
SELECT sla, at_ms, sum(more - worse) AS good, sum(worse) AS bad, ${LAGS.map(() => "0").join(", ")} FROM change
WHERE ?2 IS NOT NULL GROUP BY 1, 2 HAVING good <> 0 OR bad <> 0
ON CONFLICT (sla, at_ms) DO UPDATE SET ${ADDED}`;

/** What a batch's facts change: none for no facts. Facts of one span are one. */
export function slaStatements({ spans, rates }: SlaFacts, nowMs: number): readonly Statement[] {
  return [
    ...(spans.length === 0 ? [] : [COUNT_SPANS, UPSERT_SPANS].map((sql) => ({ sql, parameters: [JSON.stringify(spans), nowMs] }))),
    ...(rates.length === 0 ? [] : [{ sql: COUNT_RATES, parameters: [JSON.stringify(rates), nowMs] }]),
  ];
}

/** A declared SLA as it is counted. */
export interface Counted {
  readonly sla: string;
  readonly windowMs: number;
  readonly bucketMs: number;
}

const DUE = `SELECT sla, subject, due_ms, value->>'bucketMs' AS bucket_ms FROM json_each(?1) n
  JOIN sla_spans ON sla = n.value->>'sla' AND verdict = 'open' AND due_ms < ?2`;

/** Spans whose time has passed become late: only those are read, by their index. */
export function turnStatements(slas: readonly Pick<Counted, "sla" | "bucketMs">[], nowMs: number): readonly Statement[] {
  const parameters = [JSON.stringify(slas), nowMs];
  return [
    {
      sql: countsOf(`SELECT sla, bucket_ms, 'late' AS verdict, due_ms AS decided_ms, NULL AS lag_class, 1 AS sign FROM (${DUE})`),
      parameters,
    },
    {
      sql: `UPDATE sla_spans SET verdict = 'late', decided_ms = due_ms WHERE verdict = 'open' AND due_ms < ?2
        AND sla IN (SELECT value->>'sla' FROM json_each(?1))`,
      parameters,
    },
  ];
}
