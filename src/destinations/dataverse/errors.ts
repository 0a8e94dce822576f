import { errorSeenIn } from "../../connection/odata-v4.ts";
import { failureBy, type ErrorRule } from "../classify.ts";
import type { Failed, FieldError, ResponseSeen } from "../define.ts";
import type { Table } from "./tables.ts";

/**
 * Codes of https://learn.microsoft.com/en-us/power-apps/developer/data-platform/reference/web-service-error-codes, as the
 * Web API gives them. Service protection limits: https://learn.microsoft.com/en-us/power-apps/developer/data-platform/api-limits.
 */
export const ERRORS: readonly ErrorRule[] = [
  // Requests, execution time and concurrent requests of one user on one server.
  { code: ["0x80072322", "0x80072321", "0x80072326", "0x8005f103", "0x80060308"], is: "throttled" },
  { status: 429, is: "throttled" },
  { status: 401, is: "auth" },
  // Another value of the row violates one of the table's keys; our own key is created or updated as it is.
  { code: "0x80060892", is: "duplicate" },
  // ConcurrencyVersionMismatch, and what If-None-Match says.
  { code: "0x80060882", is: "conflict" },
  // DuplicateRecord and DuplicateRecordsFound: by id, and by a duplicate detection rule.
  { code: ["0x80040237", "0x80040333"], is: "business" },
  { status: 412, is: "conflict" },
  // SqlTimeout, generic SQL error, a transaction rolled back by a deadlock, UnexpectedError.
  { code: ["0x80044151", "0x80044150", "0x80040255", "0x80040216"], is: "transient" },
  // PrivilegeDenied in two forms, a user that is not enabled.
  { code: ["0x80040220", "0x80048306", "0x80040225", "0x8004d24b"], is: "config" },
  // RecordNotFoundByEntityKey, ObjectDoesNotExist: a row that is referred to.
  { code: ["0x80060891", "0x80040217"], is: "business" },
  // A property that the table does not have, told as an error of the payload.
  { code: "0x80048d19", says: /undeclared property|does not exist on type|invalid property/i, is: "config" },
  { status: 404, says: /resource not found for the segment/i, is: "config" },
  { status: 400, is: "business" },
];

/** Columns and tables as messages name them. */
const COLUMN = /(?:length of the|value \S+ of|value of|attribute|property) '(\w+)'|'(\w+)' (?:attribute|contains invalid data)/i;
const REFERRED = /specified key values does not exist in (\w+) entity|entity '(\w+)' with id/i;

export function failureOf(response: ResponseSeen, table: Table): Failed | "duplicate" {
  const seen = errorSeenIn(response);
  const codes = seen.codes.map((code) => code.toLowerCase());
  return failureBy(response, { ...seen, codes, fields: fieldErrors(seen.detail ?? "", table) }, ERRORS);
}

export const certainly = (failure: Failed | "duplicate"): Failed =>
  failure === "duplicate" ? { kind: "failed", class: "business", detail: "another row has a value that must be unique" } : failure;

function fieldErrors(detail: string, table: Table): readonly FieldError[] {
  const referred = REFERRED.exec(detail);
  const name = (referred?.[1] ?? referred?.[2])?.toLowerCase();
  const reference = table.references.find((each) => each.table === name);
  if (reference !== undefined) {
    const field = table.pairs.find(({ at }) => at === reference.navigation)?.field ?? reference.navigation;
    return [{ field, message: `Dataverse has no ${reference.table} with this key; create that ${reference.to ?? "currency"} first` }];
  }
  const match = COLUMN.exec(detail);
  const column = match?.[1] ?? match?.[2];
  if (column === undefined) return [];
  return [{ field: table.pairs.find(({ at }) => at === column)?.field ?? column, message: detail }];
}
