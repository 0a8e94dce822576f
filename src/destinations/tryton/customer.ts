import { pair, toRemote, withTeamFields } from "../../domain/field-pairs.ts";
import { objectsIn, type JsonObject, type JsonValue } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import type { Failed } from "../define.ts";
import { differing, teamOf, typed, type RecordKind, type Step, type Wanted } from "./converge.ts";
import type { Settings } from "./settings.ts";

/**
 * A customer is a party under our key as its `code`, which is unique in Tryton. E-mail, phone and tax id are records of
 * their own there. A party is never deleted, since documents refer to it, but set inactive.
 */
export const customer: RecordKind = {
  model: "party.party",
  noun: "party",
  pairs: [
    pair.text("name", "name"),
    pair.text("email", "email", { maxCharacters: 320 }),
    pair.text("phone", "phone"),
    pair.text("taxId", "taxId"),
    pair.word("status", "active", { active: "true", prospect: "true", inactive: "false" }),
  ],
  fields: ["code", "active", "contact_mechanisms.type", "contact_mechanisms.value", "identifiers.type", "identifiers.code"],
  made: ["taxId", "email", "phone"],
  // Inactive ones are found only when they are asked for.
  byKey: (key) => [
    ["code", "=", key],
    ["active", "in", [true, false]],
  ],
  scope: () => [["active", "in", [true, false]]],
  keyOf: (row) => scalarText(row["code"]) ?? null,
  view,
  more: () => ({}),
  choose: (rows) => Promise.resolve(ok(rows[0] ?? null)),
  next: (row, wanted) => Promise.resolve(next(row, wanted)),
};

function view(row: JsonObject, settings: Settings): JsonObject {
  return {
    ...row,
    // SQLite tells booleans as 1 and 0.
    active: row["active"] === true || row["active"] === 1 ? "true" : "false",
    email: scalarText(mechanism(row, "email")?.["value"]) ?? null,
    phone: scalarText(mechanism(row, "phone")?.["value"]) ?? null,
    taxId: scalarText(identifier(row, settings)?.["code"]) ?? null,
  };
}

function next(row: JsonObject | null, { delivery, session }: Wanted): Result<Step | "done", Failed> {
  const { settings } = session;
  const found = row === null ? {} : view(row, settings);
  if (delivery.deleted) return ok(row === null || found["active"] === "false" ? "done" : { method: "write", values: { active: false } });
  const pairs = withTeamFields(customer.pairs, teamOf("customer", settings));
  const wanted = toRemote(delivery.data, pairs, delivery.cleared);
  if (!wanted.ok) return fail(unwritable(wanted.failure));
  const missing = Object.fromEntries(
    Object.entries(differing(wanted.value, found)).filter(
      ([name, value]) => name !== "phone" || compact(value) !== compact(found["phone"]),
    ),
  );
  if (row !== null) return ok(Object.keys(missing).length === 0 ? "done" : { method: "write", values: valuesOf(missing, row, settings) });
  // Without an address there can be no sale to it.
  return ok({ method: "create", values: { code: delivery.entity.key, addresses: [["create", [{}]]], ...valuesOf(missing, {}, settings) } });
}

function valuesOf(fields: JsonObject, row: JsonObject, settings: Settings): JsonObject {
  const { email, phone, taxId, active, ...own } = fields;
  const mechanisms = [
    ...(email === undefined ? [] : commands(email, "value", { type: "email" }, mechanism(row, "email"))),
    ...(phone === undefined ? [] : commands(phone, "value", { type: "phone" }, mechanism(row, "phone"))),
  ];
  const identifiers = taxId === undefined ? [] : commands(taxId, "code", { type: settings.taxIdType }, identifier(row, settings));
  return {
    ...typed(own, settings),
    ...(active === undefined ? {} : { active: active === "true" }),
    ...(mechanisms.length === 0 ? {} : { contact_mechanisms: mechanisms }),
    ...(identifiers.length === 0 ? {} : { identifiers }),
  };
}

/** What a party's list of sub-records must be told, so that the one of this type has this value, or is gone for null. */
function commands(value: JsonValue, at: string, made: JsonObject, held: JsonObject | undefined): readonly JsonValue[] {
  if (held === undefined) return value === null ? [] : [["create", [{ ...made, [at]: value }]]];
  return value === null ? [["delete", [held["id"] ?? null]]] : [["write", [held["id"] ?? null], { [at]: value }]];
}

const mechanism = (row: JsonObject, type: string): JsonObject | undefined =>
  objectsIn(row["contact_mechanisms"]).find((each) => each["type"] === type);

const identifier = (row: JsonObject, { taxIdType }: Settings): JsonObject | undefined =>
  objectsIn(row["identifiers"]).find((each) => each["type"] === taxIdType);

/** Tryton may write a phone number in another form. */
const compact = (value: JsonValue | undefined): string => (scalarText(value) ?? "").replace(/[\s().-]/g, "");
