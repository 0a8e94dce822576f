/** The value of a parameter. Null: of a type that no signature's own parameter has, such as a token or a decimal. */
export type BareItem = string | number | boolean | null;
export type Parameters = ReadonlyMap<string, BareItem>;

/** A member of an inner list: a quoted name with its parameters. */
export interface ListItem {
  readonly name: string;
  readonly parameters: Parameters;
}

/** An inner list as it was written, which is what gets signed, and as it reads. */
export interface InnerList {
  readonly raw: string;
  readonly items: readonly ListItem[];
  readonly parameters: Parameters;
}

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const BOOLEAN = /\?([01])/y;
const BYTES = /:([A-Za-z0-9+/]*={0,2}):/y;
/** Tokens, decimals and byte sequences. */
const OTHER = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*|-?\d{1,12}\.\d{1,3}(?![\d.])|:[A-Za-z0-9+/=]*:/y;
const SPACES = / */y;
const COMMA = /[ \t]*,[ \t]*/y;

/** Reads structured fields (RFC 8941, section 4.2) as far as signatures of messages need them. */
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

  since(start: number): string {
    return this.#text.slice(start, this.#at);
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

const unescaped = (text: string): string => text.replace(/\\(["\\])/g, "$1");

/** Undefined: nothing that could be a value. */
function readBareItem(reader: Reader): BareItem | undefined {
  const text = reader.take(STRING);
  if (text !== null) return unescaped(text[1] ?? "");
  const number = reader.take(INTEGER);
  if (number !== null) return Number(number[0]);
  const truth = reader.take(BOOLEAN);
  if (truth !== null) return truth[1] === "1";
  return reader.take(OTHER) === null ? undefined : null;
}

/** Null: malformed, or one name twice. */
function readParameters(reader: Reader): Parameters | null {
  const parameters = new Map<string, BareItem>();
  while (reader.eat(";")) {
    reader.take(SPACES);
    const key = reader.take(KEY)?.[0];
    if (key === undefined || parameters.has(key)) return null;
    const value = reader.eat("=") ? readBareItem(reader) : true;
    if (value === undefined) return null;
    parameters.set(key, value);
  }
  return parameters;
}

function readInnerList(reader: Reader): InnerList | null {
  const start = reader.at;
  if (!reader.eat("(")) return null;
  const items: ListItem[] = [];
  let apart = true;
  for (;;) {
    apart = reader.take(SPACES)?.[0] !== "" || apart;
    if (reader.eat(")")) break;
    const name = apart ? reader.take(STRING)?.[1] : undefined;
    const parameters = name === undefined ? null : readParameters(reader);
    if (name === undefined || parameters === null) return null;
    items.push({ name: unescaped(name), parameters });
    apart = false;
  }
  const parameters = readParameters(reader);
  return parameters === null ? null : { raw: reader.since(start), items, parameters };
}

/** Reads `name=value, name=value` with every value by the same rule; null where the text is anything else. */
function readDictionary<T>(text: string, readValue: (reader: Reader) => T | null): ReadonlyMap<string, T> | null {
  const reader = new Reader(text);
  const members = new Map<string, T>();
  reader.take(SPACES);
  while (!reader.ended) {
    const key = reader.take(KEY)?.[0];
    const value = key !== undefined && reader.eat("=") ? readValue(reader) : null;
    // A name that is there twice would let two readers see two signatures.
    if (key === undefined || value === null || members.has(key)) return null;
    members.set(key, value);
    reader.take(SPACES);
    if (!reader.ended && (reader.take(COMMA) === null || reader.ended)) return null;
  }
  return members;
}

/** `Signature-Input`: inner lists by label. */
export const readSignatureInputs = (text: string): ReadonlyMap<string, InnerList> | null => readDictionary(text, readInnerList);

/** `Signature` and `Content-Digest`: byte sequences by label, as base64. */
export const readByteSequences = (text: string): ReadonlyMap<string, string> | null =>
  readDictionary(text, (reader) => reader.take(BYTES)?.[1] ?? null);
