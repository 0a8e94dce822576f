import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, describe, it } from "vitest";
import { answerProbe, answerProven } from "../../src/http/handshakes.ts";
import { fail } from "../../src/domain/result.ts";
import { SOURCES } from "../../src/sources/index.ts";
import type { LiveSecret } from "../../src/verification/define.ts";
import { verify } from "../../src/verification/index.ts";
import { bytes, decodeWith, itemsOf, liveFor } from "./support.ts";

interface Vector {
  readonly scheme?: string;
  readonly name: string;
  readonly secret?: string;
  readonly secretBase64?: string;
  readonly publicKey?: string;
  readonly jwks?: object;
  readonly issuer?: string;
  readonly audience?: string;
  readonly alg?: string;
  /** Seconds since 1970. */
  readonly now?: number;
  readonly method?: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Null: implementations may choose. */
  readonly valid?: boolean | null;
  readonly reason?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly expect?: { readonly id?: string; readonly type?: string; readonly time?: string; readonly ids?: readonly string[] };
  readonly reply?: { readonly status: number; readonly text?: string; readonly headers?: Readonly<Record<string, string>> };
}

interface VectorSet {
  readonly provenance: string;
  readonly vectors: readonly Vector[];
}

const DIRECTORY = path.join(import.meta.dirname, "vectors");
const read = (file: string): VectorSet => JSON.parse(readFileSync(path.join(DIRECTORY, file), "utf8")) as VectorSet;

type SettingsOf = (vector: Vector) => Readonly<Record<string, unknown>>;

/** Which source reads a set, and how it is configured for each vector. */
const SETS: Readonly<Record<string, readonly [scheme: string, settings: SettingsOf]>> = {
  "standard-webhooks": ["standard-webhooks", () => ({})],
  stripe: ["stripe", () => ({})],
  zendesk: ["zendesk", () => ({ allowPublishedTestSecret: true })],
  hmac: ["hmac", ({ config }) => ({ ...config })],
  // Convoy's settings name neither the header nor its form.
  convoy: [
    "hmac",
    ({ scheme, config }) => ({
      ...config,
      header: "x-convoy-signature",
      ...(scheme === "convoy-advanced" ? { pairs: { timestamp: "t", signature: "v1" } } : {}),
    }),
  ],
  github: ["github", () => ({})],
  hubspot: ["hubspot", ({ scheme }) => ({ versions: [scheme === "hubspot-v1" ? "v1" : "v3"] })],
  slack: ["slack", () => ({})],
  twilio: ["twilio", () => ({})],
  shopify: ["shopify", () => ({ shops: ["demo.myshopify.com"] })],
  pagerduty: ["pagerduty", () => ({})],
  jira: ["jira", () => ({})],
  intercom: ["intercom", () => ({})],
  basic: ["custom", () => ({ authentication: { type: "basic" } })],
  "http-signatures": [
    "custom",
    ({ alg, secretBase64, headers }) => ({
      authentication: {
        type: "httpSignature",
        algorithm: alg,
        keyEncoding: secretBase64 === undefined ? "utf8" : "base64",
        components: headers["signature-input"]?.includes('"content-digest"') === true ? ["@method", "@target-uri", "content-digest"] : [],
      },
    }),
  ],
  jwt: ["custom", ({ issuer, audience }) => ({ authentication: { type: "jwt", issuer, audience, bodyHash: { claim: "body_sha256" } } })],
};

/** What the vectors call a reason, where we call it otherwise. */
const REASONS: Readonly<Record<string, string>> = { alg: "algorithm_not_allowed" };

function proofOf(vector: Vector, [scheme, settingsOf]: readonly [string, SettingsOf]) {
  const source = SOURCES[scheme];
  if (source === undefined) throw new Error(`no source ${scheme}`);
  const value = vector.secret ?? vector.secretBase64 ?? vector.publicKey ?? JSON.stringify(vector.jwks);
  const secrets: LiveSecret[] = [{ id: "A", value }];
  const settings = settingsOf(vector);
  // The RFC's own example covers no digest, which a deployment cannot be configured to accept: its scheme is made by hand.
  const bare = scheme === "custom" && JSON.stringify(settings).includes('"components":[]');
  const verification = bare
    ? {
        kind: "httpSignature" as const,
        algorithm: "hmac-sha256" as const,
        keyEncoding: "base64" as const,
        components: [],
        windowMs: 300_000,
      }
    : source.verification(source.settings.parse(settings));
  return verify(
    {
      verification,
      secrets,
      body: bytes(vector.body),
      method: vector.method ?? "POST",
      headers: new Headers(vector.headers),
      url: new URL(vector.url ?? "https://edge.example.test/in/source"),
      clientCertificate: null,
      nowMs: vector.now === undefined ? Date.now() : vector.now * 1000,
    },
    { keyFor: () => Promise.resolve(fail("keys_unavailable")) },
  );
}

it("has every vector in a set that is proven, read or answered below", () => {
  const files = readdirSync(DIRECTORY).map((file) => file.replace(/\.json$/, ""));
  expect(files.toSorted()).toEqual([...Object.keys(SETS), "cloudevents", "handshakes"].toSorted());
  expect(files.reduce((sum, file) => sum + read(`${file}.json`).vectors.length, 0)).toBe(52);
});

describe.each(Object.entries(SETS))("vectors of %s", (name, set) => {
  it.each(read(`${name}.json`).vectors.map((vector) => [vector.name, vector.valid, vector] as const))(
    "%s: valid %s",
    async (_vector, valid, vector) => {
      const proof = await proofOf(vector, set);
      if (valid === true) return expect(proof).toMatchObject({ ok: true, value: { secretId: "A" } });
      if (valid === false)
        return expect(proof).toEqual({ ok: false, failure: REASONS[vector.reason ?? ""] ?? vector.reason ?? expect.any(String) });
      // What is left open: a time far in the future is refused here, an escaped URL is proven in either spelling.
      return expect(proof).toMatchObject(name === "hubspot" ? { ok: true } : { ok: false, failure: "future" });
    },
  );
});

it("reads the bodies of the valid Stripe and Zendesk vectors, which hold hardly more than an id", () => {
  const decoded = (scheme: string) => {
    const source = SOURCES[scheme];
    if (source === undefined) throw new Error(`no source ${scheme}`);
    return itemsOf(decodeWith(source, liveFor(source, {}), bytes(read(`${scheme}.json`).vectors[0]?.body ?? "")))[0];
  };
  expect(decoded("zendesk")).toMatchObject({
    deliveryId: "01JGEXAMPLE",
    entity: { kind: "case", key: "35436", data: {} },
    order: { kind: "time", value: String(Date.UTC(2026, 0, 1)) },
  });
  expect(decoded("stripe")).toMatchObject({
    deliveryId: "evt_1",
    type: "invoice.paid",
    entity: { kind: "invoice", key: "in_1" },
    order: { kind: "time", value: "1767225590000" },
  });
});

describe("vectors of cloudevents", () => {
  const source = SOURCES["sap-event-mesh"];
  if (source === undefined) throw new Error("no source");
  const live = liveFor(source, source.samples[0] ?? {});
  const settings = { ...(live.settings as object), systems: ["730431274"] };

  it.each(read("cloudevents.json").vectors.map((vector) => [vector.name, vector] as const))("%s is read as it means", (_name, vector) => {
    const contentType = vector.headers["content-type"] ?? "";
    const items = itemsOf(decodeWith(source, { ...live, settings }, bytes(vector.body), { contentType, headers: vector.headers }));
    expect(items.map(({ deliveryId }) => deliveryId?.split("|").at(-1))).toEqual(vector.expect?.ids ?? [vector.expect?.id]);
    for (const item of items) expect(item.entity).toMatchObject({ kind: "order", key: "50001" });
    if (vector.expect?.time !== undefined)
      expect(items[0]).toMatchObject({ type: vector.expect.type, occurredAtMs: Date.parse(vector.expect.time) });
  });
});

describe("vectors of handshakes", () => {
  const asked = (vector: Vector) => ({
    method: vector.method ?? "POST",
    url: new URL("https://edge.example.test/in/source"),
    headers: new Headers(vector.headers),
    proves: () => Promise.resolve(true),
    isSecret: () => Promise.resolve(false),
    register: () => Promise.resolve(false),
  });

  it.each(read("handshakes.json").vectors.map((vector) => [vector.name, vector] as const))(
    "%s is answered as the specification says",
    async (_name, vector) => {
      const shaken = await answerProbe(
        [{ kind: "cloudEventsOptions", origins: ["eventemitter.example.com"], ratePerMinute: 6000, authorized: false }],
        asked(vector),
      );
      if (shaken?.answer.ok !== true) throw new Error("not answered");
      expect(shaken.answer.value.status).toBe(vector.reply?.status);
      expect(Object.fromEntries(shaken.answer.value.headers)).toMatchObject(vector.reply?.headers ?? {});
    },
  );

  it("Slack's challenge comes back as text", async () => {
    const [, vector] = read("slack.json").vectors;
    const handshakes = SOURCES["slack"]?.handshakes?.({}) ?? [];
    const shaken = await answerProven(handshakes, {
      headers: new Headers(vector?.headers),
      body: bytes(vector?.body ?? ""),
      sign: async () => "",
    });
    if (shaken?.answer.ok !== true) throw new Error("not answered");
    expect([shaken.answer.value.status, await shaken.answer.value.text()]).toEqual([vector?.reply?.status, vector?.reply?.text]);
  });
});
