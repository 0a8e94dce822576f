import { isJsonObject, objectsIn, type JsonObject, type JsonValue } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { readName } from "./document.ts";

/** What Dataverse tells of one operation on one row, its lists of pairs as plain objects. */
export interface ExecutionContext {
  /** Logical names, such as `salesorder` and `Update`. */
  readonly table: string;
  readonly message: string;
  /** Null where the operation is not on one row. */
  readonly rowId: string | null;
  readonly organizationId: string | null;
  /** The asynchronous job, equal on its second attempt; null for a synchronous step. */
  readonly operationId: string | null;
  readonly correlationId: string | null;
  readonly operationCreatedOn: string | null;
  readonly initiatingUserId: string | null;
  readonly stage: string | null;
  readonly depth: number;
  /** The columns that were written; null where the operation says less, or its message was too large. */
  readonly target: JsonObject | null;
  /** The row's columns before and after, by the image's alias. */
  readonly before: Images;
  readonly after: Images;
}

export type Images = Readonly<Record<string, JsonObject>>;

const ZERO_ID = "00000000-0000-0000-0000-000000000000";

/** Reads the JSON of a RemoteExecutionContext. */
export function readExecutionContext(document: JsonObject): Result<ExecutionContext, string> {
  const table = readName(document["PrimaryEntityName"]);
  const message = readName(document["MessageName"]);
  if (table === null || message === null) return fail("no PrimaryEntityName or no MessageName: it is no execution context of Dataverse");
  const target = byKey(document["InputParameters"])["Target"];
  const output = byKey(document["OutputParameters"]);
  return ok({
    table,
    message,
    rowId: readId(document["PrimaryEntityId"]) ?? readId(isJsonObject(target) ? target["Id"] : undefined) ?? readId(output["id"]),
    organizationId: readId(document["OrganizationId"]),
    operationId: readId(document["OperationId"]),
    correlationId: readId(document["CorrelationId"]),
    operationCreatedOn: readName(document["OperationCreatedOn"]),
    initiatingUserId: readId(document["InitiatingUserId"]),
    stage: readName(document["Stage"]),
    depth: typeof document["Depth"] === "number" ? document["Depth"] : 1,
    target: columnsOf(target),
    before: imagesOf(document["PreEntityImages"]),
    after: imagesOf(document["PostEntityImages"]),
  });
}

const readId = (value: JsonValue | undefined): string | null => {
  const id = readName(value);
  return id === ZERO_ID ? null : id;
};

/** A list of `{key, value}` as an object; of a key that is there twice the last counts. */
function byKey(list: JsonValue | undefined): JsonObject {
  return Object.fromEntries(objectsIn(list).flatMap(({ key, value }) => (typeof key === "string" ? [[key, value ?? null]] : [])));
}

const columnsOf = (entity: JsonValue | undefined): JsonObject | null =>
  isJsonObject(entity) && Array.isArray(entity["Attributes"]) ? plainMembers(byKey(entity["Attributes"])) : null;

/** Put by Dataverse itself on every asynchronous step: it holds a row's id and name only, whatever else the row has. */
const NAME_IMAGE = "AsynchronousStepPrimaryName";

function imagesOf(list: JsonValue | undefined): Images {
  const images = Object.entries(byKey(list)).map(([alias, entity]) => [alias, columnsOf(entity)] as const);
  return Object.fromEntries(images.filter((image): image is [string, JsonObject] => image[0] !== NAME_IMAGE && image[1] !== null));
}

const plainMembers = (members: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(members).flatMap(([name, value]) => (name === "__type" ? [] : [[name, plain(value)]])));

/**
 * A column's value as other systems write it: of choices, money and aliased values what they hold, of a reference its
 * id, dates in ISO 8601. It goes by their members, since `__type` is left out in places.
 */
function plain(value: JsonValue): JsonValue {
  if (typeof value === "string") return isoOf(value);
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(plain);
  if (!isJsonObject(value)) return value;
  if (Array.isArray(value["Attributes"])) return columnsOf(value) ?? {};
  if (Array.isArray(value["Entities"])) return (value["Entities"] as readonly JsonValue[]).map(plain);
  if (Object.hasOwn(value, "Id") && Object.hasOwn(value, "LogicalName")) return plain(value["Id"] ?? null);
  return Object.hasOwn(value, "Value") ? plain(value["Value"] ?? null) : plainMembers(value);
}

function isoOf(text: string): string {
  const ms = readDate(text);
  return ms === null ? text : new Date(ms).toISOString();
}

const DATE = /^\/Date\((-?\d{1,16})(?:([+-])(\d{2})(\d{2}))?\)\/$/;
const LATEST_MS = 8.64e15;

/**
 * Milliseconds since 1970 of `/Date(ms)/` or `/Date(ms±hhmm)/`. Columns have the first form, in UTC. In the second the
 * offset is added: Microsoft's own example is only right that way, whatever else the form means elsewhere.
 */
export function readDate(text: string): number | null {
  const [, digits, sign, hours, minutes] = DATE.exec(text) ?? [];
  if (digits === undefined) return null;
  const offset = sign === undefined ? 0 : (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60_000 : 60_000);
  const ms = Number(digits) + offset;
  return Math.abs(ms) <= LATEST_MS ? ms : null;
}
