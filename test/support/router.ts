import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { SignJWT, importJWK, type JWK } from "jose";
import { vi } from "vitest";
import worker from "../../src/index.ts";
import type { Role } from "../../src/domain/roles.ts";
import { withLocalSenders } from "../../src/local-senders.ts";
import { router } from "../../src/router.config.ts";
import { SOURCES } from "../../src/sources/index.ts";
import { sampleRequest, signRequest } from "../../sandbox/sign.ts";

const ORIGIN = "http://router.test";

/** Calls the Worker, with an environment of the test's making if need be. What it leaves running is not waited for. */
export async function call(request: Request, bindings: Env = env): Promise<Response> {
  return worker.fetch(request as Parameters<typeof worker.fetch>[0], bindings, createExecutionContext());
}

/** Every source of the local environment: those of router.config.ts, and one for each other sender. */
export const LOCAL_SOURCES = withLocalSenders(router).sources;

export interface Outgoing {
  readonly body: string | Uint8Array;
  readonly contentType?: string;
  readonly deliveryId?: string;
  readonly nowMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to the source's URL. */
  readonly query?: string;
  /** Another account of the source, and its secret. */
  readonly account?: { readonly name: string; readonly secret: string };
}

const keys = env as unknown as Readonly<Record<string, string>>;
const senderKeys = JSON.parse(env.TEST_SENDER_KEYS) as Readonly<Record<string, string>>;

/** What a source's sender signs with. */
export function senderSecret(source: string): string {
  const name = LOCAL_SOURCES[source]?.secrets[0]?.env ?? "";
  return keys[name] ?? senderKeys[name] ?? "";
}

/** A request of a configured source, signed as its sender would. */
export function signed(source: string, outgoing: Outgoing): Request {
  const config = LOCAL_SOURCES[source];
  const definition = SOURCES[config?.scheme ?? ""];
  if (config === undefined || definition === undefined) throw new Error(`no source ${source}`);
  const headers = { "content-type": outgoing.contentType ?? "application/json", ...outgoing.headers };
  const proof = signRequest({
    verification: definition.verification(definition.settings.parse(config.settings ?? {})),
    secret: outgoing.account?.secret ?? senderSecret(source),
    body: outgoing.body,
    nowMs: outgoing.nowMs ?? Date.now(),
    url: `${ORIGIN}/in/${source}${outgoing.account === undefined ? "" : `/${outgoing.account.name}`}${outgoing.query ?? ""}`,
    headers,
    ...(outgoing.deliveryId === undefined ? {} : { deliveryId: outgoing.deliveryId }),
  });
  return new Request(proof.url, { method: "POST", headers: { ...headers, ...proof.headers }, body: proof.body ?? outgoing.body });
}

export function sample(source: string, name: string): Outgoing {
  const found = SOURCES[LOCAL_SOURCES[source]?.scheme ?? ""]?.samples.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no sample ${name} of ${source}`);
  const { body, headers } = sampleRequest(found, { nowMs: Date.now(), id: crypto.randomUUID(), secret: senderSecret(source) });
  return { body, contentType: found.contentType, headers, ...(found.query === undefined ? {} : { query: found.query }) };
}

let serial = 0;

/** A message of the `custom` source about one customer. */
export const customer = (fields: {
  readonly id: string;
  readonly name?: string;
  readonly atMs?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
}): Outgoing => ({
  body: JSON.stringify({
    eventId: `evt-${++serial}-${crypto.randomUUID()}`,
    type: "customer.updated",
    data: { id: fields.id, name: fields.name ?? "Ada", updatedAt: new Date(fields.atMs ?? Date.now()).toISOString(), ...fields.extra },
  }),
});

export async function token(role: Role, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const { expires = "1h", issuer = "signalbox-local", audience = "signalbox-ops", ...rest } = claims as Record<string, string>;
  return new SignJWT({ role, ...rest })
    .setProtectedHeader({ alg: "ES256", kid: "test" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(`test-${role}`)
    .setIssuedAt()
    .setExpirationTime(expires)
    .sign(await importJWK(JSON.parse(env.TEST_OPS_KEY) as JWK, "ES256"));
}

export async function ops(path: string, as: Role = "admin", body?: object, bindings: Env = env): Promise<Response> {
  const headers = { authorization: `Bearer ${await token(as)}`, "content-type": "application/json" };
  return call(
    new Request(`${ORIGIN}/ops/v1${path}`, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) }),
    bindings,
  );
}

export interface EventAnswer {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly of: string | null;
  readonly destinations: readonly { readonly destination: string; readonly status: string }[];
  readonly routing: readonly { readonly route: string; readonly matched: boolean; readonly because: string }[];
}

/** The event once it is no longer `pending`, or as asked. */
export async function eventually(
  id: string,
  until: (event: EventAnswer) => boolean = (event) => event.status !== "pending",
  withinMs = 8_000,
): Promise<EventAnswer> {
  return vi.waitUntil(
    async () => {
      const event = await (await ops(`/events/${id}`)).json<EventAnswer>();
      return until(event) ? event : false;
    },
    { timeout: withinMs, interval: 25 },
  );
}

export interface Post {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

/** Stands in for every destination: records what is posted and answers as told. */
export function destinations(answer: (post: Post) => Response | Promise<Response> = () => Response.json({ id: "R1" })): Post[] {
  const posts: Post[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as Request, init as RequestInit);
    const post = { method: request.method, url: request.url, headers: request.headers, body: await request.text() };
    posts.push(post);
    return answer(post);
  });
  return posts;
}
