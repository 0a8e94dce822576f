import { defineDestination } from "../define.ts";
import { SECRETS, authentication } from "./authentication.ts";
import { changes } from "./changes.ts";
import { find } from "./records.ts";
import { KINDS, Settings } from "./settings.ts";
import { tableOf } from "./tables.ts";
import { wantedOf, write } from "./write.ts";

/**
 * ServiceNow by its Table API, or by import sets where a kind's setting names a staging table. The base URL is
 * `https://{instance}.service-now.com/api/now`. The integration user must be in GMT, which every reading run proves.
 *
 * Facts: servicenow.com documentation of the Table API, Import Set API and inbound REST rate limiting; texts of errors,
 * choices of the product's tables and how unknown columns are treated are from memory, and settings where they matter.
 */
export const servicenow = defineDestination<Settings>({
  module: "servicenow",
  title: "ServiceNow",
  settings: Settings,
  facts: {
    auth: "Basic, or OAuth by client credentials, password or RS256 assertion",
    upsert: "search by key, then POST or PATCH of what differs; or an import set that coalesces",
    order: "sys_mod_count",
    changedSince: "keyset on (sys_updated_on, sys_id), seconds",
    limits: "429 by hourly rules, by full nodes and by quotas of tables",
    proven: "published description",
  },
  secretNames: (settings) => SECRETS[settings.authentication.by],
  kinds: KINDS,
  // Neither a search before a POST nor a transform map's coalesce keeps two at once apart; a unique index would, if the team has one.
  deduplicates: false,
  authentication,
  write,
  written: (delivery, settings) => {
    const table = tableOf(delivery.entity.kind, settings);
    const wanted = table.ok ? wantedOf(delivery.data, table.value) : table;
    return wanted.ok ? wanted.value : delivery.data;
  },
  read: async (ref, session) => {
    const table = tableOf(ref.kind, session.settings);
    return table.ok ? find(ref, table.value, session) : table;
  },
  changes,
});
