/** A member of an inner list: a quoted name with its parameters. */
export interface ListItem {
  readonly name: string;
  readonly parameters: Parameters;
}
export type Parameters = ReadonlyMap<string, string | number | boolean>;

/** An inner list as it was written, which is what gets signed, and as it reads. */
export interface InnerList {
  readonly raw: string;
  readonly items: readonly ListItem[];
  readonly parameters: Parameters;
}

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/y;
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y;
const SPACE = / */y;
const COMMA = /[ \t]*,[ \t]*/y;

/** Reads structured fields (RFC 8941) as far as HTTP signatures need them; throws `Malformed` within this file only. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get at(): number {
    return this.#at;
  }

  get ended(): boolean {
    return this.#at === this.#text.length;
  }

  slice(from: number): string {
    return this.#text.slice(from, this.#at);
  }

  take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  eat(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }
}

function readParameters(reader: Reader): Parameters | null {
  const parameters = new Map<string, string | number | boolean>();
  while (reader.eat(";")) {
    reader.take(SPACE);
    const key = reader.take(KEY)?.[0];
    if (key === undefined || parameters.has(key)) return null;
    const value = reader.eat("=") ? readBare(reader) : true;
    if (value === null) return null;
    parameters.set(key, value);
  }
  return parameters;
}

function readBare(reader: Reader): string | number | boolean | null {
  const text = reader.take(STRING);
  if (text !== null) return (text[1] ?? "").replace(/\\(["\\])/g, "$1");
  if (reader.eat("?")) return reader.eat("1") ? true : reader.eat("0") ? false : null;
  const number = reader.take(INTEGER);
  return number === null ? (reader.take(TOKEN)?.[0] ?? null) : Number(number[0]);
}

function readInnerList(reader: Reader): InnerList | null {
  const start = reader.at;
  if (!reader.eat("(")) return null;
  const items: ListItem[] = [];
  for (;;) {
    reader.take(SPACE);
    if (reader.eat(")")) break;
    const name = reader.take(STRING)?.[1];
    const parameters = name === undefined ? null : readParameters(reader);
    if (name === undefined || parameters === null) return null;
    items.push({ name, parameters });
  }
  const parameters = readParameters(reader);
  return parameters === null ? null : { raw: reader.slice(start), items, parameters };
}

/** Reads `name=value, name=value` with every value by the same rule; null where the text is anything else. */
function readDictionary<T>(text: string, readValue: (reader: Reader) => T | null): ReadonlyMap<string, T> | null {
  const reader = new Reader(text.trim());
  const members = new Map<string, T>();
  while (!reader.ended) {
    const key = reader.take(KEY)?.[0];
    const value = key !== undefined && reader.eat("=") ? readValue(reader) : null;
    // A key that is there twice would let two readers see two signatures.
    if (key === undefined || value === null || members.has(key)) return null;
    members.set(key, value);
    if (!reader.ended && (reader.take(COMMA) === null || reader.ended)) return null;
  }
  return members;
}

/** `Signature-Input`: inner lists by label. */
export const readSignatureInputs = (text: string): ReadonlyMap<string, InnerList> | null => readDictionary(text, readInnerList);

/** `Signature` and `Content-Digest`: byte sequences by label, as base64. */
export const readByteSequences = (text: string): ReadonlyMap<string, string> | null =>
  readDictionary(text, (reader) => reader.take(BYTES)?.[1] ?? null);
