import { describe, expect, it } from "vitest";
import { SOURCES } from "../../src/sources/index.ts";
import { decodeWith, itemsOf, liveFor } from "./support.ts";
import { verify } from "../../src/sources/verify.ts";
import convoy from "./vectors/convoy.json" with { type: "json" };
import hmac from "./vectors/hmac.json" with { type: "json" };
import standardWebhooks from "./vectors/standard-webhooks.json" with { type: "json" };
import stripe from "./vectors/stripe.json" with { type: "json" };
import zendesk from "./vectors/zendesk.json" with { type: "json" };

interface Vector {
  readonly name: string;
  readonly secret?: string;
  readonly publicKey?: string;
  readonly now?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly valid: boolean | null;
  readonly reason?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly scheme?: string;
}

/** Convoy's settings name neither the header nor its form. */
const convoySettings = ({ scheme, config }: Vector): Record<string, unknown> => ({
  ...config,
  header: "x-convoy-signature",
  ...(scheme === "convoy-advanced" ? { pairs: { timestamp: "t", signature: "v1" } } : {}),
});

const SETS: readonly (readonly [
  name: string,
  scheme: string,
  vectors: readonly unknown[],
  settingsOf: (vector: Vector) => Record<string, unknown>,
])[] = [
  ["Standard Webhooks", "standard-webhooks", standardWebhooks.vectors, () => ({})],
  ["Stripe", "stripe", stripe.vectors, () => ({})],
  ["Zendesk", "zendesk", zendesk.vectors, () => ({ allowPublishedTestSecret: true })],
  ["a custom service", "hmac", hmac.vectors, ({ config }) => ({ ...config })],
  ["Convoy", "hmac", convoy.vectors, convoySettings],
];

describe.each(SETS)("vectors of %s", (_name, scheme, vectors, settingsOf) => {
  const source = SOURCES[scheme];
  it.each((vectors as readonly Vector[]).map((vector) => [vector.name, vector.valid, vector] as const))(
    "%s: valid %s",
    async (_vector, valid, vector) => {
      if (source === undefined) throw new Error(`no source ${scheme}`);
      const settings = source.settings.parse(settingsOf(vector));
      const proof = await verify({
        verification: source.verification(settings),
        secrets: [{ id: "A", value: vector.secret ?? vector.publicKey ?? "" }],
        body: new TextEncoder().encode(vector.body),
        headers: new Headers(vector.headers),
        url: new URL("https://edge.example.test/in/source"),
        nowMs: vector.now === undefined ? Date.now() : vector.now * 1000,
      });
      if (valid === true) return expect(proof).toMatchObject({ ok: true, value: { secretId: "A" } });
      // What the specification leaves open is a time far in the future: it is refused here.
      expect(proof).toEqual({ ok: false, failure: valid === null ? "future" : (vector.reason ?? expect.any(String)) });
    },
  );
});

it("reads the bodies of the valid Stripe and Zendesk vectors, which hold hardly more than an id", () => {
  const read = (scheme: string, body: string | undefined) => {
    const source = SOURCES[scheme];
    if (source === undefined || body === undefined) throw new Error(`no vector of ${scheme}`);
    return itemsOf(decodeWith(source, liveFor(source, {}), new TextEncoder().encode(body)))[0];
  };
  expect(read("zendesk", zendesk.vectors[0]?.body)).toMatchObject({
    deliveryId: "01JGEXAMPLE",
    entity: { kind: "case", key: "35436", data: {} },
    order: { kind: "time", value: String(Date.UTC(2026, 0, 1)) },
  });
  expect(read("stripe", stripe.vectors[0]?.body)).toMatchObject({
    deliveryId: "evt_1",
    type: "invoice.paid",
    entity: { kind: "invoice", key: "in_1" },
    order: { kind: "time", value: "1767225590000" },
  });
});
