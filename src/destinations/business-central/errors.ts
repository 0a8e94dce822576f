import { errorSeenIn } from "../../connection/odata-v4.ts";
import { failureBy, type ErrorRule } from "../classify.ts";
import type { Failed, FieldError, ResponseSeen } from "../define.ts";
import type { Resource } from "./records.ts";

/**
 * Codes of https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/api-reference/v2.0/dynamics-error-codes.
 * They say what happened where the status says only 400.
 */
export const ERRORS: readonly ErrorRule[] = [
  { status: 429, is: "throttled" },
  { status: 401, is: "auth" },
  { code: "Request_EntityChanged", is: "conflict" },
  { code: "BadRequest_InvalidToken", is: "conflict" },
  { code: "Internal_EntityWithSameKeyExists", is: "duplicate" },
  { code: ["Internal_ServerError", "Internal_TenantUnavailable"], is: "transient" },
  // The table is locked by another session; the text is all there is to know it by.
  { code: ["Application_DialogException", "Internal_ServerError"], says: /locked (?:by|because)|deadlock/i, is: "transient" },
  { code: "Authentication_InvalidCredentials", is: "auth" },
  { code: /^Authorization_/, is: "config" },
  { code: "Internal_CompanyNotFound", is: "config" },
  {
    code: [
      "Internal_RecordNotFound",
      "Internal_InvalidTableRelation",
      "Internal_DataNotFoundFilter",
      "BadRequest_RequiredParamNotProvided",
    ],
    is: "business",
  },
  { code: /^Application_/, is: "business" },
  { code: "BadRequest", is: "business" },
  { code: /^BadRequest_/, is: "config" },
];

/** Fields as messages name them: `The field X of table`, `Field 'x' must`, `X must have a value in`, `Control 'X'`. */
const NAMED = /\bthe field (.+?) of table|\b(?:field|control) '([^']+)'|^(.+?) must (?:have a value in|be equal to)/i;

/** Captions of the pages, as far as they are not the property's name with spaces. */
const CAPTIONS: Readonly<Record<string, string>> = {
  "sell-to customer no.": "customerNumber",
  "customer no.": "customerNumber",
  "currency code": "currencyCode",
  "no.": "number",
};

export function failureOf(response: ResponseSeen, resource: Resource): Failed | "duplicate" {
  const seen = errorSeenIn(response);
  const match = NAMED.exec(seen.detail ?? "");
  const named = match === null ? undefined : (match[1] ?? match[2] ?? match[3]);
  return failureBy(response, named === undefined ? seen : { ...seen, fields: [fieldError(named, seen.detail ?? "", resource)] }, ERRORS);
}

function fieldError(named: string, message: string, { pairs }: Resource): FieldError {
  const said = named.toLowerCase();
  const property = CAPTIONS[said] ?? said.replaceAll(" ", "");
  return { field: pairs.find(({ at }) => at.toLowerCase() === property.toLowerCase())?.field ?? named, message };
}
