import { stepByStep } from "../../connection/step-by-step.ts";
import { same } from "../../domain/differences.ts";
import type { EntityKind } from "../../domain/entities/index.ts";
import { toCanonical, withTeamFields, type FieldPair, type TeamFields } from "../../domain/field-pairs.ts";
import type { JsonObject, JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type RemoteState } from "../define.ts";
import { change, searchRead, type Session } from "./rpc.ts";
import type { Settings } from "./settings.ts";
import { day, decimal, isStamp, microsOfStamp, msOfStamp } from "./values.ts";

/** One call that brings a record nearer to what is wanted. */
export interface Step {
  readonly method: string;
  /** The values of a `create` or `write`; nothing of a workflow's call. */
  readonly values?: JsonObject;
}

export interface Wanted {
  readonly delivery: Delivery;
  readonly session: Session;
}

/** How one of Tryton's models is read, and which step comes next on the way to what a delivery wants. */
export interface RecordKind {
  readonly model: string;
  /** Words of it for people. */
  readonly noun: string;
  readonly pairs: readonly FieldPair[];
  /** What is read besides the pairs' own fields. */
  readonly fields: readonly string[];
  /** Fields of the pairs that Tryton does not have, since `view` makes them of others. */
  readonly made: readonly string[];
  readonly byKey: (key: string, settings: Settings) => readonly JsonValue[];
  /** Beside every search for changes. */
  readonly scope: (settings: Settings) => readonly JsonValue[];
  readonly keyOf: (row: JsonObject) => string | null;
  /** A row as the pairs see it. */
  readonly view: (row: JsonObject, settings: Settings) => JsonObject;
  /** What the canonical data of a row has beside the pairs. */
  readonly more: (row: JsonObject) => JsonObject;
  /** The one record among those that carry the key, where a record of another key may be taken over too. */
  readonly choose: (rows: readonly JsonObject[], wanted: Wanted) => Promise<Result<JsonObject | null, Failed>>;
  readonly next: (row: JsonObject | null, wanted: Wanted) => Promise<Result<Step | "done", Failed>>;
}

/** Two records of one key are already too many to choose from by guessing. */
const ROWS_READ = 10;

/**
 * Brings a record about step by step. A workflow's call that Tryton's state does not allow answers success and changes
 * nothing, so the state is read after each.
 */
export const converge = (kind: RecordKind, wanted: Wanted): Promise<Outcome> =>
  stepByStep<JsonObject, Step>({
    find: () => find(kind, wanted),
    next: (row) => kind.next(row, wanted),
    take: (step, row) => take(step, { kind, row, ...wanted }),
    mark: (step, row) => `${step.method} ${scalarText(row?.["id"]) ?? ""} ${scalarText(row?.["state"]) ?? ""}`,
    unchanged: (step, row) => unchanged(kind, step, row),
    creates: ({ method }) => method === "create",
    remoteOf,
  });

const fieldsOf = (kind: RecordKind, settings: Settings, team: TeamFields | undefined): readonly string[] => {
  const asked = withTeamFields(kind.pairs, team).flatMap(({ at, currencyAt }) => (currencyAt === undefined ? [at] : [at, currencyAt]));
  return [
    ...new Set([...asked.filter((at) => !kind.made.includes(at)), ...kind.fields, "_timestamp", "write_date", "create_date", "create_uid"]),
  ];
};

/** Rows of a kind, with all that is needed to say what they hold. */
export function rowsOf(
  kind: RecordKind,
  session: Session,
  search: {
    readonly entity: EntityKind;
    readonly domain: readonly JsonValue[];
    readonly limit: number;
    readonly order?: readonly JsonValue[];
    readonly headers?: Readonly<Record<string, string>>;
  },
): Promise<Result<readonly JsonObject[], Failed>> {
  const fields = fieldsOf(kind, session.settings, teamOf(search.entity, session.settings));
  return searchRead(session, { ...search, model: kind.model, fields });
}

const find = async (kind: RecordKind, wanted: Wanted): Promise<Result<JsonObject | null, Failed>> => {
  const { delivery, session } = wanted;
  const { entity } = delivery;
  const rows = await rowsOf(kind, session, {
    entity: entity.kind,
    domain: kind.byKey(entity.key, session.settings),
    limit: ROWS_READ,
    headers: traceHeaders(delivery),
  });
  return rows.ok ? kind.choose(rows.value, wanted) : rows;
};

/** Every call on a record tells which state of it was read, so that Tryton refuses it when somebody else was first. */
function take(
  step: Step,
  on: { readonly kind: RecordKind; readonly row: JsonObject | null; readonly session: Session; readonly delivery: Delivery },
): Promise<Result<JsonValue, Failed>> {
  const { kind, row, session, delivery } = on;
  const call = { model: kind.model, method: step.method, headers: traceHeaders(delivery) };
  if (row === null) return change(session, { ...call, params: [[step.values ?? {}]] });
  const ids = [row["id"] ?? null];
  const context = { _timestamp: { [`${kind.model},${scalarText(row["id"]) ?? ""}`]: row["_timestamp"] ?? null } };
  return change(session, { ...call, params: step.values === undefined ? [ids] : [ids, step.values], context });
}

function unchanged(kind: RecordKind, step: Step, row: JsonObject | null): Failed {
  const of = row === null ? "" : ` ${scalarText(row["number"]) ?? scalarText(row["code"]) ?? scalarText(row["id"]) ?? ""}`;
  const state = scalarText(row?.["state"]);
  const changed = step.values === undefined ? "" : ` of ${Object.keys(step.values).join(", ")}`;
  return {
    kind: "failed",
    class: step.values === undefined ? "business" : "conflict",
    detail: `Tryton took "${step.method}"${changed} and left the ${kind.noun}${of} as it was${state === undefined ? "" : `, in state "${state}"`}`,
  };
}

/** What is wanted and not so yet. */
export const differing = (wanted: JsonObject, found: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(wanted).filter(([name, value]) => !same(value, found[name])));

/** Tryton's own fields that are days, beside what the settings say of the team's. */
const DAYS: NonNullable<Settings["types"]> = { sale_date: "date", invoice_date: "date" };

/** Values in the types that Tryton has for their fields. */
export function typed(values: JsonObject, settings: Settings): JsonObject {
  const types = { ...DAYS, ...settings.types };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const text = scalarText(value);
      if (text === undefined || types[name] === undefined) return [name, value];
      return [name, types[name] === "numeric" ? decimal(text) : day(text)];
    }),
  );
}

export const teamOf = (kind: EntityKind, { fields }: Settings): TeamFields | undefined => fields?.[kind];

const stampOf = (row: JsonObject): string => {
  const stamp = scalarText(row["write_date"]) ?? scalarText(row["create_date"]) ?? "";
  return isStamp(stamp) ? stamp : "1970-01-01T00:00:00.000000Z";
};

const remoteOf = (row: JsonObject) => {
  const number = scalarText(row["number"]) ?? scalarText(row["code"]);
  return { id: scalarText(row["id"]) ?? "", ...(number === undefined ? {} : { number }), version: microsOfStamp(stampOf(row)) };
};

/** A row in canonical words. A sale is read in the words of an order, whichever kind asks. */
export function stateOf(kind: RecordKind, entity: EntityKind, row: JsonObject, settings: Settings): Result<RemoteState, string> {
  const pairs = withTeamFields(kind.pairs, teamOf(entity, settings));
  const data = toCanonical(entity === "opportunity" ? "order" : entity, kind.view(row, settings), pairs);
  if (!data.ok) return fail(`${kind.noun} ${scalarText(row["id"]) ?? ""}: ${data.failure}`);
  return ok({ ...bareState(kind, row), data: { ...data.value, ...kind.more(row) } });
}

/** A row of which only is known which it is, since what it holds cannot be said in canonical words. */
export const bareState = (kind: RecordKind, row: JsonObject): RemoteState => ({
  remote: remoteOf(row),
  key: kind.keyOf(row),
  data: {},
  order: { kind: "int", value: microsOfStamp(stampOf(row)) },
  modifiedAtMs: msOfStamp(stampOf(row)),
  deleted: false,
});
