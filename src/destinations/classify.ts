import type { FailureClass } from "../domain/failure.ts";
import type { Failed, FieldError, ResponseSeen } from "./define.ts";
import { classOfStatus, cleanText, detailOf, retryAfterMs } from "./outcome-of-status.ts";

/**
 * One line of a system's table of errors. It fits when every condition that it names holds; `says` looks at the text of
 * the error, for systems that have no better. `duplicate`: it has this key already.
 */
export interface ErrorRule {
  readonly status?: number | readonly number[];
  /** The system's own code, or a pattern of it. */
  readonly code?: string | readonly string[] | RegExp;
  readonly says?: RegExp;
  readonly is: FailureClass | "duplicate";
}

/** What a module has read from an answer that is no success. */
export interface ErrorSeen {
  readonly codes: readonly string[];
  /** For a person; absent: the beginning of the body. */
  readonly detail?: string;
  readonly fields?: readonly FieldError[];
}

/** The first rule that fits decides; else the status does (RFC 9110). */
export const classOfError = (response: ResponseSeen, seen: ErrorSeen, rules: readonly ErrorRule[]): ErrorRule["is"] => {
  const rule = rules.find((each) => fits(each, response, seen));
  if (rule !== undefined) return rule.is;
  const byStatus = classOfStatus(response.status);
  // A success that the module calls an error, of a kind that no rule knows.
  return byStatus === "applied" ? "transient" : byStatus;
};

/** A failure by a system's table; `duplicate` where the system says that it has this key already. */
export function failureBy(response: ResponseSeen, seen: ErrorSeen, rules: readonly ErrorRule[]): Failed | "duplicate" {
  const is = classOfError(response, seen, rules);
  if (is === "duplicate") return is;
  const waitMs = is === "transient" || is === "throttled" ? retryAfterMs(response) : undefined;
  const fields = (seen.fields ?? []).map(({ field, message }) => ({ field: cleanText(field), message: cleanText(message) }));
  return {
    kind: "failed",
    class: is,
    detail: seen.detail === undefined || seen.detail === "" ? detailOf(response) : cleanText(seen.detail),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(fields.length === 0 ? {} : { fields }),
  };
}

function fits(rule: ErrorRule, { status }: ResponseSeen, seen: ErrorSeen): boolean {
  if (rule.status !== undefined && ![rule.status].flat().includes(status)) return false;
  if (rule.says !== undefined && !rule.says.test(seen.detail ?? "")) return false;
  const { code } = rule;
  if (code === undefined) return true;
  return seen.codes.some((each) => (code instanceof RegExp ? code.test(each) : [code].flat().includes(each)));
}

/** A business failure that is found before anything is sent: the record cannot be put into this system's words. */
export const unwritable = (fields: readonly FieldError[]): Failed => ({
  kind: "failed",
  class: "business",
  detail: cleanText(fields.map(({ field, message }) => `${field}: ${message}`).join("; ")),
  fields,
});
