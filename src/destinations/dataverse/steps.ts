import { objectsIn, type JsonObject } from "../../domain/json.ts";
import { LINES, type Table } from "./tables.ts";

/** What has to happen to a row, in this order. */
export type Step =
  | { readonly do: "setState"; readonly state: string }
  | { readonly do: "setColumns"; readonly values: JsonObject }
  | { readonly do: "setLines"; readonly lines: readonly JsonObject[] }
  | { readonly do: "close"; readonly state: string };

const OPEN = "0";
const stateOf = (text: string): string => text.split("/")[0] ?? OPEN;

/**
 * From the state that a row is in to the one that it should be in, with its columns and lines changed on the way. A closed row
 * is opened first where closed rows of its table cannot be changed, and closed again afterwards; `null`: it stays as it is.
 */
export function stepsTo(table: Table, from: string, to: string | null, changes: JsonObject): readonly Step[] {
  const target = to ?? from;
  const { [LINES]: lines, ...columns } = changes;
  const reopens = Object.keys(changes).length > 0 && stateOf(from) !== OPEN && !table.editableWhenClosed;
  const opened = stateOf(target) === OPEN ? target : openState(table);
  const reached = reopens ? opened : from;
  return [
    ...(reopens ? [{ do: "setState", state: opened } as const] : []),
    ...(Object.keys(columns).length === 0 ? [] : [{ do: "setColumns", values: columns } as const]),
    ...(lines === undefined ? [] : [{ do: "setLines", lines: objectsIn(lines) } as const]),
    ...(reached === target ? [] : [{ do: table.closings[stateOf(target)] === undefined ? "setState" : "close", state: target } as const]),
  ];
}

/** The first word of a table that stands for an open row. */
function openState({ pairs }: Table): string {
  const words = pairs.flatMap((each) => (each.at === "state" ? Object.values(each.words ?? {}) : [])).map(String);
  return words.find((state) => stateOf(state) === OPEN) ?? `${OPEN}/1`;
}
