import type { HmacScheme, Unproven } from "./define.ts";
import { signedMessage } from "./signature.ts";

/** What a template's placeholders stand for in one request. */
export interface Fill {
  readonly request: Pick<Unproven, "method" | "url" | "headers" | "body">;
  readonly timestamp: string;
  readonly id: string;
  readonly secret: string;
  /** The URL as spelled by the sender, if otherwise than it arrived. */
  readonly url?: string;
}

const BODY = "{body}";
const PLACEHOLDER = /\{(timestamp|id|secret|method|url|path|host|query|header:[A-Za-z0-9-]+)\}/g;

/** A template that `parseTemplate` accepts: known placeholders, plain characters, `{body}` exactly once, so that nothing of it goes unsigned. */
export const TEMPLATE = /^(?:[\x20-\x7a|~]|\{(?:timestamp|id|method|url|path|host|query|header:[A-Za-z0-9-]+)\})*\{body\}(?:[\x20-\x7a|~]|\{(?:timestamp|id|method|url|path|host|query|header:[A-Za-z0-9-]+)\})*$/;

const utf8 = new TextEncoder();

/** The signed bytes: what stands before the body, the body as it came, what stands after it. */
export function signedBytes(template: string, fill: Fill): Uint8Array {
  const at = template.indexOf(BODY);
  const before = filled(template.slice(0, at), fill);
  const after = filled(template.slice(at + BODY.length), fill);
  const head = signedMessage(before, fill.request.body);
  if (after === "") return head;
  const tail = utf8.encode(after);
  const message = new Uint8Array(head.byteLength + tail.byteLength);
  message.set(head);
  message.set(tail, head.byteLength);
  return message;
}

const filled = (template: string, fill: Fill): string =>
  template === "" ? "" : template.replace(PLACEHOLDER, (_placeholder, name: string) => valueOf(name, fill));

function valueOf(name: string, { request, timestamp, id, secret, url }: Fill): string {
  switch (name) {
    case "timestamp":
      return timestamp;
    case "id":
      return id;
    case "secret":
      return secret;
    case "method":
      return request.method;
    case "url":
      return url ?? request.url.href;
    case "path":
      return request.url.pathname;
    case "host":
      return request.url.host;
    case "query":
      return request.url.search.slice(1);
    default:
      return request.headers.get(name.slice("header:".length)) ?? "";
  }
}

/** The URL as it arrived and, for a sender that decodes some escapes before it signs, with those decoded. */
export function urlSpellings({ decodedEscapes = [], template }: HmacScheme, { href }: URL): readonly string[] {
  if (decodedEscapes.length === 0 || !template.includes("{url}")) return [href];
  const decoded = href.replace(/%[0-9A-F]{2}/gi, (escape) =>
    decodedEscapes.includes(escape.toUpperCase()) ? decodeURIComponent(escape) : escape,
  );
  return decoded === href ? [href] : [href, decoded];
}
