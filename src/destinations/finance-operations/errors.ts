import { errorSeenIn } from "../../connection/odata-v4.ts";
import { failureBy, type ErrorRule } from "../classify.ts";
import type { Failed, FieldError, ResponseSeen } from "../define.ts";
import type { Resource } from "./records.ts";

/** The service gives no codes: what happened is in the inner message, the log of the business logic (Infolog). */
export const ERRORS: readonly ErrorRule[] = [
  { status: 429, is: "throttled" },
  { status: 401, is: "auth" },
  { status: 403, is: "config" },
  { says: /record already exists/i, is: "duplicate" },
  { says: /update conflict|changed by another (?:user|process)/i, is: "conflict" },
  { says: /deadlock|temporarily unavailable|timeout expired/i, is: "transient" },
  { says: /property '.+' does not exist on type|no HTTP resource was found/i, is: "config" },
  // Also where the status is 500: the logic has looked at the data and refused it.
  { says: /Infolog|Write failed for table row|validate(?:Write|Field|Delete) failed/i, is: "business" },
];

/** An update or deletion of what is not there: 404, or 400 with this text. */
export const isAbsent = (response: ResponseSeen): boolean =>
  (response.status === 404 && !/no HTTP resource was found/i.test(response.body)) ||
  /no resources? (?:were|was) found when selecting for update/i.test(errorSeenIn(response).detail ?? "");

/** Labels by which the log names fields. */
const LABELS: Readonly<Record<string, string>> = {
  "customer account": "OrderingCustomerAccountNumber",
  currency: "CurrencyCode",
  name: "OrganizationName",
};
const NAMED = /field '([^']+)'/gi;

export function failureOf(response: ResponseSeen, resource: Resource): Failed | "duplicate" {
  const seen = errorSeenIn(response);
  const detail = messagesOf(seen.detail ?? "");
  const fields = [...detail.matchAll(NAMED)].map(([, label = ""]): FieldError => ({ field: fieldOf(label, resource), message: detail }));
  return failureBy(response, { ...seen, ...(detail === "" ? {} : { detail }), fields }, ERRORS);
}

/** The log's own messages, without the frame around them that says nothing. */
function messagesOf(detail: string): string {
  const log = detail.split("Infolog:")[1];
  if (log === undefined) return detail;
  const messages = log
    .split(";")
    .map((part) => part.trim().replace(/^(?:Warning|Error|Info):\s*/i, ""))
    .filter((part) => part !== "" && !/^validate\w+ failed on data source/i.test(part));
  return `Infolog: ${messages.join("; ")}`;
}

function fieldOf(label: string, { pairs }: Resource): string {
  const name = LABELS[label.toLowerCase()] ?? label.replaceAll(" ", "");
  return pairs.find(({ at }) => at.toLowerCase() === name.toLowerCase())?.field ?? label;
}
