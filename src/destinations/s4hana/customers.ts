import { toRemote, writtenPart } from "../../domain/field-pairs.ts";
import { objectsIn, type JsonObject } from "../../domain/json.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { unwritable } from "../classify.ts";
import { traceHeaders, type Delivery, type Failed, type Outcome, type Session } from "../define.ts";
import { READ_HEADERS, change, converge, etagOf, failed, get, idOfNew, list, type Talk } from "./api.ts";
import { carriedKey, keyCarried, type Carrier } from "./carried-key.ts";
import { ODATA, entityPath, literal, queryOf, textAt } from "./odata.ts";
import { pathOf } from "./services.ts";
import type { Settings } from "./settings.ts";
import { customerPairs, fieldNames, propertiesOf } from "./tables.ts";

const PARTNERS = "A_BusinessPartner";
const IDENTIFICATIONS = "A_BuPaIdentification";
const ORGANIZATION = "2";
/** A name is cut into as many of these as it needs, 40 characters each. */
const NAME_FIELDS = ["OrganizationBPName1", "OrganizationBPName2", "OrganizationBPName3", "OrganizationBPName4"] as const;
const NAME_CHARACTERS = 40;
const STAMP_FIELDS = ["LastChangeDate", "LastChangeTime", "CreationDate", "CreationTime"] as const;
const OWN_FIELDS = ["BusinessPartner", "Customer", "BusinessPartnerIsBlocked", "IsMarkedForArchiving"] as const;
/** Numbers looked up in one request, so that an address stays below 2,000 characters. */
const NUMBERS_PER_REQUEST = 40;

export const customerTalk = (session: Session<Settings>, headers: Talk["headers"] = READ_HEADERS): Talk => ({
  session,
  odata: ODATA.v2,
  root: `${session.baseUrl}${pathOf("customer", session.settings)}`,
  headers,
  fieldOf: (property) =>
    (NAME_FIELDS as readonly string[]).includes(property) ? "name" : fieldNames(customerPairs(session.settings))(property),
});

/** Both carriers turn letters into capitals (`sap:display-format` of the service's description). */
const carrierOf = ({ customerKey, keyMark }: Settings): Carrier => ({
  mark: keyMark,
  maxCharacters: "identification" in customerKey ? 60 : 20,
  upperCase: true,
});

/** What is read of a business partner, with whatever carries our key. */
export function customerQuery(settings: Settings): Readonly<Record<string, string>> {
  const { customerKey } = settings;
  const fields = [...OWN_FIELDS, ...NAME_FIELDS, ...STAMP_FIELDS, ...propertiesOf(customerPairs(settings))];
  const carrier = "field" in customerKey ? [customerKey.field] : [];
  const parts = "identification" in customerKey ? { to_BuPaIdentification: ["BPIdentificationType", "BPIdentificationNumber"] } : {};
  return ODATA.v2.select([...new Set([...fields, ...carrier])], parts);
}

/** Our key of a business partner as it is read; null where it has none that can be read back. */
export function keyOfCustomer(record: JsonObject, settings: Settings): string | null {
  const { customerKey } = settings;
  if ("field" in customerKey) return keyCarried(textAt(record, customerKey.field), carrierOf(settings));
  const keys = objectsIn(ODATA.v2.part(record, "to_BuPaIdentification"))
    .filter((each) => textAt(each, "BPIdentificationType") === customerKey.identification)
    .map((each) => keyCarried(textAt(each, "BPIdentificationNumber"), carrierOf(settings)));
  return keys.find((key) => key !== null) ?? null;
}

/** The business partners that carry our key: one, unless somebody has copied it. */
export async function customersOf(key: string, talk: Talk): Promise<Result<readonly JsonObject[], Failed>> {
  const { settings } = talk.session;
  const { customerKey } = settings;
  const carried = literal(await carriedKey(key, carrierOf(settings)));
  if ("field" in customerKey) {
    const filter = `${customerKey.field} eq ${carried}`;
    const found = await list(talk, `${PARTNERS}?${queryOf({ filter, top: "2", ...customerQuery(settings) })}`);
    return found.ok ? ok(found.value.rows) : found;
  }
  const filter = `BPIdentificationType eq ${literal(customerKey.identification)} and BPIdentificationNumber eq ${carried}`;
  const held = await list(talk, `${IDENTIFICATIONS}?${queryOf({ filter, top: "2", select: "BusinessPartner" })}`);
  if (!held.ok) return held;
  const found: JsonObject[] = [];
  for (const row of held.value.rows) {
    const partner = await get(talk, `${entityPath(PARTNERS, textAt(row, "BusinessPartner"))}?${queryOf(customerQuery(settings))}`);
    if (!partner.ok) return partner;
    if (partner.value !== "absent") found.push(partner.value);
  }
  return ok(found);
}

/** The number that a customer of ours is sold to under; a missing one names the record to make first. */
export async function customerNumber(key: string, session: Session<Settings>): Promise<Result<string, Failed>> {
  const found = await customersOf(key, customerTalk(session));
  if (!found.ok) return found;
  const [customer, second] = found.value;
  const refuse = (message: string) => fail(unwritable([{ field: "customerId", message }]));
  if (customer === undefined) return refuse(`the customer "${key}" is not in S/4HANA: create it first, or give it our key`);
  if (second !== undefined) return refuse(`the key "${key}" is carried by more than one business partner`);
  const number = textAt(customer, "Customer");
  return number === ""
    ? refuse(`business partner ${textAt(customer, "BusinessPartner")} has no customer's role, so nothing can be sold to it`)
    : ok(number);
}

/** Our keys of customers by their numbers; those without one are not in it. */
export async function keysOfCustomers(
  numbers: readonly string[],
  session: Session<Settings>,
): Promise<Result<ReadonlyMap<string, string>, Failed>> {
  const wanted = [...new Set(numbers)].filter((number) => number !== "");
  const keys = new Map<string, string>();
  const talk = customerTalk(session);
  for (let at = 0; at < wanted.length; at += NUMBERS_PER_REQUEST) {
    const asked = wanted.slice(at, at + NUMBERS_PER_REQUEST);
    const filter = `(${asked.map((number) => `Customer eq ${literal(number)}`).join(" or ")})`;
    for (let last = ""; ;) {
      const after = last === "" ? filter : `${filter} and BusinessPartner gt ${literal(last)}`;
      const page = await list(
        talk,
        `${PARTNERS}?${queryOf({ filter: after, orderby: "BusinessPartner", ...customerQuery(session.settings) })}`,
      );
      if (!page.ok) return page;
      for (const record of page.value.rows) {
        const key = keyOfCustomer(record, session.settings);
        if (key !== null) keys.set(textAt(record, "Customer"), key);
      }
      last = textAt(page.value.rows.at(-1) ?? {}, "BusinessPartner");
      if (!page.value.more || last === "") break;
    }
  }
  return ok(keys);
}

/**
 * Makes or changes the business partner of a key. None is ever deleted, since its documents refer to it: it is blocked
 * and marked for archiving, which a later state takes back.
 */
export async function writeCustomer(delivery: Delivery, session: Session<Settings>): Promise<Outcome> {
  const talk = customerTalk(session, traceHeaders(delivery));
  const fields = toRemote(delivery.data, customerPairs(session.settings), delivery.nature === "delta" ? delivery.cleared : []);
  if (!fields.ok) return unwritable(fields.failure);
  const name = nameFields(delivery.data);
  if (!name.ok) return name.failure;
  const body = delivery.deleted ? GONE : { ...fields.value, ...name.value, ...blockOf(delivery.data), IsMarkedForArchiving: false };
  return converge({
    key: delivery.entity.key,
    idOf: (partner) => textAt(partner, "BusinessPartner"),
    find: () => customersOf(delivery.entity.key, talk),
    create: () =>
      delivery.deleted ? Promise.resolve({ kind: "applied", duplicate: true }) : createCustomer(delivery.entity.key, body, talk),
    update: async (partner) => {
      const id = textAt(partner, "BusinessPartner");
      const changed = await change(talk, "PATCH", entityPath(PARTNERS, id), { etag: etagOf(talk, partner), body });
      return changed.ok ? { kind: "applied", duplicate: false, remote: { id, number: id } } : changed.failure;
    },
  });
}

const GONE: JsonObject = { BusinessPartnerIsBlocked: true, IsMarkedForArchiving: true };

async function createCustomer(key: string, fields: JsonObject, talk: Talk): Promise<Outcome> {
  const { settings } = talk.session;
  const { customerKey, customerGrouping, customerRoles } = settings;
  const carried = await carriedKey(key, carrierOf(settings));
  const identification = "identification" in customerKey ? customerKey.identification : null;
  const body = {
    BusinessPartnerCategory: ORGANIZATION,
    ...(customerGrouping === undefined ? {} : { BusinessPartnerGrouping: customerGrouping }),
    ...fields,
    ...("field" in customerKey ? { [customerKey.field]: carried } : {}),
    ...(identification === null
      ? {}
      : { to_BuPaIdentification: [{ BPIdentificationType: identification, BPIdentificationNumber: carried }] }),
    ...(customerRoles.length === 0 ? {} : { to_BusinessPartnerRole: customerRoles.map((role) => ({ BusinessPartnerRole: role })) }),
  };
  const answer = await change(talk, "POST", PARTNERS, { body });
  if (!answer.ok) return answer.failure;
  const id = idOfNew(answer.value, "BusinessPartner", talk.odata);
  if (id === null) return failed("ambiguous", "the answer says success but names no business partner");
  return { kind: "applied", duplicate: false, remote: { id, number: id } };
}

/** A name in as many fields as it needs, cut between words; a single word longer than a field is read back in two. */
function nameFields({ name }: JsonObject): Result<JsonObject, Failed> {
  if (typeof name !== "string") return ok({});
  const parts: string[] = [];
  for (let rest = name; rest !== "";) {
    const space = rest.length > NAME_CHARACTERS ? rest.lastIndexOf(" ", NAME_CHARACTERS) : -1;
    const end = space > 0 ? space : NAME_CHARACTERS;
    parts.push(rest.slice(0, end));
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  if (parts.length > NAME_FIELDS.length)
    return fail(unwritable([{ field: "name", message: `needs more than ${NAME_FIELDS.length} fields of ${NAME_CHARACTERS} characters` }]));
  return ok(Object.fromEntries(NAME_FIELDS.map((field, at) => [field, parts[at] ?? ""])));
}

const blockOf = ({ status }: JsonObject): JsonObject => (status === undefined ? {} : { BusinessPartnerIsBlocked: status === "inactive" });

/** What is read beside the field table: the name put together, and whether it is blocked. */
export const customerWords = (record: JsonObject): JsonObject => {
  const name = NAME_FIELDS.map((field) => textAt(record, field))
    .filter((part) => part !== "")
    .join(" ");
  return { ...(name === "" ? {} : { name }), status: record["BusinessPartnerIsBlocked"] === true ? "inactive" : "active" };
};

/** What a later read tells of what was written. There is no prospect there. */
export function writtenCustomer({ data }: Delivery, settings: Settings): JsonObject {
  const { name, status } = data;
  return {
    ...writtenPart(data, customerPairs(settings)),
    ...(name === undefined ? {} : { name }),
    ...(status === "active" || status === "inactive" ? { status } : {}),
  };
}
