import type { JsonObject, JsonValue } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { DecodeFailure } from "../sources/define.ts";
import { readText, unintelligible } from "./document.ts";

/** The fields of a form, in the order sent; a name may come more than once. */
export type Form = readonly (readonly [name: string, value: string])[];

/** Far more than a sender has fields: more is an attack or a mistake. */
const MOST_FIELDS = 1_000;

const CONTENT_TYPE = /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i;

export const isForm = (contentType: string): boolean => CONTENT_TYPE.test(contentType);

/**
 * Reads `application/x-www-form-urlencoded` without guessing: bytes and escapes must be UTF-8, and every escape whole.
 * Values stay the text that was sent, so that "00420" keeps its zeros.
 */
export function readForm(body: Uint8Array): Result<Form, DecodeFailure> {
  const text = readText(body);
  if (text === null) return unintelligible("the form is not UTF-8 text");
  const fields = text.split("&", MOST_FIELDS + 1);
  if (fields.length > MOST_FIELDS) return unintelligible(`the form has more than ${MOST_FIELDS} fields`);
  const form: (readonly [string, string])[] = [];
  for (const [at, field] of fields.entries()) {
    if (field === "") continue;
    const read = readField(field);
    if (!read.ok) return unintelligible(`field ${at + 1} of the form: ${read.failure}`);
    form.push(read.value);
  }
  return ok(form);
}

function readField(field: string): Result<readonly [string, string], string> {
  const equals = field.indexOf("=");
  const name = unescaped(equals < 0 ? field : field.slice(0, equals));
  const value = unescaped(equals < 0 ? "" : field.slice(equals + 1));
  return name === null || value === null ? fail("an escape in it is broken or is not UTF-8") : ok([name, value]);
}

/** `decodeURIComponent` refuses broken escapes, overlong forms and lone surrogates by throwing. */
function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

/** The first value of a field. */
export const firstOf = (form: Form, name: string): string | undefined => form.find(([given]) => given === name)?.[1];

/** The form as a record: a field that comes more than once is a list. */
export function recordOf(form: Form): JsonObject {
  const values = new Map<string, JsonValue>();
  for (const [name, value] of form) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : Array.isArray(before) ? [...(before as readonly JsonValue[]), value] : [before, value]);
  }
  return Object.fromEntries(values);
}
