import { isJsonObject, parseJson, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { failureBy, type ErrorRule } from "../classify.ts";
import type { Failed, FieldError, ResponseSeen } from "../define.ts";
import type { Shape } from "./records.ts";

/** NetSuite's own error codes; the first rule that fits decides. */
export const ERROR_RULES: readonly ErrorRule[] = [
  // An asynchronous request whose idempotency key has a job already.
  { code: "IDEMPOTENCY_ERROR", is: "duplicate" },
  { code: /^INVALID_LOGIN/, is: "auth" },
  // Concurrency is counted over the whole account; a RESTlet says so with status 400.
  { code: /CONCURRENCY|REQUEST_LIMIT/, is: "throttled" },
  { code: "RCRD_HAS_BEEN_CHANGED", is: "conflict" },
  // Two first writes of one external id at once: the second finds the record when it is repeated.
  { code: /DUP/, says: /external ?id/i, is: "conflict" },
  { code: "UNEXPECTED_ERROR", is: "transient" },
  { code: /PERMISSION|FEATURE_DISABLED/, is: "config" },
  { code: "INVALID_CONTENT", says: /unknown (?:reference or )?field/i, is: "config" },
  { code: ["INVALID_CONTENT", "INVALID_KEY_OR_REF", "USER_ERROR", "NONEXISTENT_ID"], is: "business" },
  { code: /DUP/, is: "business" },
];

interface Detail {
  readonly code: string;
  readonly detail: string;
  readonly path: string;
}

/** A failure by NetSuite's error codes, with the fields in our names; `duplicate` where the idempotency key is known. */
export const failureOf = (response: ResponseSeen, shape: Shape): Failed | "duplicate" => {
  const details = detailsOf(response.body);
  return failureBy(
    response,
    {
      codes: details.map(({ code }) => code),
      detail: details.map(({ code, detail }) => `${code}: ${detail}`).join("; "),
      fields: details.flatMap((each) => fieldErrors(each, shape)),
    },
    ERROR_RULES,
  );
};

/** Whether the answer says that the record itself is not there. */
export const saysAbsent = ({ status, body }: ResponseSeen): boolean =>
  status === 404 && detailsOf(body).some(({ code }) => code === "NONEXISTENT_ID");

function detailsOf(body: string): readonly Detail[] {
  const parsed = parseJson(body);
  const listed = parsed.ok && isJsonObject(parsed.value) ? parsed.value["o:errorDetails"] : undefined;
  if (!Array.isArray(listed)) return [];
  return (listed as readonly JsonValue[]).flatMap((each) => {
    if (!isJsonObject(each)) return [];
    const [code, detail, path] = ["o:errorCode", "detail", "o:errorPath"].map((name) => scalarText(each[name]) ?? "");
    return code === undefined || code === "" ? [] : [{ code, detail: detail ?? "", path: path ?? "" }];
  });
}

/** `o:errorPath` is a path of the body, such as `entity.externalId` or `item.items[0].rate`. */
function fieldErrors({ detail, path }: Detail, shape: Shape): readonly FieldError[] {
  if (path === "") return [];
  const [first] = path.split(/[.[]/);
  const reference = shape.references.find(({ at }) => at === first);
  if (reference !== undefined) {
    const { field, kind } = reference;
    return [{ field, message: `NetSuite has no such ${kind}: deliver that one first (${detail})` }];
  }
  if (first === "item") return [{ field: path.replace(/^item\.items\[(\d+)\].*$/, "lines.$1"), message: detail }];
  return [{ field: shape.pairs.find(({ at }) => at === path || at.split(".")[0] === first)?.field ?? path, message: detail }];
}
