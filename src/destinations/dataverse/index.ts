import * as z from "zod";
import { entraAuthentication, entraOrigins, entraSecretNames, entraSettings } from "../../connection/entra.ts";
import { TeamFieldsByKind, writtenPart } from "../../domain/field-pairs.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { defineDestination, type Failed, type RecordRef, type RemoteState, type Session } from "../define.ts";
import { page } from "./changes.ts";
import { linesTold, linesWanted, withLines } from "./lines.ts";
import { keyUrl, readRow, rootUrl } from "./requests.ts";
import { isUsableKey, stateOf } from "./rows.ts";
import { KINDS, isTableKind, tableOf } from "./tables.ts";
import { write } from "./write.ts";

const Scalars = z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]));

const Settings = z.strictObject({
  ...entraSettings,
  apiVersion: z
    .string()
    .regex(/^\d+\.\d+$/)
    .default("9.2"),
  /** The column, the same on every table, that holds our key and is that table's alternate key, with its index active. */
  keyColumn: z.string().regex(/^[a-z][a-z0-9_]*$/, "must be a column's logical name"),
  /** What a deletion at the owner does here: deactivate, cancel or close; or delete. */
  onDelete: z.enum(["deactivate", "delete"]).default("deactivate"),
  /** Whether change tracking is on for the tables; it cannot be turned off again there. */
  changeTracking: z.boolean().default(true),
  /**
   * Switches an order's lines on, as products that are written in. `skuColumn` is a column of the team's own on the table
   * salesorderdetail, which holds the product as its owner calls it.
   */
  lines: z.strictObject({ skuColumn: z.string().regex(/^[a-z][a-z0-9_]*$/, "must be a column's logical name") }).optional(),
  /** Columns that are only set when a row is made, by kind; lookups as `<navigation>@odata.bind`. */
  onCreate: z.partialRecord(z.enum(KINDS), Scalars).default({}),
  fields: TeamFieldsByKind.default({}),
});
type Settings = z.infer<typeof Settings>;

/**
 * Dynamics 365 Sales and Customer Service on Dataverse, Web API. The base URL is the environment's, such as
 * `https://acme.crm4.dynamics.com`; the application needs an application user with a role there. An order's lines are
 * written where the setting `lines` switches them on.
 */
export const dataverse = defineDestination<Settings>({
  module: "dataverse",
  title: "Dynamics 365 (Dataverse)",
  settings: Settings,
  facts: {
    auth: "Microsoft Entra ID client credentials, by certificate or secret",
    upsert: "PATCH by alternate key, create only or with the ETag read; closing by CloseIncident, WinOpportunity and their like",
    order: "row versions",
    changedSince: "change tracking with delta links, deletions included; else by modifiedon",
    limits: "6000 requests, 20 minutes of execution in 5 minutes and 52 at once, for each user and server; 429 with Retry-After",
    proven: "strict fake",
  },
  secretNames: entraSecretNames,
  kinds: KINDS,
  deduplicates: true,
  knowsLateCopies: true,
  authentication: entraAuthentication(),
  origins: entraOrigins,
  write,
  written: (delivery, settings) => {
    const { data, entity } = delivery;
    if (!isTableKind(entity.kind)) return {};
    const lines = linesWanted(delivery, settings);
    return {
      ...writtenPart(data, tableOf(entity.kind, settings.fields).pairs),
      ...(lines === undefined || lines.length === 0 ? {} : { lines: [...linesTold(lines, settings)] }),
    };
  },
  read,
  changes: { kinds: KINDS, resolutionMs: 1000, overlapMs: 300_000, lagMs: 60_000, tellsDeletions: true, page },
});

async function read({ kind, by, value }: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  if (!isTableKind(kind)) return fail({ kind: "failed", class: "config", detail: `Dataverse keeps no ${kind} here` });
  const table = tableOf(kind, session.settings.fields);
  // No row can have such a key.
  if (by === "key" && !isUsableKey(value)) return ok("absent");
  const url =
    by === "key" ? keyUrl(session, table, value) : `${rootUrl(session)}/${table.set}(${encodeURIComponent(value.toWellFormed())})`;
  const row = await readRow(session, table, url);
  if (!row.ok) return row;
  if (row.value === "absent") return ok("absent");
  const state = stateOf(row.value, table, session.settings.keyColumn);
  if (!state.ok) return state;
  const whole = await withLines([state.value], [row.value], table, session);
  return whole.ok ? ok(whole.value[0] ?? state.value) : whole;
}
