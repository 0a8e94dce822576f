import { rowByKey, type EntitySet } from "../../connection/odata-v4-set.ts";
import { quoted, withOptions } from "../../connection/odata-v4.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import type { Failed, Session } from "../define.ts";
import { failureOf } from "./errors.ts";
import { stateOf, type RecordSettings, type Resource } from "./records.ts";

export interface WriteSettings extends RecordSettings {
  readonly company: string;
  readonly onCreate: Readonly<Partial<Record<"customer" | "order", JsonObject>>>;
}
export type Talk = Session<WriteSettings>;

export const setUrl = ({ baseUrl, settings }: Pick<Talk, "baseUrl" | "settings">, { set }: Pick<Resource, "set">): string =>
  `${baseUrl}/companies(${settings.company})/${set}`;

/** How a resource is searched and walked; lines come with their order. */
export const setOf = (session: Talk, resource: Resource): EntitySet => ({
  name: resource.set,
  keyField: resource.keyField,
  walkedBy: { stamp: "lastModifiedDateTime", key: "number" },
  headers: { accept: "application/json" },
  searchUrl: (filter, options) => withOptions(setUrl(session, resource), { $filter: filter, ...options, $expand: resource.expand }),
  failureOf: (response) => failureOf(response, resource),
  stateOf: (row) => stateOf(row, resource),
});

export const findByKey = (session: Talk, resource: Resource, key: string): Promise<Result<JsonObject | "absent", Failed>> =>
  rowByKey(session, setOf(session, resource), key, `${resource.keyField} eq ${quoted(key)}`);
