import { isJsonObject, parseJson, objectsIn, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { failureBy, type ErrorRule, type ErrorSeen } from "../classify.ts";
import type { Failed, FieldError, ResponseSeen } from "../define.ts";
import type { Resource } from "./resources.ts";

/** What Fusion's refusals mean: codes of its framework (ADF business components), from memory, then statuses. */
export const RULES: readonly ErrorRule[] = [
  // Two records of one key.
  { code: ["JBO-25013", "JBO-26048"], is: "duplicate" },
  { status: [400, 409], says: /already exists/i, is: "duplicate" },
  // Somebody else holds the row.
  { code: ["JBO-26030", "JBO-26092"], is: "transient" },
  { code: "JBO-25014", is: "conflict" },
  // No such attribute, or one that nobody may write.
  { code: ["JBO-25058", "JBO-27008"], is: "config" },
  { code: /^JBO-27/, is: "business" },
  // The order may still be processed after a gateway has given up.
  { status: 504, is: "ambiguous" },
  // The collection itself: wrong version, or no right to it.
  { status: 404, is: "config" },
];

/** An error that stays after two tries comes from a flexfield that is not deployed, not from a bad moment. */
const TRIES_BEFORE_500_IS_CONFIG = 2;

/** A refusal in our words; `duplicate` where the key is there already. */
export function refusalOf(response: ResponseSeen, { pairs }: Resource, attempt = 1): Failed | "duplicate" {
  const refusal = failureBy(response, errorOf(response, pairs), RULES);
  if (refusal === "duplicate" || response.status !== 500 || attempt < TRIES_BEFORE_500_IS_CONFIG || refusal.class !== "transient")
    return refusal;
  return {
    ...refusal,
    class: "config",
    detail: `still after ${attempt} tries, so perhaps a flexfield is not deployed: ${refusal.detail}`.slice(0, 300),
  };
}

/** A refusal of a request that only reads: it can have had no effect. */
export function readRefusalOf(response: ResponseSeen, resource: Resource): Failed {
  const refusal = refusalOf(response, resource);
  if (refusal === "duplicate") return { kind: "failed", class: "business", detail: `HTTP ${response.status}` };
  return refusal.class === "ambiguous" ? { ...refusal, class: "transient" } : refusal;
}

/** Details of a JSON error; anything else (plain text, a gateway's page) is told by its beginning. */
function errorOf({ body }: ResponseSeen, pairs: Resource["pairs"]): ErrorSeen {
  const parsed = parseJson(body);
  if (!parsed.ok || !isJsonObject(parsed.value))
    return { codes: codesIn(body), ...(body.trim() === "" || isPage(body) ? {} : { detail: body }) };
  const details = objectsIn(parsed.value["o:errorDetails"]);
  const text = details.map(({ detail }) => scalarText(detail) ?? "").filter((each) => each !== "");
  const said = text.length > 0 ? text.join("; ") : (scalarText(parsed.value["detail"]) ?? scalarText(parsed.value["title"]) ?? "");
  return {
    codes: [...details.map((each) => scalarText(each["o:errorCode"]) ?? ""), ...codesIn(said)],
    ...(said === "" ? {} : { detail: said }),
    fields: details.flatMap((each) => fieldOf(each, pairs)),
  };
}

const isPage = (body: string): boolean => /^\s*</.test(body);
const codesIn = (text: string): readonly string[] => text.match(/\bJBO-\d{5}\b/g) ?? [];

/** `o:errorPath` is a JSON pointer such as `/lines/0/ProductNumber`. */
function fieldOf(error: JsonObject, pairs: Resource["pairs"]): readonly FieldError[] {
  const path = scalarText(error["o:errorPath"]) ?? "";
  const message = scalarText(error["detail"]) ?? "refused";
  const [, line, lineField] = /^\/lines\/(\d+)\/(\w+)$/.exec(path) ?? [];
  if (line !== undefined && lineField !== undefined) return [{ field: `lines.${line}.${LINE_FIELDS[lineField] ?? lineField}`, message }];
  const at = path.replace(/^\//, "");
  return at === "" ? [] : [{ field: pairs.find((each) => each.at === at)?.field ?? at, message }];
}

const LINE_FIELDS: Readonly<Record<string, string>> = { ProductNumber: "sku", OrderedQuantity: "quantity" };
