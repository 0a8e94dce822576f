import type { RejectionReason } from "../domain/failure.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Unproven } from "./define.ts";
import type { InnerList, ListItem } from "./structured-fields.ts";

type Signed = Pick<Unproven, "method" | "url" | "headers">;

/** The text that was signed (RFC 9421, section 2.5), and what of the request it covers. */
export interface SignatureBase {
  readonly text: string;
  /** Names of components; a query parameter as `@query-param;name="x"`. */
  readonly covered: ReadonlySet<string>;
}

/** Refuses what is there twice, what we cannot derive, and parameters that would change what a component means. */
export function signatureBase(request: Signed, input: InnerList): Result<SignatureBase, RejectionReason> {
  const lines: string[] = [];
  const covered = new Set<string>();
  for (const item of input.items) {
    const suffix = parametersOf(item);
    if (suffix === null || !NAME.test(item.name) || covered.has(item.name + suffix)) return fail("signature_malformed");
    covered.add(item.name + suffix);
    const value = valueOf(request, item);
    if (!value.ok) return value;
    lines.push(`"${item.name}"${suffix}: ${value.value}`);
  }
  return ok({ text: [...lines, `"@signature-params": ${input.raw}`].join("\n"), covered });
}

/** A derived component, or a header's name in small letters: nothing that `Headers` would refuse to look for. */
const NAME = /^@?[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** A name as section 2.2.8 wants it encoded, so that it needs no escape in quotes. */
const ENCODED = /^[A-Za-z0-9*._%-]+$/;

function parametersOf({ name, parameters }: ListItem): string | null {
  if (name !== "@query-param") return parameters.size === 0 ? "" : null;
  const parameter = parameters.get("name");
  return parameters.size === 1 && typeof parameter === "string" && ENCODED.test(parameter) ? `;name="${parameter}"` : null;
}

type Value = Result<string, RejectionReason>;
const present = (value: string | null): Value => (value === null ? fail("components_missing") : ok(value));

function valueOf({ url, method, headers }: Signed, { name, parameters }: ListItem): Value {
  switch (name) {
    case "@method":
      return ok(method);
    case "@target-uri":
      return ok(url.href);
    case "@authority":
      return ok(url.host);
    case "@scheme":
      return ok(url.protocol.slice(0, -1));
    case "@request-target":
      return ok(`${url.pathname}${url.search}`);
    case "@path":
      return ok(url.pathname);
    case "@query":
      return ok(url.search === "" ? "?" : url.search);
    case "@query-param":
      return present(queryParameter(url, String(parameters.get("name"))));
    default:
      if (name.startsWith("@")) return fail("signature_malformed");
      // Where there is no Host header, the URL holds what it said.
      return present(headers.get(name) ?? (name === "host" ? url.host : null));
  }
}

/** Section 2.2.8: a parameter that is there once, decoded and encoded anew. */
function queryParameter(url: URL, name: string): string | null {
  const [value, ...more] = [...url.searchParams].filter(([key]) => encoded(key) === name);
  return value === undefined || more.length > 0 ? null : encoded(value[1]);
}

/** The percent-encode set of `application/x-www-form-urlencoded`, with spaces as %20: https://url.spec.whatwg.org/#percent-encoded-bytes */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
