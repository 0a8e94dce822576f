import { readPath, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";

/**
 * A text with `{path}` where a value goes, and `{#path}...{/path}` round what is only there if the value is: once for a
 * value or an object, once for each item of a list. Within a section, paths are looked for in the object or item first;
 * `{.}` is the item itself.
 */
export type Template = readonly Piece[];

type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "value"; readonly path: string }
  | { readonly kind: "section"; readonly path: string; readonly inner: Template };

const TAG = /\{([#/]?)([^{}\s]+)\}/;

/** Takes a template apart. Fails with words where a section does not end, or ends what did not begin. */
export function compile(text: string): Result<Template, string> {
  // Splitting by a pattern with two groups leaves text, sign and path in turn.
  const parts = text.split(TAG);
  const open: { readonly path: string; readonly pieces: Piece[] }[] = [{ path: "", pieces: [] }];
  for (let at = 0; at < parts.length; at += 3) {
    const [literal = "", sign, path = ""] = parts.slice(at, at + 3);
    const here = open.at(-1)?.pieces ?? [];
    if (literal !== "") here.push({ kind: "text", text: literal });
    if (sign === "#") open.push({ path, pieces: [] });
    else if (sign === "/") {
      const section = open.pop();
      if (open.length === 0 || section?.path !== path) return fail(`{/${path}} ends nothing that {#${path}} began`);
      open.at(-1)?.pieces.push({ kind: "section", path, inner: section.pieces });
    } else if (sign === "") here.push({ kind: "value", path });
  }
  const [whole, unended] = open;
  return unended === undefined ? ok(whole?.pieces ?? []) : fail(`{#${unended.path}} has no {/${unended.path}}`);
}

/** Fills a template in. What is not there leaves nothing; every value is escaped. */
export const fill = (template: Template, ...scopes: readonly JsonValue[]): string =>
  template
    .map((piece) => {
      switch (piece.kind) {
        case "text":
          return piece.text;
        case "value":
          return escapeXml(textOf(find(piece.path, scopes)));
        case "section":
          return itemsOf(find(piece.path, scopes))
            .map((item) => fill(piece.inner, item, ...scopes))
            .join("");
      }
    })
    .join("");

function find(path: string, scopes: readonly JsonValue[]): JsonValue | undefined {
  if (path === ".") return scopes[0];
  for (const scope of scopes) {
    const value = readPath(scope, path);
    if (value !== undefined) return value;
  }
  return undefined;
}

const itemsOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly JsonValue[]) : [value];

const textOf = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return "";
  return scalarText(value) ?? JSON.stringify(value);
};

/** White space too, which a parser would otherwise make spaces or line feeds of (XML 1.0 sections 2.11 and 3.3.3). */
const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
/** What no XML 1.0 document can hold (section 2.2), escaped or not. */
const IMPOSSIBLE = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Text for an element or a quoted attribute (XML 1.0 section 2.4). Characters that XML cannot hold become U+FFFD. */
export const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(IMPOSSIBLE, "\uFFFD")
    .replace(/[&<>"'\t\n\r]/g, (character) => ENTITIES[character] ?? character);

/**
 * What a template can become, to be checked: with every section, with none, and each section alone. Values are such
 * that they break it wherever a value cannot safely stand.
 */
export const samplesOf = (template: Template): readonly string[] => [
  sampleOf(template, true),
  sampleOf(template, false),
  ...template.flatMap((piece) => (piece.kind === "section" ? samplesOf(piece.inner) : [])),
];

const SAMPLE_VALUE = "a b=c";

const sampleOf = (template: Template, whole: boolean): string =>
  template
    .map((piece) => {
      if (piece.kind === "text") return piece.text;
      if (piece.kind === "value") return SAMPLE_VALUE;
      return whole ? sampleOf(piece.inner, true) : "";
    })
    .join("");
