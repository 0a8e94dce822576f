import { isJsonObject, type JsonObject, type JsonValue } from "./json.ts";

/** One place at which two states differ; a side that has nothing there is undefined. */
export interface Change {
  readonly path: readonly string[];
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

/** Where two states differ, by field, as deep as both have the same shape. Lists of different length differ as a whole. */
export function differences(before: JsonObject, after: JsonObject): readonly Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted();
  return names.flatMap((name) => between(valueAt(before, name), valueAt(after, name), [name]));
}

const valueAt = (object: JsonObject, name: string): JsonValue | undefined => (Object.hasOwn(object, name) ? object[name] : undefined);

function between(before: JsonValue | undefined, after: JsonValue | undefined, path: readonly string[]): readonly Change[] {
  if (isJsonObject(before) && isJsonObject(after) && Object.keys(before).length > 0 && Object.keys(after).length > 0)
    return differences(before, after).map((change) => ({ ...change, path: [...path, ...change.path] }));
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((item: JsonValue, index) => between(item, after[index] as JsonValue, [...path, String(index)]));
  return same(before, after) ? [] : [{ path, before, after }];
}

/** Equal but for the order of names. */
function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (isJsonObject(a) && isJsonObject(b)) return Object.keys(a).length === Object.keys(b).length && differences(a, b).length === 0;
  return a === b;
}
