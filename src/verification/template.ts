import type { HmacScheme, Unproven } from "./define.ts";

/** What a template's placeholders stand for in one request. */
export interface Fill {
  readonly request: Pick<Unproven, "method" | "url" | "headers" | "body">;
  readonly timestamp: string;
  readonly id: string;
  readonly secret: string;
  /** The URL as spelled by the sender, if otherwise than it arrived. */
  readonly url?: string;
}

const PLACEHOLDERS = String.raw`\{(?:timestamp|id|method|url|path|host|query|header:[A-Za-z0-9-]+)\}`;
const PLAIN = String.raw`[\x20-\x7a|~]`;

/** Templates that may be configured: known placeholders, plain characters, and `{body}` once, so that nothing of it goes unsigned. */
export const TEMPLATE = new RegExp(`^(?:${PLAIN}|${PLACEHOLDERS})*\\{body\\}(?:${PLAIN}|${PLACEHOLDERS})*$`);

type Part = (fill: Fill) => string;

/** A template taken apart: what stands before the body, and what after it. */
interface Compiled {
  readonly before: readonly Part[];
  readonly after: readonly Part[];
}

const BODY = "{body}";
const TOKEN = /\{(timestamp|id|secret|method|url|path|host|query|header:[A-Za-z0-9-]+)\}/;
const compiled = new Map<string, Compiled>();
const TEMPLATES_KEPT = 256;

function compile(template: string): Compiled {
  const known = compiled.get(template);
  if (known !== undefined) return known;
  const at = template.indexOf(BODY);
  const made = { before: partsOf(template.slice(0, at)), after: partsOf(template.slice(at + BODY.length)) };
  if (compiled.size < TEMPLATES_KEPT) compiled.set(template, made);
  return made;
}

/** Splitting by a pattern with a group leaves the placeholders' names between the literals. */
const partsOf = (text: string): readonly Part[] =>
  text.split(TOKEN).flatMap((piece, index): readonly Part[] => {
    if (index % 2 === 1) return [VALUES[piece] ?? headerNamed(piece)];
    return piece === "" ? [] : [() => piece];
  });

const VALUES: Readonly<Record<string, Part>> = {
  timestamp: ({ timestamp }) => timestamp,
  id: ({ id }) => id,
  secret: ({ secret }) => secret,
  method: ({ request }) => request.method,
  url: ({ request, url }) => url ?? request.url.href,
  path: ({ request }) => request.url.pathname,
  host: ({ request }) => request.url.host,
  query: ({ request }) => request.url.search.slice(1),
};

const headerNamed =
  (piece: string): Part =>
  ({ request }) =>
    request.headers.get(piece.slice("header:".length)) ?? "";

const utf8 = new TextEncoder();

/** Where signed texts are put together: no request leaves garbage of its body's size behind. */
const scratch = new Uint8Array(65_536);

/**
 * The signed bytes: what stands before the body, the body as it came, what stands after it. They are only good until the
 * next call, so they go straight into WebCrypto, which takes its copy before it returns (Web Cryptography, section 14.3).
 */
export function signedBytes(template: string, fill: Fill): Uint8Array {
  const { body } = fill.request;
  if (template === BODY) return body;
  const { before, after } = compile(template);
  const [head, tail] = [textOf(before, fill), textOf(after, fill)];
  // Three bytes a character at most; the rest of the room is cut off again, without another copy.
  const mostBytes = (head.length + tail.length) * 3 + body.byteLength;
  const message = mostBytes <= scratch.byteLength ? scratch : new Uint8Array(mostBytes);
  const start = utf8.encodeInto(head, message).written;
  message.set(body, start);
  const end = start + body.byteLength;
  return message.subarray(0, tail === "" ? end : end + utf8.encodeInto(tail, message.subarray(end)).written);
}

function textOf(parts: readonly Part[], fill: Fill): string {
  let text = "";
  for (const part of parts) text += part(fill);
  return text;
}

/** The URL as it arrived and, for a sender that decodes some escapes before it signs, with those decoded. */
export function urlSpellings({ decodedEscapes, template }: HmacScheme, url: URL): readonly (string | undefined)[] {
  if (decodedEscapes === undefined || !template.includes("{url}")) return AS_IT_CAME;
  const { href } = url;
  const decoded = href.replace(/%[0-9A-F]{2}/gi, (escape) =>
    decodedEscapes.includes(escape.toUpperCase()) ? decodeURIComponent(escape) : escape,
  );
  return decoded === href ? AS_IT_CAME : [undefined, decoded];
}

const AS_IT_CAME: readonly undefined[] = [undefined];
