import { ok } from "../../domain/result.ts";
import { defineDestination } from "../define.ts";
import { authentication, origins, secretNames } from "./authentication.ts";
import { changes } from "./changes.ts";
import { find } from "./records.ts";
import { WRITTEN_KINDS, resourceOf } from "./resources.ts";
import { Settings } from "./settings.ts";
import { wantedOf, write } from "./write.ts";

/**
 * Oracle Fusion Cloud by its REST resources, framework version 4: orders (and the orders that sales become) under
 * source system and key, customers as hub organizations with a source reference, service requests, and receivables
 * invoices, which are read only. The base URL is `https://{pod}.fa.{region}.oraclecloud.com`. Totals are Fusion's,
 * and so are prices, unless the setting `priceAdjustment` says how a line's price is one of ours.
 *
 * Facts: docs.oracle.com, REST API for SCM (salesOrdersForOrderHub), Financials (receivablesInvoices), Sales
 * (hubOrganizations, serviceRequests); error codes, status codes and names of fields that no page showed are from
 * memory, and settings or team fields.
 */
export const oracleFusion = defineDestination<Settings>({
  module: "oracle-fusion",
  title: "Oracle Fusion Cloud",
  settings: Settings,
  facts: {
    auth: "OAuth of the identity domain (client credentials, user assertion), own JWT, or Basic",
    upsert: "GET by key, then POST (upsert mode by setting) or PATCH of what differs under its ETag",
    order: "LastUpdateDate",
    changedSince: "fixed window of LastUpdateDate, keyset on the record's number, 200 a page",
    limits: "429 and 503 with Retry-After; 504 may have taken effect",
    proven: "strict fake",
  },
  secretNames,
  kinds: WRITTEN_KINDS,
  // An order's key is unique there; a case's is not, and that of a customer only as far as Fusion's setup says.
  deduplicates: false,
  authentication,
  origins,
  write,
  written: (delivery, settings) => {
    const resource = resourceOf(delivery.entity.kind, settings);
    const wanted = resource.ok ? wantedOf(delivery, resource.value, settings) : resource;
    return wanted.ok ? wanted.value.content : delivery.data;
  },
  read: async (ref, session) => {
    const resource = resourceOf(ref.kind, session.settings);
    if (!resource.ok) return resource;
    const found = await find(ref, resource.value, session);
    if (!found.ok) return found;
    return ok(found.value === "absent" ? "absent" : found.value.state);
  },
  changes,
});
