import { isJsonObject, parseJson, objectsIn, type JsonObject } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Failed, ResponseSeen, Session } from "../define.ts";
import { cleanText } from "../outcome-of-status.ts";
import { readRefusalOf } from "./errors.ts";
import type { Resource } from "./resources.ts";
import type { Settings } from "./settings.ts";

/** Expressions in `q`, children as collections with `hasMore`. */
const FRAMEWORK = { "rest-framework-version": "4" };
/** The second asks for errors with codes and paths in them. */
const ACCEPT = { accept: "application/json, application/vnd.oracle.adf.error+json" };
export const READ_HEADERS = { ...FRAMEWORK, ...ACCEPT, "user-agent": "signalbox" };
/** Of a write; trace headers come before them. */
export const WRITE_HEADERS = { ...FRAMEWORK, ...ACCEPT, "content-type": "application/vnd.oracle.adf.resourceitem+json" };
export const failed = (kind: Failed["class"], detail: string): Failed => ({ kind: "failed", class: kind, detail: cleanText(detail) });

export interface Collection {
  readonly items: readonly JsonObject[];
  readonly hasMore: boolean;
  readonly answer: ResponseSeen;
}

/** One page of a collection. `totalResults` is not asked for, since it cannot be relied on. */
export async function collection(
  session: Session<Settings>,
  resource: Resource,
  query: Readonly<Record<string, string>>,
  below = "",
): Promise<Result<Collection, Failed>> {
  const url = `${session.baseUrl}${resource.path}${below}?${new URLSearchParams(query).toString()}`;
  const answer = await session.send({ method: "GET", url, headers: READ_HEADERS });
  if (!answer.ok) return answer;
  if (answer.value.status !== 200) return fail(readRefusalOf(answer.value, resource));
  const body = bodyOf(answer.value);
  const items = body?.["items"];
  if (!Array.isArray(items)) return fail(failed("transient", "the answer is no collection"));
  return ok({
    items: objectsIn(items),
    hasMore: body?.["hasMore"] === true,
    answer: answer.value,
  });
}

export function bodyOf({ body }: ResponseSeen): JsonObject | undefined {
  const parsed = parseJson(body);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : undefined;
}
