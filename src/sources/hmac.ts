import { z } from "zod";
import { readPath } from "../domain/json.ts";
import { object, text, time, word } from "../domain/mapping.ts";
import { defineSource, type Sample, type Verification } from "./define.ts";
import { ANSWER_BY_STATUS, Path, decodeDocument, documentShape, readName } from "./document.ts";

const HeaderName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header, such as "x-signature"');
const ALGORITHMS = {
  "SHA-1": "SHA-1",
  SHA1: "SHA-1",
  "SHA-256": "SHA-256",
  SHA256: "SHA-256",
  "SHA-512": "SHA-512",
  SHA512: "SHA-512",
} as const;

const Shape = z.strictObject({
  ...documentShape,
  /** The header that holds the signature. */
  header: HeaderName,
  /** Text before the signature, such as `sha256=`. */
  prefix: z.string().optional(),
  /** For a header such as `t=1,v1=ab,v1=cd`: the names of its parts. Without `timestamp`, only signatures are in it. */
  pairs: z.strictObject({ timestamp: z.string().min(1).optional(), signature: z.string().min(1) }).optional(),
  encoding: z.enum(["hex", "base64", "base64url"]).default("hex"),
  alg: z.enum(["SHA-256", "SHA-512", "SHA-1", "SHA256", "SHA512", "SHA1"]).default("SHA-256"),
  /** The signed text. */
  template: z
    .string()
    .regex(
      /^(?:[\x20-\x7a|~]|\{timestamp\}|\{id\})*\{body\}$/,
      'must be made of {timestamp}, {id}, plain characters and {body} at its end, such as "{timestamp}.{body}"',
    )
    .default("{body}"),
  timestampHeader: HeaderName.optional(),
  timestampFormat: z.enum(["s", "ms", "iso"]).default("s"),
  toleranceSeconds: z.int().min(1, "must be a whole number of seconds, 1 or more").default(300),
  secretEncoding: z.enum(["utf8", "base64", "hex"]).default("utf8"),
  idHeader: HeaderName.optional(),
  /** Where the delivery id is that is the same on a retry. */
  deliveryId: z.union([z.strictObject({ path: Path }), z.strictObject({ header: HeaderName })], "must be {path} or {header}").optional(),
});
type Settings = z.infer<typeof Shape>;

const signsTime = (settings: Settings): boolean => settings.timestampHeader !== undefined || settings.pairs?.timestamp !== undefined;
const idHeaderOf = ({ idHeader, deliveryId }: Settings): string | undefined =>
  idHeader ?? (deliveryId !== undefined && "header" in deliveryId ? deliveryId.header : undefined);
const times = (template: string, placeholder: string): number => template.split(placeholder).length - 1;

/** Each row: where the mistake is, when it is one, and what to do. */
const MISTAKES: readonly (readonly [path: keyof Settings, is: (settings: Settings) => boolean, message: string])[] = [
  [
    "template",
    (s) => times(s.template, "{timestamp}") > 0 && !signsTime(s),
    "has {timestamp}, but nothing says where it is: name timestampHeader or pairs.timestamp",
  ],
  [
    "template",
    (s) => signsTime(s) && times(s.template, "{timestamp}") === 0,
    "lacks {timestamp}: a time that is not signed proves nothing",
  ],
  [
    "template",
    (s) => times(s.template, "{id}") > 0 && idHeaderOf(s) === undefined,
    "has {id}, but nothing says where it is: name idHeader",
  ],
  [
    "template",
    (s) => ["{timestamp}", "{id}", "{body}"].some((name) => times(s.template, name) > 1),
    "must have each of {timestamp}, {id} and {body} once at most",
  ],
  ["timestampHeader", (s) => s.timestampHeader !== undefined && s.pairs?.timestamp !== undefined, "and pairs.timestamp exclude each other"],
  ["prefix", (s) => s.prefix !== undefined && s.pairs !== undefined, "and pairs exclude each other"],
  [
    "idHeader",
    (s) => s.idHeader !== undefined && s.deliveryId !== undefined && "header" in s.deliveryId,
    "and deliveryId.header exclude each other",
  ],
];

const Settings = Shape.superRefine((settings, context) => {
  for (const [path, is, message] of MISTAKES) if (is(settings)) context.addIssue({ code: "custom", path: [path], message });
});

function verification(settings: Settings): Verification {
  const { pairs, prefix, timestampHeader } = settings;
  const idHeader = idHeaderOf(settings);
  return {
    kind: "hmac",
    header: settings.header,
    form:
      pairs === undefined
        ? { type: "bare", ...(prefix === undefined ? {} : { prefix }) }
        : { type: "pairs", signature: pairs.signature, ...(pairs.timestamp === undefined ? {} : { timestamp: pairs.timestamp }) },
    algorithm: ALGORITHMS[settings.alg],
    encoding: settings.encoding,
    secretEncoding: settings.secretEncoding,
    template: settings.template,
    ...(signsTime(settings)
      ? { timestamp: { format: settings.timestampFormat, ...(timestampHeader === undefined ? {} : { header: timestampHeader }) } }
      : {}),
    ...(idHeader === undefined ? {} : { idHeader }),
    windowMs: settings.toleranceSeconds * 1000,
  };
}

const sampled: Pick<Sample, "contentType" | "provenance" | "settings" | "objects"> = {
  contentType: "application/json",
  provenance: "made up on 2026-11-24 in the form that custom services most often choose: hex HMAC-SHA256 over time, dot and body",
  settings: {
    header: "x-signature",
    timestampHeader: "x-timestamp",
    template: "{timestamp}.{body}",
    deliveryId: { path: "eventId" },
    order: { path: "data.updatedAt", as: "iso" },
  },
  objects: {
    customer: object("customer", "id", { name: text("name"), email: text("email"), region: text("region"), tier: text("tier") }),
    entitlement: object("entitlement", "id", {
      customerId: text("customerId"),
      plan: text("plan"),
      status: word("status", { active: "active", pending: "pending", cancelled: "cancelled" }),
      startsAt: time("startsAt"),
    }),
  },
};

/**
 * Any service that signs a JSON document with HMAC: how it signs and where the event's parts are is configuration.
 * Every 2xx ends a sender's retries; what it does on other answers is its own affair.
 */
export const hmac = defineSource<Settings>({
  scheme: "hmac",
  title: "Custom service, HMAC",
  settings: Settings,
  verdict: "verified",
  verification,
  decode: (request, { settings, objects }) =>
    decodeDocument(request, {
      settings,
      objects,
      deliveryId: (document) =>
        settings.deliveryId !== undefined && "path" in settings.deliveryId ? readName(readPath(document, settings.deliveryId.path)) : null,
      orderByTime: false,
    }),
  objects: () => ({}),
  statusPolicy: ANSWER_BY_STATUS,
  samples: [
    {
      ...sampled,
      name: "customer-updated",
      body: `{"eventId":"{id}","type":"customer.updated","data":{"id":"C-1001","name":"Müller & Söhne GmbH – 東京支店","email":"einkauf@mueller.example","region":"EMEA","tier":"gold","updatedAt":"{now:iso}","legacyId":900719925474099312}}`,
      expect: {
        kind: "customer",
        key: "C-1001",
        type: "customer.updated",
        data: {
          name: "Müller & Söhne GmbH – 東京支店",
          email: "einkauf@mueller.example",
          region: "EMEA",
          custom: { tier: "gold" },
          extra: { legacyId: "900719925474099312" },
        },
      },
    },
    {
      ...sampled,
      name: "entitlement-active",
      body: `{"eventId":"{id}","type":"entitlement.activated","data":{"id":"ENT-77","customerId":"C-1001","plan":"gold","status":"active","startsAt":"2026-01-01T00:00:00Z","updatedAt":"{now:iso}","seats":25}}`,
      expect: {
        kind: "entitlement",
        key: "ENT-77",
        type: "entitlement.activated",
        data: {
          customerId: "C-1001",
          plan: "gold",
          status: "active",
          statusRaw: "active",
          startsAt: "2026-01-01T00:00:00.000Z",
          extra: { seats: 25 },
        },
      },
    },
  ],
});
