import * as z from "zod";
import type { HmacScheme } from "./define.ts";
import { TEMPLATE } from "./template.ts";

const HeaderName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header, such as "x-signature"');

const ALGORITHMS = {
  "SHA-1": "SHA-1",
  SHA1: "SHA-1",
  "SHA-256": "SHA-256",
  SHA256: "SHA-256",
  "SHA-512": "SHA-512",
  SHA512: "SHA-512",
} as const;

/** How a sender signs with HMAC, as configuration. */
export const hmacShape = {
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
      TEMPLATE,
      "must be made of {timestamp}, {id}, {method}, {url}, {path}, {host}, {query}, {header:name}, plain characters and one {body}, " +
        'such as "{timestamp}.{body}"',
    )
    .default("{body}"),
  timestampHeader: HeaderName.optional(),
  timestampFormat: z.enum(["s", "ms", "iso"]).default("s"),
  toleranceSeconds: z.int().min(1, "must be a whole number of seconds, 1 or more").default(300),
  secretEncoding: z.enum(["utf8", "base64", "hex"]).default("utf8"),
  idHeader: HeaderName.optional(),
  /** Accepts hex in capitals as well. */
  anyCase: z.boolean().default(false),
};
const Shape = z.object(hmacShape);
export type HmacSettings = z.infer<typeof Shape>;

const signsTime = (settings: HmacSettings): boolean => settings.timestampHeader !== undefined || settings.pairs?.timestamp !== undefined;
const times = (template: string, placeholder: string): number => template.split(placeholder).length - 1;

/** Each row: where the mistake is, when it is one, and what to do. */
const MISTAKES: readonly (readonly [path: keyof HmacSettings, is: (settings: HmacSettings) => boolean, message: string])[] = [
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
  ["template", (s) => times(s.template, "{id}") > 0 && s.idHeader === undefined, "has {id}, but nothing says where it is: name idHeader"],
  [
    "template",
    (s) => ["{timestamp}", "{id}", "{body}"].some((name) => times(s.template, name) > 1),
    "must have each of {timestamp}, {id} and {body} once at most",
  ],
  [
    "template",
    (s) => /\{(?:id|header:[^}]+)\}\{/.test(s.template),
    "must have a character after {id} and {header:name}: else a part of what follows could be moved into them",
  ],
  ["timestampHeader", (s) => s.timestampHeader !== undefined && s.pairs?.timestamp !== undefined, "and pairs.timestamp exclude each other"],
  ["prefix", (s) => s.prefix !== undefined && s.pairs !== undefined, "and pairs exclude each other"],
];

/** Reports what contradicts itself, by the setting's name. */
export function hmacMistakes(settings: HmacSettings, context: z.RefinementCtx): void {
  for (const [path, is, message] of MISTAKES) if (is(settings)) context.addIssue({ code: "custom", path: [path], message });
}

export function hmacVerification(settings: HmacSettings): HmacScheme {
  const { pairs, prefix, timestampHeader, idHeader } = settings;
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
    ...(settings.anyCase ? { anyCase: true } : {}),
  };
}
