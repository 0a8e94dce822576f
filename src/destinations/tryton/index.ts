import type { EntityKind } from "../../domain/entities/index.ts";
import { withTeamFields, writtenPart } from "../../domain/field-pairs.ts";
import type { JsonObject } from "../../domain/json.ts";
import { fail, ok } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import { unwritable } from "../classify.ts";
import { confirmsByWriting, defineDestination, type Delivery, type Outcome } from "../define.ts";
import { page } from "./changes.ts";
import { converge, rowsOf, stateOf, teamOf, type RecordKind } from "./converge.ts";
import { customer } from "./customer.ts";
import { invoice } from "./invoice.ts";
import { authentication } from "./rpc.ts";
import { wantedLines } from "./sale-lines.ts";
import { sale } from "./sale.ts";
import { Settings } from "./settings.ts";

const KINDS: Readonly<Partial<Record<EntityKind, RecordKind>>> = { opportunity: sale, order: sale, customer, invoice };
const NAMES = Object.keys(KINDS) as readonly EntityKind[];

const NO_KIND = "Tryton is not set up to hold this kind";

/**
 * Tryton 6.0 and later over its JSON-RPC (https://docs.tryton.org/projects/server/en/latest/topics/rpc.html; behaviour read
 * from a running 6.0.29). The base URL ends with the database, such as `https://erp.example.com/books`. Secret `password`.
 */
export const tryton = defineDestination<Settings>({
  module: "tryton",
  title: "Tryton",
  settings: Settings,
  facts: {
    auth: "session by user and password, or HTTP Basic",
    upsert: "customers by `code`, which is unique; sales and invoices by `reference`: looked for, then created, one at a time",
    order: "`write_date` in microseconds, or `create_date` until the first change",
    changedSince: "two passes of keyset on (stamp, id): never changed since creation, and changed",
    limits: "none told; wrong logins are answered 429",
    proven: "real system",
  },
  secretNames: () => ["password"],
  kinds: NAMES,
  deduplicates: false,
  authentication,
  write: (delivery, session): Promise<Outcome> => {
    const kind = KINDS[delivery.entity.kind];
    if (kind === undefined) return Promise.resolve(unwritable([{ field: "kind", message: NO_KIND }]));
    return converge(kind, { delivery, session });
  },
  confirm: confirmsByWriting,
  written: (delivery, settings) => written(delivery, settings),
  read: async (ref, session) => {
    const kind = KINDS[ref.kind];
    if (kind === undefined) return fail(unwritable([{ field: "kind", message: NO_KIND }]));
    const domain =
      ref.by === "key" ? kind.byKey(ref.value, session.settings) : [["id", "=", Number(ref.value)], ...kind.scope(session.settings)];
    const rows = await rowsOf(kind, session, { entity: ref.kind, domain, limit: 2 });
    if (!rows.ok) return rows;
    const live = rows.value.filter((row) => row["state"] !== "cancelled");
    const row = live[0] ?? rows.value[0];
    if (row === undefined) return ok("absent");
    if (live.length > 1) return fail(unwritable([{ field: "reference", message: `several of ${kind.noun} in Tryton carry it` }]));
    const state = stateOf(kind, ref.kind, row, session.settings);
    return state.ok ? state : fail({ kind: "failed", class: "config", detail: state.failure });
  },
  changes: {
    kinds: NAMES,
    resolutionMs: 1,
    overlapMs: 300_000,
    lagMs: 60_000,
    tellsDeletions: false,
    page: async (wanted, session) => {
      const kind = KINDS[wanted.kind];
      return kind === undefined ? fail(unwritable([{ field: "kind", message: NO_KIND }])) : page(kind, wanted, session);
    },
  },
});

/** A status that Tryton reaches by itself, such as paid, is left out: it is there when it is there. */
function written(delivery: Delivery, settings: Settings): JsonObject {
  const { kind } = delivery.entity;
  const record = KINDS[kind];
  if (record === undefined || delivery.deleted) return {};
  const data = contentForErp(delivery);
  const part = writtenPart(data, withTeamFields(record.pairs, teamOf(kind, settings)));
  const lines = record === sale ? wantedLines(data, settings) : ok(null);
  return { ...part, ...(lines.ok && lines.value !== null ? { lines: [...lines.value] } : {}) };
}
