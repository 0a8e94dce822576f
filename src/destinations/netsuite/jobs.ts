import { isJsonObject, parseJson, readPath } from "../../domain/json.ts";
import type { Delivery, Failed, Outcome, RequestSpec, ResponseSeen, Session } from "../define.ts";
import type { Settings } from "./settings.ts";

/** Asked again after this, when the job has not ended. */
const JOB_WAIT_MS = 5_000;
const JOB_PATH = /^\/services\/rest\/async\/v1\/job\/\d+$/;

export interface JobReaders {
  /** Of the result of a job, when it is a success. */
  readonly result: (response: ResponseSeen) => Outcome;
  readonly failure: (response: ResponseSeen) => Failed | "duplicate";
}

/**
 * Sends a request as a job of NetSuite's. The idempotency key is the effect's own, so that a repetition is answered with the
 * first job (`IDEMPOTENCY_ERROR`), which is followed. A key whose job failed never works again; then a key of this attempt does.
 */
export async function sendAsJob(
  request: RequestSpec,
  delivery: Delivery,
  session: Session<Settings>,
  readers: JobReaders,
): Promise<Outcome> {
  const first = await sendOnce(request, delivery.idempotencyKey, session, readers);
  if (first.outcome.kind !== "failed" || first.outcome.class === "ambiguous" || !first.repeated) return first.outcome;
  return (await sendOnce(request, `${delivery.idempotencyKey}.${delivery.attempt}`, session, readers)).outcome;
}

interface Sent {
  readonly outcome: Outcome;
  /** Whether the job is that of an earlier request. */
  readonly repeated: boolean;
}

async function sendOnce(request: RequestSpec, key: string, session: Session<Settings>, readers: JobReaders): Promise<Sent> {
  const headers = { ...request.headers, prefer: "respond-async", "x-netsuite-idempotency-key": await uuidOf(key) };
  const answer = await session.send({ ...request, headers });
  if (!answer.ok) return { outcome: answer.failure, repeated: false };
  const { status } = answer.value;
  if (status === 202) return { outcome: await follow(answer.value, session, readers), repeated: false };
  // The server chose not to make a job of it (RFC 7240 section 4.1).
  if (status >= 200 && status <= 299) return { outcome: readers.result(answer.value), repeated: false };
  const failure = readers.failure(answer.value);
  if (failure !== "duplicate") return { outcome: failure, repeated: false };
  const outcome = await follow(answer.value, session, readers);
  return { outcome: outcome.kind === "applied" ? { ...outcome, duplicate: true } : outcome, repeated: true };
}

/** Asks for the job that `Location` names, and for its result when it has ended. Until then it is not known what became of it. */
async function follow(response: ResponseSeen, session: Session<Settings>, readers: JobReaders): Promise<Outcome> {
  const job = URL.parse(response.headers.get("location") ?? "", session.baseUrl);
  if (job === null || !JOB_PATH.test(job.pathname)) return unknown("the answer names no job");
  const state = await session.send(reading(job.origin + job.pathname));
  if (!state.ok || state.value.status !== 200) return unknown("the job could not be asked for");
  const parsed = parseJson(state.value.body);
  if (!parsed.ok || !isJsonObject(parsed.value) || readPath(parsed.value, "completed") !== true) return unknown("the job has not ended");
  // A single request is one task.
  const result = await session.send(reading(`${job.origin}${job.pathname}/task/1/result`));
  if (!result.ok) return unknown("the job's result could not be asked for");
  if (result.value.status >= 200 && result.value.status <= 299) return readers.result(result.value);
  const failure = readers.failure(result.value);
  return failure === "duplicate" ? unknown("the job was a repetition") : failure;
}

const reading = (url: string): RequestSpec => ({ method: "GET", url, headers: { accept: "application/json", "user-agent": "signalbox" } });

const unknown = (detail: string): Failed => ({ kind: "failed", class: "ambiguous", detail, retryAfterMs: JOB_WAIT_MS });

/** A name-based UUID (RFC 9562 version 8) of our key, as NetSuite asks for. */
async function uuidOf(key: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key)));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20, 32)].join("-");
}
