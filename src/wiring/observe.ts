import { FLUSH_EVERY_MS, MeasureLog } from "../adapters/measures.ts";
import { send } from "../adapters/outbound.ts";
import { sha256Hex } from "../adapters/sha256.ts";
import type { Deployment } from "../deployment.ts";
import type { EventRow } from "../domain/audit-record.ts";
import { troubleLines } from "../domain/signals/log-lines.ts";
import { measuresOf, pointsOf, type Measures } from "../domain/signals/measures.ts";
import { exportRequest, laterSpansOf, spansOf, type Sampling, type Span } from "../domain/signals/spans.ts";

const counted = new MeasureLog();

/** A batch waits no longer than this for the collector of traces. */
const EXPORT_MS = 2_000;
/** A collector that did not answer is left alone this long: it must not slow deliveries. */
const EXPORT_PAUSE_MS = 30_000;
const SAMPLED_PART = 0.1;

let exportsAgainAtMs = 0;

/**
 * Tells of a batch whose rows are in the index: its counts into memory (and into a row once a minute) and, where they are
 * set up, as points to Analytics Engine and as spans to a collector. Never rejects: what cannot be told changes nothing.
 */
export async function observe(env: Env, deployment: Deployment, batch: { rows: readonly EventRow[]; takenAtMs: number }): Promise<void> {
  const measures = measuresOf(batch.rows);
  counted.add(measures);
  writePoints(env, measures);
  writeLines(batch.rows);
  await Promise.all([
    counted.flush(env.DB, Date.now(), FLUSH_EVERY_MS),
    exportSpans(deployment, (sampling) => spansOf(batch.rows, batch.takenAtMs, sampling)),
  ]);
}

/** Tells of what an object did by itself later. Never rejects. */
export async function observeLater(deployment: Deployment, rows: readonly EventRow[]): Promise<void> {
  writeLines(rows);
  await exportSpans(deployment, (sampling) => laterSpansOf(rows, sampling));
}

/** Writes what this isolate has counted now: for the minute's cron, which may share it with a consumer. */
export const flushMeasures = (env: Env): Promise<void> => counted.flush(env.DB, Date.now(), 0);

const writeLines = (rows: readonly EventRow[]): void => {
  for (const line of troubleLines(rows)) console.warn(JSON.stringify(line));
};

interface Dataset {
  readonly writeDataPoint: (point: { indexes: string[]; blobs: string[]; doubles: number[] }) => void;
}

/** To the dataset bound as ANALYTICS, if there is one. It does not wait, and what it does not take is lost. */
function writePoints(env: Env, measures: Measures): void {
  const dataset = (env as unknown as { readonly ANALYTICS?: Dataset }).ANALYTICS;
  if (dataset === undefined) return;
  for (const point of pointsOf(measures)) dataset.writeDataPoint(point);
}

async function exportSpans({ config, settings }: Deployment, spans: (sampling: Sampling) => readonly Span[]): Promise<void> {
  const url = config.traces === undefined ? undefined : settings.read(config.traces.url.env);
  if (config.traces === undefined || url === undefined || Date.now() < exportsAgainAtMs) return;
  const made = spans({ part: config.traces.sample ?? SAMPLED_PART, sha256: sha256Hex });
  if (made.length === 0) return;
  const headers = Object.entries(config.traces.headers ?? {}).map(([name, secret]) => [name, settings.read(secret) ?? ""] as const);
  const resource = { "deployment.environment.name": settings.ENVIRONMENT, "service.version": config.version };
  const body = JSON.stringify(exportRequest(made, resource));
  const sent = await send(
    { method: "POST", url, headers: { ...Object.fromEntries(headers), "content-type": "application/json" }, body },
    EXPORT_MS,
  );
  if (sent.ok && sent.value.status < 300) return;
  exportsAgainAtMs = Date.now() + EXPORT_PAUSE_MS;
  const problem = sent.ok ? `it answered ${sent.value.status}` : sent.failure;
  console.warn(JSON.stringify({ level: "warn", message: "traces were not taken", spans: made.length, problem }));
}
