import type { FailureClass } from "../../../src/domain/failure.ts";

/** What a system answers to a write, and what that is. */
export interface Refusal {
  readonly status: number;
  readonly body: string;
  readonly is: FailureClass;
}

type Row = readonly [status: number, code: string, message: string, is: FailureClass];

const told = (bodyOf: (code: string, message: string) => object, rows: readonly Row[]): readonly Refusal[] =>
  rows.map(([status, code, message, is]) => ({ status, body: JSON.stringify(bodyOf(code, message)), is }));

const odata = (code: string, message: string) => ({ error: { code, message } });
/** The log of the business logic is in the inner message. */
const infolog = (code: string, message: string) => ({
  error: { code, message: "An error has occurred.", innererror: { message, type: "", stacktrace: "at Dynamics.AX" } },
});
const frappe = (code: string, message: string) => ({ exc_type: code, exception: `frappe.exceptions.${code}: ${message}` });
const odoo = (name: string, message: string) => ({ name, message, arguments: [], debug: "" });
const oracle = (code: string, detail: string) => ({
  title: "Bad Request",
  status: "400",
  "o:errorDetails": [{ detail, "o:errorCode": code, "o:errorPath": "" }],
});
const netsuite = (code: string, detail: string) => ({ status: 400, "o:errorDetails": [{ detail, "o:errorCode": code }] });
const soapFault = (code: string, text: string) =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>x:${code}</faultcode><faultstring>${text}</faultstring></s:Fault></s:Body></s:Envelope>`;

/** By trial: every kind of refusal that the module's table tells apart, in the system's own words. */
export const REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  "business-central": told(odata, [
    [400, "Request_EntityChanged", "Another user has already changed the record.", "conflict"],
    [409, "Request_EntityChanged", "Another user has already changed the record.", "conflict"],
    [401, "Authentication_InvalidCredentials", "The server has rejected the client credentials.", "auth"],
    [400, "Authorization_RequestDenied", "You do not have permission.", "config"],
    [404, "Internal_CompanyNotFound", "The company does not exist.", "config"],
    [400, "Internal_InvalidTableRelation", "The field Currency Code of table Customer contains a value that cannot be found.", "business"],
    [400, "Application_DialogException", "Post code must be filled in.", "business"],
    [400, "Application_DialogException", "The table is locked by another user.", "transient"],
    [400, "Internal_ServerError", "Try again.", "transient"],
    [400, "BadRequest", "The request is invalid.", "business"],
    [400, "BadRequest_ResourceNotFound", "Resource not found for the segment.", "config"],
  ]),
  dataverse: told(odata, [
    [400, "0x80072322", "Number of requests exceeded the limit.", "throttled"],
    [400, "0x80060308", "Too many requests.", "throttled"],
    [412, "0x80060882", "The version of the existing record doesn't match.", "conflict"],
    [412, "0x80040237", "A record with matching key values already exists.", "business"],
    [412, "0x80040333", "A duplicate was found.", "business"],
    [412, "", "Precondition failed.", "conflict"],
    [400, "0x80044151", "SQL timeout expired.", "transient"],
    [400, "0x80040216", "An unexpected error occurred.", "transient"],
    [403, "0x80040220", "SecLib::AccessCheckEx failed.", "config"],
    [404, "0x80060891", "A record with the specified key values does not exist in account entity", "business"],
    [400, "0x80048d19", "Error identified in Payload: An undeclared property 'x' was found.", "config"],
    [400, "0x80048d19", "Error identified in Payload: a literal is invalid.", "business"],
    [404, "", "Resource not found for the segment 'accounts2'.", "config"],
    [400, "0x80048d00", "Nobody has seen this.", "business"],
  ]),
  "finance-operations": told(infolog, [
    [500, "", "Write failed for table row of type 'X'. Infolog: Error: Update Conflict due to another user process", "conflict"],
    [500, "", "Infolog: Error: deadlock, where one or more users have simultaneously locked the whole table", "transient"],
    [400, "", "The property 'Nope' does not exist on type 'X'.", "config"],
    [500, "", "Write failed for table row of type 'X'. Infolog: Error: Customer group must be filled in.", "business"],
    [403, "", "No rights.", "config"],
  ]),
  erpnext: told(frappe, [
    [409, "TimestampMismatchError", "Document has been modified after you have opened it", "conflict"],
    [500, "QueryDeadlockError", "Deadlock found", "transient"],
    [417, "DocumentLockedError", "Document is locked", "transient"],
    [429, "RateLimitExceededError", "Too many", "throttled"],
    [500, "TooManyRequestsError", "Too many", "throttled"],
    [403, "AuthenticationError", "Who are you", "auth"],
    [403, "PermissionError", "No", "config"],
    [417, "DataError", "Field not permitted in query: nope", "config"],
    [404, "DoesNotExistError", "Item X not found", "business"],
    [500, "LinkExistsError", "Cannot cancel because it is linked", "business"],
    [417, "ValidationError", "Value missing", "business"],
    [417, "MandatoryError", "[Sales Order, SO-1]: customer", "business"],
  ]),
  odoo: told(odoo, [
    [404, "odoo.exceptions.MissingError", "The record has been deleted.", "conflict"],
    [422, "odoo.exceptions.UserError", "No.", "business"],
    [500, "odoo.exceptions.RedirectWarning", "Set up the company first.", "business"],
    [403, "odoo.exceptions.AccessError", "You may not.", "config"],
    [403, "odoo.exceptions.AccessDenied", "Who are you?", "auth"],
    [403, "odoo.http.SessionExpiredException", "Session expired.", "auth"],
    [500, "psycopg2.errors.LockNotAvailable", "lock not available", "transient"],
    [500, "psycopg2.OperationalError", "server closed the connection", "transient"],
    [500, "psycopg2.errors.NotNullViolation", "null value", "business"],
    [404, "werkzeug.exceptions.NotFound", "no such model", "config"],
    [422, "builtins.KeyError", "'nope'", "config"],
    [500, "werkzeug.exceptions.TooManyRequests", "slow down", "throttled"],
  ]),
  tryton: told(
    (code, message) => ({ id: 1, error: code === "UserError" ? [code, [message, "", null]] : [code, message] }),
    [
      [200, "UserError", `You are trying to read records "7" of "Party" that don't exist anymore.`, "conflict"],
      [200, "ConcurrencyException", "Record was modified", "conflict"],
      [200, "LoginException", "password", "auth"],
      [200, "RateLimitException", "", "throttled"],
      [200, "Missing context argument", "", "config"],
      [200, "could not serialize access due to concurrent update", "", "transient"],
    ],
  ),
  freshdesk: told(
    (code, message) => ({ code, message }),
    [
      [401, "invalid_credentials", "You have to be logged in.", "auth"],
      [403, "account_suspended", "Your account has been suspended.", "auth"],
      [403, "access_denied", "You are not authorized.", "config"],
      [403, "require_feature", "The feature is not supported.", "config"],
      [400, "invalid_json", "Request body has invalid json format", "business"],
      [409, "duplicate_value", "It should be a unique value", "business"],
    ],
  ),
  zendesk: told(
    (error, description) => ({ error, description }),
    [
      [409, "DatabaseConflict", "Database collision", "transient"],
      [409, "", "Database collision", "transient"],
      [404, "RecordNotFound", "Not found", "conflict"],
      [400, "IdempotentRequestError", "The same key with other parameters", "conflict"],
      [503, "TooManyRequests", "Slow down", "throttled"],
      [422, "RecordInvalid", "Record validation errors", "business"],
    ],
  ),
  servicenow: told(
    (message, detail) => ({ error: { message, detail }, status: "failure" }),
    [
      [403, "Operation Failed", "ACL Exception Insert Failed due to security constraints", "config"],
      [403, "Operation Failed", "Data Policy Exception: Short description is mandatory", "business"],
      [403, "Operation Failed", "Error during insert: Operation against file 'incident' was aborted by Business Rule 'Check'", "business"],
      [400, "Invalid table x_y", "", "config"],
      [404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval", "conflict"],
      [404, "Requested path does not exist", "", "config"],
      [500, "Transaction cancelled: maximum execution time exceeded", "", "ambiguous"],
      [504, "Gateway timeout", "", "ambiguous"],
    ],
  ),
  netsuite: told(netsuite, [
    [401, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt.", "auth"],
    [400, "CONCURRENCY_LIMIT_EXCEEDED", "Too many at once.", "throttled"],
    [403, "REQUEST_LIMIT_EXCEEDED", "Too many.", "throttled"],
    [400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed.", "conflict"],
    [400, "DUP_RCRD", "A record with this External ID already exists.", "conflict"],
    [400, "DUP_ENTITY", "This entity already exists.", "business"],
    [500, "UNEXPECTED_ERROR", "An unexpected error occurred.", "transient"],
    [403, "INSUFFICIENT_PERMISSION", "Permission violation.", "config"],
    [400, "INVALID_CONTENT", "Unknown reference or field name nope", "config"],
    [400, "INVALID_CONTENT", "Invalid value for amount", "business"],
    [400, "USER_ERROR", "Please enter value(s) for: Subsidiary", "business"],
  ]),
  "oracle-fusion": told(oracle, [
    [400, "JBO-26030", "Another user holds the row.", "transient"],
    [400, "JBO-25014", "Another user has changed the row.", "conflict"],
    [400, "JBO-25058", "Definition Nope is not found.", "config"],
    [400, "JBO-27008", "Attribute X cannot be set.", "config"],
    [400, "JBO-27014", "Attribute X is required.", "business"],
    [504, "", "Gateway timeout", "ambiguous"],
  ]),
  "soap 1.1, UsernameToken": (
    [
      [500, "FailedAuthentication", "auth"],
      [500, "MessageExpired", "transient"],
      [500, "UnsupportedSecurityToken", "config"],
      [500, "MustUnderstand", "config"],
      [500, "Client.Invalid", "business"],
      [500, "Server", "transient"],
      // Whatever a fault is called, a service that is overrun or not there says so by its status.
      [429, "Client", "throttled"],
      [503, "Client", "transient"],
      [504, "Client", "ambiguous"],
    ] as const
  ).map(([status, code, is]) => ({ status, body: soapFault(code, "no"), is })),
};
