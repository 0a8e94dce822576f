import * as z from "zod";
import { ANSWER_BY_STATUS, Path, decodeDocument, documentShape, readJson, readName } from "../decoding/document.ts";
import { readForm, recordOf } from "../decoding/form.ts";
import { readPath, type JsonObject } from "../domain/json.ts";
import { money, object, text, time, word } from "../domain/mapping.ts";
import { ok, type Result } from "../domain/result.ts";
import { Authentication, HeaderName, verificationOf } from "../verification/settings.ts";
import {
  defineSource,
  UNKNOWN_SENDER,
  type DecodeFailure,
  type GenuineRequest,
  type Handshake,
  type ObjectMaps,
  type Sample,
  type SourceItem,
} from "./define.ts";

/** What senders ask before they send, by the sender that made the form known. */
const HANDSHAKES: Readonly<Record<"hub" | "zoom" | "okta" | "asana" | "validationToken" | "probe", Handshake>> = {
  hub: { kind: "hubChallenge" },
  zoom: { kind: "signedChallenge", typeAt: "event", type: "endpoint.url_validation", tokenAt: "payload.plainToken" },
  okta: { kind: "headerChallenge", header: "x-okta-verification-challenge", member: "verification" },
  asana: { kind: "hookSecret", header: "x-hook-secret" },
  validationToken: { kind: "validationToken", parameter: "validationToken" },
  probe: { kind: "probe" },
};

/** The path of the document itself, where the record's fields are not in a member of it. */
const WHOLE = "$";

const Settings = z
  .strictObject({
    ...documentShape,
    /** How the service proves itself: one way, or a list of ways that must all hold. */
    authentication: Authentication,
    /** A form is read as a document of its fields; the record is then mostly the whole of it, `$`. */
    format: z.enum(["json", "form"]).default("json"),
    /** Where the delivery id is that is the same on a retry. */
    deliveryId: z.union([z.strictObject({ path: Path }), z.strictObject({ header: HeaderName })], "must be {path} or {header}").optional(),
    /** What the service asks before it sends. */
    handshake: z.enum(["hub", "zoom", "okta", "asana", "validationToken", "probe"]).optional(),
  })
  .superRefine(({ handshake, authentication }, context) => {
    const signs = [authentication].flat().some(({ type }) => type === "hmac");
    if ((handshake === "zoom" || handshake === "asana") && !signs)
      context.addIssue({
        code: "custom",
        path: ["handshake"],
        message: `${handshake} is for senders that sign: authentication must be hmac`,
      });
  });
type Settings = z.infer<typeof Settings>;

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

function decode(request: GenuineRequest, { settings, objects }: Context): Result<readonly SourceItem[], DecodeFailure> {
  const { deliveryId } = settings;
  const read = asDocument(request, settings);
  if (!read.ok) return read;
  return decodeDocument(read.value, {
    settings,
    objects,
    deliveryId: (document) => {
      if (deliveryId === undefined) return null;
      return readName("path" in deliveryId ? readPath(document, deliveryId.path) : request.headers.get(deliveryId.header));
    },
    orderByTime: false,
  });
}

/** The request with a JSON document in which every path of the settings leads somewhere. */
function asDocument(request: GenuineRequest, { format, record }: Settings): Result<GenuineRequest, DecodeFailure> {
  if (format === "json" && record !== WHOLE) return ok(request);
  const document = format === "form" ? formDocument(request.body) : readJson(request.body);
  if (!document.ok) return document;
  const body = record === WHOLE ? { ...document.value, [WHOLE]: document.value } : document.value;
  return ok({ ...request, body: new TextEncoder().encode(JSON.stringify(body)) });
}

function formDocument(body: Uint8Array): Result<JsonObject, DecodeFailure> {
  const form = readForm(body);
  return form.ok ? ok(recordOf(form.value)) : form;
}

const OBJECTS: ObjectMaps = {
  customer: object("customer", "id", { name: text("name"), email: text("email"), region: text("region"), tier: text("tier") }),
  order: object("order", "id", {
    number: text("number"),
    customerId: text("customer"),
    status: word("status", { open: "confirmed", shipped: "fulfilled", cancelled: "cancelled" }),
    total: money("total", "currency", "EUR"),
    orderedAt: time("ordered"),
  }),
};

const MADE_UP = "made up on 2026-11-24 as services are often seen to send";

const CUSTOMER = {
  contentType: "application/json",
  objects: OBJECTS,
  body: `{"eventId":"{id}","type":"customer.updated","data":{"id":"C-1001","name":"Müller & Söhne GmbH – 東京支店","tier":"gold","version":{now:ms},"legacyId":900719925474099312}}`,
  expect: {
    kind: "customer",
    key: "C-1001",
    type: "customer.updated",
    data: { name: "Müller & Söhne GmbH – 東京支店", custom: { tier: "gold" }, extra: { legacyId: "900719925474099312" } },
  },
} satisfies Partial<Sample>;
const AT_VERSION = { order: { path: "data.version", as: "int" }, deliveryId: { path: "eventId" } };

const FLAT_ORDER = {
  kind: "order",
  key: "A-7",
  type: "order.shipped",
  data: {
    number: "00420",
    customerId: "C-1001",
    status: "fulfilled",
    statusRaw: "shipped",
    total: { amount: "1200.50", currency: "EUR" },
    extra: { note: "Größe + Farbe" },
  },
};
const FLAT = { type: "event", record: WHOLE, object: "order", order: { path: "changed", as: "ms" } };

/**
 * Any service that posts JSON or a form, in whatever way it proves itself: HMAC, Standard Webhooks, Basic, a token in a
 * header or the query, JWT, JWS, HTTP Message Signatures, a client certificate, or several of them together. Where the
 * parts of an event are is configuration. Proofs that do not cover the body, as most tokens, prove the sender only.
 */
export const custom = defineSource<Settings>({
  scheme: "custom",
  title: "Custom service",
  settings: Settings,
  verification: ({ authentication }) => verificationOf(authentication),
  decode,
  handshakes: ({ handshake }) => (handshake === undefined ? [] : [HANDSHAKES[handshake]]),
  objects: () => ({}),
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: UNKNOWN_SENDER,
  setup: [
    "Enter {url} as the address that the service posts its events to.",
    "Give the service {secret} as settings.authentication says: as token, password or signing key; of an asymmetric key it keeps the private half.",
    "Say in the source's objects how the service's records are read, and in its settings where type, record, id and version are.",
    "If the service asks before it sends, name the form of its question in settings.handshake.",
  ],
  samples: [
    {
      ...CUSTOMER,
      name: "basic",
      provenance: `${MADE_UP}: Basic authentication`,
      settings: { authentication: { type: "basic" }, ...AT_VERSION },
    },
    {
      name: "key-in-header",
      provenance: `${MADE_UP}: an API key in a header, the record's fields beside the event's`,
      contentType: "application/json",
      headers: { "x-request-id": "{id}" },
      settings: { authentication: { type: "header", name: "x-api-key" }, ...FLAT, deliveryId: { header: "x-request-id" } },
      objects: OBJECTS,
      body: `{"event":"order.shipped","changed":{now:ms},"id":"A-7","number":"00420","customer":"C-1001","status":"shipped","total":1200.50,"note":"Größe + Farbe"}`,
      expect: FLAT_ORDER,
    },
    {
      name: "form-with-bearer-token",
      provenance: `${MADE_UP}: a form, and a bearer token`,
      contentType: "application/x-www-form-urlencoded",
      settings: { authentication: { type: "bearer" }, format: "form", ...FLAT },
      objects: OBJECTS,
      body: `event=order.shipped&changed={now:ms}&id=A-7&number=00420&customer=C-1001&status=shipped&total=1200.50&note=Gr%C3%B6%C3%9Fe+%2B+Farbe`,
      expect: FLAT_ORDER,
    },
    {
      ...CUSTOMER,
      name: "jwt-with-body-hash",
      provenance: `${MADE_UP}: a JWT that holds the body's hash; the secret is the service's JWK set`,
      settings: {
        authentication: { type: "jwt", issuer: "https://id.acme.example", audience: "signalbox", bodyHash: { claim: "body_sha256" } },
        ...AT_VERSION,
      },
    },
    {
      ...CUSTOMER,
      name: "body-is-jws",
      provenance: `${MADE_UP}: the body is a compact JWS; the secret is the service's JWK set`,
      contentType: "application/jose",
      settings: { authentication: { type: "jws", algorithms: ["ES256"] }, ...AT_VERSION },
    },
    {
      ...CUSTOMER,
      name: "http-message-signature",
      provenance: `${MADE_UP}: HTTP Message Signatures (RFC 9421) with a shared key`,
      settings: { authentication: { type: "httpSignature", algorithm: "hmac-sha256" }, ...AT_VERSION },
    },
    {
      ...CUSTOMER,
      name: "signed-as-zoom-does",
      provenance: `${MADE_UP}, signed and greeted as Zoom does`,
      settings: {
        authentication: {
          type: "hmac",
          header: "x-zm-signature",
          prefix: "v0=",
          template: "v0:{timestamp}:{body}",
          timestampHeader: "x-zm-request-timestamp",
        },
        handshake: "zoom",
        ...AT_VERSION,
      },
    },
  ],
});
