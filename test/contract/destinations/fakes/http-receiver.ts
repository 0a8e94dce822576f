import { createHmac, timingSafeEqual } from "node:crypto";
import { CloudEvent, HTTP as CLOUD_EVENTS } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { http } from "../../../../src/destinations/http/index.ts";
import { SIGNING_SECRET, delivery } from "../samples.ts";
import type { FakeRecord, FakeSystem, Trial, Tricks } from "./define.ts";

interface Received {
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a receiver demands of a request: an exception is a refusal. */
interface Receiver {
  readonly method: (request: Request) => boolean;
  readonly proof: (request: Request, body: string) => void;
  readonly read: (request: Request, body: string) => Received;
  /** A token issuer on the side, and what it can be told to do. */
  readonly issuer?: { readonly answer: (request: Request) => Promise<Response | null>; readonly tricks: Tricks };
}

/** A receiver that drops an id that it has seen, as Standard Webhooks and CloudEvents ask. */
function start({ method, proof, read, issuer }: Receiver): FakeSystem {
  // The official library compares with the real clock.
  const time = { nowMs: Date.now() };
  const seen = new Set<string>();
  const records: (FakeRecord & { readonly name: string })[] = [];
  return {
    time,
    held: (kind, key) => records.filter(({ name }) => name === `${kind}/${key}`),
    answer: async (request) => {
      const token = await issuer?.answer(request);
      if (token !== undefined && token !== null) return token;
      if (!method(request)) return new Response("no", { status: 405 });
      const body = await request.text();
      try {
        proof(request, body);
      } catch {
        return new Response("no", { status: 401 });
      }
      const { id, data } = read(request, body);
      if (!seen.has(id)) records.push({ id, fields: data, name: `${String(data["kind"])}/${String(data["key"])}` });
      seen.add(id);
      return new Response(null, { status: 204 });
    },
    tricks: issuer?.tricks ?? {},
  };
}

const posted = (request: Request): boolean => request.method === "POST";

function must(condition: boolean): void {
  if (!condition) throw new Error("refused");
}

const standardWebhooks = (): FakeSystem =>
  start({
    method: posted,
    proof: (request, body) => void new Webhook(SIGNING_SECRET).verify(body, Object.fromEntries(request.headers)),
    read: (request, body) => {
      const { data } = JSON.parse(body) as { data: Record<string, unknown> };
      return { id: request.headers.get("webhook-id") ?? "", data };
    },
  });

/** As CloudEvents' official library reads it, which also checks the attributes. */
function readCloudEvent(request: Request, body: string): Received {
  const read = CLOUD_EVENTS.toEvent<Record<string, unknown>>({ headers: Object.fromEntries(request.headers), body });
  if (Array.isArray(read)) throw new Error("a batch");
  const event = new CloudEvent(read);
  const { id, data = {} } = event;
  if (event.subject !== encodedSubject(request, data)) throw new Error("the subject does not name the record");
  return { id, data };
}

/** The library leaves the percent-encoding of the binary mode's headers in. */
const encodedSubject = (request: Request, data: Readonly<Record<string, unknown>>): string => {
  const subject = `${String(data["kind"])}/${String(data["key"])}`;
  const binary = request.headers.has("ce-id");
  return binary ? subject.replace(/[^\x21\x23\x24\x26-\x7e]/gu, encodeURIComponent) : subject;
};

const PASSWORD = "pässword-that-must-not-leak";
const TOKEN_URL = "https://id.example.com/oauth/token";
const CLIENT_SECRET = "client+secret/that&must-not-leak";

const withBasic = (): FakeSystem =>
  start({
    method: posted,
    proof: (request) => must(request.headers.get("authorization") === `Basic ${Buffer.from(`router:${PASSWORD}`).toString("base64")}`),
    read: readCloudEvent,
  });

/** A receiver with an issuer of tokens that last an hour (RFC 6749 section 4.4). */
function withOauth(): FakeSystem {
  const tokens = new Set<string>();
  let issued = 0;
  const authorization = `Basic ${Buffer.from(`client%3A1:${encodeURIComponent(CLIENT_SECRET)}`).toString("base64")}`;
  return start({
    method: posted,
    proof: (request) => must(tokens.has(request.headers.get("authorization")?.replace("Bearer ", "") ?? "")),
    read: readCloudEvent,
    issuer: {
      answer: async (request) => {
        if (request.url !== TOKEN_URL) return null;
        const form = new URLSearchParams(await request.text());
        const asked = form.get("grant_type") === "client_credentials" && form.get("scope") === "events.write" && form.size === 2;
        if (!asked) return Response.json({ error: "invalid_request" }, { status: 400 });
        if (request.headers.get("authorization") !== authorization) return Response.json({ error: "invalid_client" }, { status: 401 });
        const token = `token-${++issued}`;
        tokens.add(token);
        return Response.json({ access_token: token, token_type: "Bearer", expires_in: 3600 });
      },
      tricks: { credentialsIssued: () => issued, expireCredentials: () => tokens.clear() },
    },
  });
}

const API_KEY = "api-key-that-must-not-leak";
const HMAC_SECRET = "hmac-secret-that-must-not-leak";

/** Puts under the record's own address; a repeated idempotency key has no second effect. */
const withOwnHmac = (): FakeSystem =>
  start({
    method: (request) => ["PUT", "DELETE"].includes(request.method),
    proof: (request, body) => {
      must(request.headers.get("x-api-key") === `key ${API_KEY}`);
      const time = request.headers.get("x-acme-time") ?? "";
      must(Math.abs(Date.parse(time) - Date.now()) < 300_000);
      const expected = createHmac("sha512", HMAC_SECRET)
        .update(`${request.method}|${new URL(request.url).pathname}|${time}|${body}`)
        .digest();
      const shown = Buffer.from((request.headers.get("x-acme-signature") ?? "").replace("v1:", ""), "base64url");
      must(shown.length === expected.length && timingSafeEqual(shown, expected));
    },
    read: (request, body) => {
      const data = JSON.parse(body) as Record<string, unknown>;
      must(new URL(request.url).pathname === `/base/${String(data["kind"])}/${encodeURIComponent(String(data["key"]))}`);
      must(data["deleted"] === (request.method === "DELETE"));
      return { id: request.headers.get("idempotency-key") ?? "", data };
    },
  });

const withBearer = (): FakeSystem =>
  start({
    method: posted,
    proof: (request) => must(request.headers.get("authorization") === `Bearer ${API_KEY}`),
    read: (request, body) => ({ id: request.headers.get("idempotency-key") ?? "", data: JSON.parse(body) as Record<string, unknown> }),
  });

const ONLY_POSTED = "it is only posted to; what it answers is its status";

const ALWAYS = {
  "key of the wrong form": "any text can be its secret",
  "credential expires under parallel callers": "its secrets do not expire",
  "refused data": ONLY_POSTED,
  "row locked": ONLY_POSTED,
  "record changed before our write": ONLY_POSTED,
  "key held by two records": ONLY_POSTED,
  "failure inside a success": ONLY_POSTED,
  "silent no-op": ONLY_POSTED,
  "CSRF token expires": "it has none",
  "row changed between pages": "it is not read from",
  "row committed late": "it is not read from",
  "change token refused": "it is not read from",
};

const without = (fault: keyof typeof ALWAYS): Trial["cannotHappen"] =>
  Object.fromEntries(Object.entries(ALWAYS).filter(([name]) => name !== fault));

const trial = (settings: unknown, secrets: Readonly<Record<string, string>>, open: () => FakeSystem): Trial => ({
  definition: http,
  connection: { baseUrl: "https://hooks.example.com/base", settings: http.settings.parse(settings), secrets },
  start: open,
  deliveries: {
    opportunity: delivery(),
    order: delivery({ entity: { kind: "order", key: "ord 1/ä?#", schemaVersion: 1 }, data: { status: "confirmed" }, occurredAtMs: null }),
    part: delivery({ nature: "delta", data: { stage: "lost" }, cleared: ["region"] }),
    deletion: delivery({ deleted: true, data: {} }),
  },
  cannotHappen: ALWAYS,
});

const signedByDefault = trial({ path: "/inbox", headers: { "X-Tenant": "acme" } }, { signing: SIGNING_SECRET }, standardWebhooks);

export const httpTrials: Readonly<Record<string, Trial>> = {
  http: {
    ...signedByDefault,
    wrongKeys: [{ connection: { ...signedByDefault.connection, secrets: { signing: "whsec_no base64!" } }, says: /whsec_ and base64/ }],
    cannotHappen: without("key of the wrong form"),
  },
  "http, CloudEvents in binary mode, Basic": trial(
    { format: "cloudEventsBinary", authentication: { type: "basic", user: "router" } },
    { password: PASSWORD },
    withBasic,
  ),
  "http, CloudEvents in structured mode, OAuth": {
    ...trial(
      {
        format: "cloudEventsStructured",
        authentication: { type: "oauth", tokenUrl: TOKEN_URL, clientId: "client:1", scope: "events.write" },
      },
      { clientSecret: CLIENT_SECRET },
      withOauth,
    ),
    cannotHappen: without("credential expires under parallel callers"),
  },
  "http, JSON, HMAC of its own and API key": trial(
    {
      format: "json",
      path: "/{kind}/{key}",
      method: "PUT",
      deletionMethod: "DELETE",
      authentication: { type: "apiKey", header: "X-Api-Key", prefix: "key " },
      signature: {
        type: "hmac",
        header: "X-Acme-Signature",
        prefix: "v1:",
        alg: "SHA-512",
        encoding: "base64url",
        template: "{method}|{path}|{timestamp}|{body}",
        timestampHeader: "x-acme-time",
        timestampFormat: "iso",
      },
    },
    { apiKey: API_KEY, signing: HMAC_SECRET },
    withOwnHmac,
  ),
  "http, JSON, bearer": trial({ format: "json", authentication: { type: "bearer" } }, { token: API_KEY }, withBearer),
};
