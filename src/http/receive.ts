import type { RejectionReason } from "../domain/failure.ts";
import { LIMITS } from "../domain/limits.ts";
import type { Result } from "../domain/result.ts";
import type { Arrival, Ingested, LiveSource, Proven } from "../pipeline/ingest/ports.ts";
import type { Handshake, StatusPolicy } from "../sources/define.ts";
import type { ClientCertificate, LiveSecret } from "../verification/define.ts";
import { accepted, refusal } from "./answers.ts";
import { answerProbe, answerProven, type Answered } from "./handshakes.ts";
import { problem } from "./problem.ts";
import { inflate, isPlain, readBody } from "./request-body.ts";

/** The secrets of one account; `known` is false for one that is not there, whose secrets then match nothing. */
export interface Account {
  readonly known: boolean;
  readonly secrets: readonly LiveSecret[];
}

export type Admission = { readonly admitted: true } | { readonly admitted: false; readonly retryAfterSeconds: number };

export interface ReceivePorts {
  readonly source: (name: string) => Result<LiveSource, "unknown" | "misconfigured">;
  readonly account: (source: string, account: string, nowMs: number) => Promise<Account>;
  /** Takes the secret that a sender brings for an account whose registration an operator has opened. */
  readonly register: (source: string, account: string, secret: string) => Promise<boolean>;
  /** Whether this source may send another request now. */
  readonly admits: (source: LiveSource) => Promise<Admission>;
  readonly prove: (arrival: Arrival) => Promise<Ingested | { readonly kind: "proven"; readonly proof: Proven }>;
  readonly takeIn: (arrival: Arrival, proof: Proven) => Promise<Ingested>;
  /** Counts a request that was not let in. `source` is null when it names none of ours. */
  readonly rejected: (source: string | null, reason: RejectionReason, note: string) => void;
  /** Counts a handshake, answered or refused. */
  readonly shook: (source: string, handshake: Handshake["kind"], note: string) => void;
  /** Whether a value is one of these secrets; as slow whatever it is. */
  readonly isSecret: (value: string, secrets: readonly LiveSecret[]) => Promise<boolean>;
  readonly sign: (text: string, secret: string) => Promise<string>;
  readonly clientCertificate: (request: Request) => ClientCertificate | null;
  readonly clock: () => number;
}

/** One request on its way in. */
interface Visit {
  readonly request: Request;
  readonly source: LiveSource;
  readonly account: string | null;
  readonly ports: ReceivePorts;
  readonly receivedAtMs: number;
  readonly refuse: (reason: RejectionReason, note?: string, retryAfterSeconds?: number) => Response;
}

/** Answers `/in/{source}` and `/in/{source}/{account}`: the outward half of ingest. Stores first, then says so, in the form this sender needs. */
export async function receive(
  request: Request,
  to: { readonly source: string; readonly account: string | null },
  ports: ReceivePorts,
): Promise<Response> {
  const receivedAtMs = ports.clock();
  const found = ports.source(to.source);
  if ((!found.ok && found.failure === "unknown") || (found.ok && to.account !== null && found.value.config.accounts === undefined)) {
    ports.rejected(null, "unknown_source", "");
    return problem("not_found");
  }
  if (!found.ok) {
    ports.rejected(to.source, "misconfigured", "a setting or secret of this source is missing; see /healthz");
    return problem("cannot_store", { headers: { "retry-after": "30" } });
  }
  const policy: StatusPolicy = found.value.definition.statusPolicy;
  const refuse: Visit["refuse"] = (reason, note = "", retryAfterSeconds) => {
    ports.rejected(to.source, reason, note);
    return refusal(reason, policy, retryAfterSeconds);
  };
  return visit({ request, source: found.value, account: to.account, ports, receivedAtMs, refuse });
}

async function visit(on: Visit): Promise<Response> {
  const { request, source, ports, refuse } = on;
  const [admitted, held] = await Promise.all([ports.admits(source), accountOf(on)]);
  if (!admitted.admitted) return refuse("rate_limited", "", admitted.retryAfterSeconds);
  if (held === null) return refuse("cannot_store", "the account's secrets cannot be read now");
  const handshakes = source.definition.handshakes?.(source.settings) ?? [];
  const probed = handshakes.length === 0 ? null : await shakeHands(on, handshakes, held.secrets);
  if (probed !== null) return probed;
  if (request.method !== "POST") return refuse("method_not_allowed", request.method);
  const encoding = request.headers.get("content-encoding");
  const limitBytes = source.config.maxBodyBytes ?? LIMITS.bodyBytes;
  const body = await readBody(request, limitBytes);
  if (body === null) return refuse("body_too_large");
  const plain = isPlain(encoding) ? body : await inflate(body, encoding ?? "", limitBytes);
  if (plain === "unsupported") return refuse("unsupported_encoding", encoding ?? "");
  if (plain === "too_large") return refuse("body_too_large", "inflated");
  const arrival = arrivalOf(on, held.secrets, plain === body ? { body } : { body: plain, compressed: body });
  if (held.known) return ingest(on, arrival, handshakes);
  // The same work as for one that is there, and the same answer.
  await ports.prove(arrival);
  return refuse("unknown_account");
}

async function ingest(on: Visit, arrival: Arrival, handshakes: readonly Handshake[]): Promise<Response> {
  const { ports, refuse, source } = on;
  const proven = await ports.prove(arrival);
  if (proven.kind !== "proven") return answer(on, proven);
  if (handshakes.length > 0 && proven.proof.quarantine === undefined) {
    const secret = arrival.secrets.find(({ id }) => id === proven.proof.secretId)?.value ?? "";
    const body = proven.proof.payload ?? arrival.body;
    const shaken = answered(
      on,
      await answerProven(handshakes, { headers: arrival.headers, body, sign: (text) => ports.sign(text, secret) }),
    );
    if (shaken !== null) return shaken;
  }
  const taken = await ports.takeIn(arrival, proven.proof);
  if (taken.kind === "stored") return accepted(taken, source.definition.statusPolicy);
  return taken.kind === "rejected" ? refuse(taken.reason) : refuse("cannot_store", taken.detail);
}

function answer({ refuse, source }: Visit, ingested: Ingested): Response {
  switch (ingested.kind) {
    case "rejected":
      return refuse(ingested.reason);
    case "notStored":
      return refuse("cannot_store", ingested.detail);
    case "stored":
      return accepted(ingested, source.definition.statusPolicy);
  }
}

/** The source's own secrets, or the account's; null if those cannot be had now. */
async function accountOf({ source, account, ports, receivedAtMs }: Visit): Promise<Account | null> {
  if (account === null) return { known: true, secrets: source.secrets(receivedAtMs) };
  try {
    return await ports.account(source.name, account, receivedAtMs);
  } catch {
    return null;
  }
}

async function shakeHands(on: Visit, handshakes: readonly Handshake[], secrets: readonly LiveSecret[]): Promise<Response | null> {
  const { request, source, account, ports } = on;
  const asked = {
    method: request.method,
    url: new URL(request.url),
    headers: request.headers,
    proves: async () => {
      const proven = await ports.prove(arrivalOf(on, secrets, { body: new Uint8Array() }));
      // What a source keeps in quarantine has proven nothing.
      return proven.kind === "proven" && proven.proof.quarantine === undefined;
    },
    isSecret: (value: string) => ports.isSecret(value, secrets),
    register: (secret: string) => (account === null ? Promise.resolve(false) : ports.register(source.name, account, secret)),
  };
  return answered(on, await answerProbe(handshakes, asked));
}

/** A handshake is never an event, and always on record. */
function answered({ source, ports, refuse }: Visit, shaken: Answered): Response | null {
  if (shaken === null) return null;
  if (!shaken.answer.ok) return refuse("handshake_refused", `${shaken.handshake}: ${shaken.answer.failure}`);
  ports.shook(source.name, shaken.handshake, "");
  return shaken.answer.value;
}

function arrivalOf(on: Visit, secrets: readonly LiveSecret[], bytes: Pick<Arrival, "body" | "compressed">): Arrival {
  const { request, source, account, ports, receivedAtMs } = on;
  return {
    source,
    account,
    secrets,
    method: request.method,
    ...bytes,
    headers: request.headers,
    url: publicUrl(request.url, source.config.publicOrigin),
    clientCertificate: ports.clientCertificate(request),
    receivedAtMs,
  };
}

/** The URL as the sender knows it, which some signatures cover. */
function publicUrl(url: string, origin: string | undefined): URL {
  const arrived = new URL(url);
  return origin === undefined ? arrived : new URL(`${arrived.pathname}${arrived.search}`, origin);
}
