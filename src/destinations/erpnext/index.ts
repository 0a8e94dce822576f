import { stepByStep } from "../../connection/step-by-step.ts";
import type { EntityKind } from "../../domain/entities/index.ts";
import { toCanonical, withTeamFields, writtenPart } from "../../domain/field-pairs.ts";
import { readPath, objectsIn, type JsonObject } from "../../domain/json.ts";
import { scalarText } from "../../domain/mapping.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { confirmsByWriting, defineDestination, traceHeaders, type Delivery, type Failed, type RemoteState } from "../define.ts";
import { get, list, type Filter, type Session } from "./api.ts";
import { page } from "./changes.ts";
import { DOCUMENTS, type DocumentKind } from "./documents.ts";
import { Settings } from "./settings.ts";
import { fromSiteTime } from "./site-time.ts";
import { find, next, take, wantedLines, type Step } from "./steps.ts";

const KINDS = Object.keys(DOCUMENTS) as readonly EntityKind[];
const NO_KIND = unwritable([{ field: "kind", message: "ERPNext is not set up to hold this kind" }]);

/**
 * ERPNext 14 and later over Frappe's REST API (https://docs.frappe.io/framework/user/en/api/rest; exceptions and document
 * life from github.com/frappe/frappe). The base URL is the site's. Secrets `apiKey` and `apiSecret` of a user of its own.
 */
export const erpnext = defineDestination<Settings>({
  module: "erpnext",
  title: "ERPNext",
  settings: Settings,
  facts: {
    auth: "API key and secret (`Authorization: token`)",
    upsert: "a unique custom field holds our key; found by it, else created; drafts are submitted; `modified` guards every change",
    order: "`modified`, microseconds, as text",
    changedSince: "keyset on (modified, name) in the site's time zone",
    limits: "off unless the site sets them: processing time, 429 with `Retry-After`",
    proven: "strict fake",
  },
  secretNames: () => ["apiKey", "apiSecret"],
  kinds: KINDS,
  deduplicates: true,
  knowsLateCopies: true,
  authentication: {
    apply: (request, _credential, { secrets }) => ({
      ...request,
      headers: { ...request.headers, authorization: `token ${secrets["apiKey"] ?? ""}:${secrets["apiSecret"] ?? ""}` },
    }),
  },
  write: (delivery, session) => {
    const document = DOCUMENTS[delivery.entity.kind];
    if (document === undefined) return Promise.resolve(NO_KIND);
    const wanted = { document, delivery, session };
    return stepByStep<JsonObject, Step>({
      find: () => find(session, document, delivery.entity.key, traceHeaders(delivery)),
      next: (row) => next(row, wanted),
      take: (step, row) => take(step, row, wanted),
      mark: ({ does }, row) => `${does} ${scalarText(row?.["name"]) ?? ""} ${scalarText(row?.["docstatus"]) ?? ""}`,
      unchanged: ({ does }, row) => unchanged(does, document, row),
      creates: ({ does }) => does === "create",
      remoteOf,
    });
  },
  confirm: confirmsByWriting,
  written: (delivery, settings) => written(delivery, settings),
  read: async (ref, session) => {
    const document = DOCUMENTS[ref.kind];
    if (document === undefined) return fail(NO_KIND);
    const row = ref.by === "key" ? await find(session, document, ref.value) : await get(session, document.doctype, ref.value);
    if (!row.ok) return row;
    if (row.value === null) return ok("absent");
    const keys = await customerKeys([row.value], session);
    if (!keys.ok) return keys;
    const state = stateOf(row.value, ref.kind, { document, keys: keys.value, settings: session.settings });
    return state.ok ? state : fail({ kind: "failed", class: "config", detail: state.failure });
  },
  changes: {
    kinds: KINDS,
    resolutionMs: 1,
    // When clocks go back, an hour of the site's time comes twice.
    overlapMs: 3_900_000,
    lagMs: 60_000,
    tellsDeletions: false,
    page: (query, session) => {
      const document = DOCUMENTS[query.kind];
      if (document === undefined) return Promise.resolve(fail(NO_KIND));
      return page(document, query, session, async (rows) => {
        const keys = await customerKeys(rows, session);
        if (!keys.ok) return keys;
        // One that cannot be said in canonical words must not stop the rest: it differs in everything, and a person sees it.
        return ok(
          rows.map((row) => {
            const state = stateOf(row, query.kind, { document, keys: keys.value, settings: session.settings });
            return state.ok ? state.value : { ...bareState(row, session.settings), data: {} };
          }),
        );
      });
    },
  },
});

const remoteOf = (row: JsonObject) => {
  const name = scalarText(row["name"]) ?? "";
  return { id: name, number: name, version: scalarText(row["modified"]) ?? "" };
};

function unchanged(does: Step["does"], document: DocumentKind, row: JsonObject | null): Failed {
  const name = scalarText(row?.["name"]) ?? "";
  return { kind: "failed", class: "conflict", detail: `ERPNext took "${does}" and left the ${document.doctype} ${name} as it was` };
}

/** Our keys of the customers that documents name, by their names. */
async function customerKeys(rows: readonly JsonObject[], session: Session): Promise<Result<ReadonlyMap<string, string>, Failed>> {
  const names = [...new Set(rows.flatMap((row) => scalarText(row["customer"]) ?? []))];
  if (names.length === 0) return ok(new Map());
  const { keyField } = session.settings;
  const filters: readonly Filter[] = [["name", "in", names]];
  const found = await list(session, { doctype: "Customer", fields: ["name", keyField], filters, limit: names.length });
  if (!found.ok) return found;
  return ok(
    new Map(
      found.value.flatMap((row) => {
        const [name, key] = [scalarText(row["name"]), scalarText(row[keyField])];
        return name === undefined || key === undefined ? [] : [[name, key]];
      }),
    ),
  );
}

interface Reading {
  readonly document: DocumentKind;
  readonly keys: ReadonlyMap<string, string>;
  readonly settings: Settings;
}

/** A document in canonical words. An order is read in the words of an order, whichever kind asks. */
function stateOf(row: JsonObject, kind: EntityKind, { document, keys, settings }: Reading): Result<RemoteState, string> {
  const data = toCanonical(
    kind === "opportunity" ? "order" : kind,
    document.view(row),
    withTeamFields(document.pairs, settings.fields?.[kind]),
  );
  if (!data.ok) return fail(`${document.doctype} ${scalarText(row["name"]) ?? ""}: ${data.failure}`);
  const customerId = keys.get(scalarText(row["customer"]) ?? "");
  const lines = document.hasLines && Array.isArray(row["items"]) ? linesOf(row) : null;
  const raw = document.hasLines ? { statusRaw: scalarText(row["status"]) ?? "" } : {};
  return ok({
    ...bareState(row, settings),
    data: { ...data.value, ...raw, ...(customerId === undefined ? {} : { customerId }), ...(lines === null ? {} : { lines: [...lines] }) },
  });
}

function bareState(row: JsonObject, { keyField, timeZone }: Settings): Omit<RemoteState, "data"> {
  const modified = scalarText(row["modified"]) ?? "";
  return {
    remote: remoteOf(row),
    key: scalarText(row[keyField]) ?? null,
    order: modified === "" ? { kind: "none" } : { kind: "lex", value: modified },
    modifiedAtMs: fromSiteTime(modified, timeZone),
    deleted: false,
  };
}

const linesOf = (row: JsonObject): readonly JsonObject[] =>
  objectsIn(row["items"]).map((item) => {
    const [sku, rate, currency] = [item["item_code"], item["rate"], row["currency"]].map(scalarText);
    return {
      ...(sku === undefined ? {} : { sku }),
      quantity: scalarText(item["qty"]) ?? "0",
      ...(rate === undefined || currency === undefined ? {} : { unitPrice: { amount: rate, currency } }),
    };
  });

/** The part of a delivery that a later reading tells again. */
function written(delivery: Delivery, settings: Settings): JsonObject {
  const { kind } = delivery.entity;
  const document = DOCUMENTS[kind];
  if (document === undefined || delivery.deleted) return {};
  const words = contentForErp(delivery);
  const lines = document.hasLines ? wantedLines(words, settings.amountItem) : null;
  const customerId = document.hasCustomer ? readPath(words, "customerId") : undefined;
  return {
    ...writtenPart(words, withTeamFields(document.pairs, settings.fields?.[kind])),
    ...(customerId === undefined ? {} : { customerId }),
    ...(lines === null ? {} : { lines: [...lines] }),
  };
}
