import { readPath, type JsonObject } from "../json.ts";
import { scalarText } from "../mapping.ts";

/** A field's value as text (dotted, such as `amount.currency`); empty where there is none, or no single value. */
export const textOf = (data: JsonObject, path: string): string => scalarText(readPath(data, path)) ?? "";
