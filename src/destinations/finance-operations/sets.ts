import { rowAt, rowByKey, type EntitySet } from "../../connection/odata-v4-set.ts";
import { literal, quoted, withOptions } from "../../connection/odata-v4.ts";
import type { JsonObject } from "../../domain/json.ts";
import type { Result } from "../../domain/result.ts";
import type { Failed, Session } from "../define.ts";
import { failureOf, isAbsent } from "./errors.ts";
import { LINES } from "./lines.ts";
import { stateOf, type RecordSettings, type Resource } from "./records.ts";

export interface WriteSettings extends RecordSettings {
  readonly onCreate: Readonly<Partial<Record<"customer" | "order", JsonObject>>>;
}
export type Talk = Session<WriteSettings>;

export const HEADERS = { accept: "application/json", "odata-version": "4.0", "odata-maxversion": "4.0" };
/** Without it only records of the application's default company are seen. */
export const CROSS_COMPANY = { "cross-company": "true" };

export const setUrl = ({ baseUrl }: Pick<Talk, "baseUrl">, { set }: Pick<Resource, "set">): string => `${baseUrl}/data/${set}`;

/** A record by its company and one field more. */
export const addressOf = (
  session: Talk,
  { set }: Pick<Resource, "set">,
  key: { readonly field: string; readonly value: string },
  options: Readonly<Record<string, string>> = {},
): string =>
  withOptions(`${setUrl(session, { set })}(dataAreaId=${literal(session.settings.company)},${key.field}=${literal(key.value)})`, {
    ...CROSS_COMPANY,
    ...options,
  });

/** Lines come with their order. */
const expansionOf = ({ lines }: Resource): Readonly<Record<string, string>> => (lines === undefined ? {} : { $expand: LINES });

/** How an entity is searched and walked within the company. */
export const setOf = (session: Talk, resource: Resource): EntitySet => ({
  name: resource.set,
  keyField: resource.keyField,
  walkedBy: {
    ...(resource.stamp === undefined ? {} : { stamp: resource.stamp }),
    key: resource.addressedBy ?? resource.keyField,
  },
  headers: HEADERS,
  searchUrl: (filter, options) =>
    withOptions(setUrl(session, resource), {
      ...CROSS_COMPANY,
      $filter: [`dataAreaId eq ${quoted(session.settings.company)}`, ...(filter === undefined ? [] : [filter])].join(" and "),
      ...options,
      ...expansionOf(resource),
    }),
  failureOf: (response) => failureOf(response, resource),
  stateOf: (row) => stateOf(row, resource),
});

/** The one row with this key: by its address where our key is the entity's, else by a search. */
export const findByKey = (session: Talk, resource: Resource, key: string): Promise<Result<JsonObject | "absent", Failed>> => {
  const { addressedBy, keyField } = resource;
  const set = setOf(session, resource);
  return addressedBy === keyField
    ? rowAt(session, set, addressOf(session, resource, { field: keyField, value: key }, expansionOf(resource)), isAbsent)
    : rowByKey(session, set, key, `${keyField} eq ${quoted(key)}`);
};
