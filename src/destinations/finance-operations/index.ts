import * as z from "zod";
import { entraAuthentication, entraOrigins, entraSecretNames, entraSettings } from "../../connection/entra.ts";
import { pageOf } from "../../connection/odata-v4-set.ts";
import { TeamFieldsByKind, writtenPart } from "../../domain/field-pairs.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { contentForErp } from "../../domain/sale.ts";
import {
  confirmsByWriting,
  defineDestination,
  type ChangePage,
  type ChangeQuery,
  type Failed,
  type RecordRef,
  type RemoteState,
  type Session,
} from "../define.ts";
import { resourceOf, stateOf } from "./records.ts";
import { findByKey, setOf } from "./sets.ts";
import { write } from "./write.ts";

const Scalars = z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]));
const RECORD_KINDS = ["customer", "order", "invoice"] as const;

const Settings = z.strictObject({
  ...entraSettings,
  /** The legal entity that all records are kept in (`dataAreaId`). */
  company: z.string().regex(/^[A-Za-z0-9_-]{1,4}$/, "must be a legal entity of at most four characters"),
  /**
   * The field of sales orders that holds our key. `SalesOrderNumber` needs a number sequence that takes numbers by hand, and
   * makes duplicates impossible; a reference such as `CustomerRequisitionNumber` leaves numbering to the system.
   */
  orderKey: z.string().min(1).default("SalesOrderNumber"),
  /** Fields that are only set when a record is made, such as `CustomerGroupId`, which a customer must have. */
  onCreate: z.partialRecord(z.enum(["customer", "order"]), Scalars).default({}),
  /** By kind: the field of the last change. Most entities have none until a team adds it; then all open documents are compared. */
  stamps: z.partialRecord(z.enum(RECORD_KINDS), z.string().min(1)).default({}),
  /** By kind without such a field: the filter of documents that may still change. Without one all are read. */
  open: z
    .partialRecord(z.enum(RECORD_KINDS), z.string().min(1))
    .default({ order: "SalesOrderStatus eq Microsoft.Dynamics.DataEntities.SalesStatus'Backorder'" }),
  /** The entity set of order lines, whose key is `InventoryLotId`. */
  lineSet: z.string().min(1).default("SalesOrderLines"),
  /** Its fields. A description goes along where the team says which field takes it; else the product's own stands. */
  lineFields: z
    .strictObject({
      sku: z.string().min(1).default("ItemNumber"),
      quantity: z.string().min(1).default("OrderedSalesQuantity"),
      unitPrice: z.string().min(1).default("SalesPrice"),
      description: z.string().min(1).optional(),
    })
    .prefault({}),
  fields: TeamFieldsByKind.default({}),
});
type Settings = z.infer<typeof Settings>;

const READ_KINDS = ["customer", "opportunity", "order", "invoice"] as const;

/**
 * Dynamics 365 Finance and Supply Chain Management, OData data entities. The base URL is the environment's, such as
 * `https://acme.operations.dynamics.com`
 * (https://learn.microsoft.com/en-us/dynamics365/fin-ops-core/dev-itpro/data-entities/odata). Invoices come from posting,
 * and are only read.
 */
export const financeOperations = defineDestination<Settings>({
  module: "finance-operations",
  title: "Dynamics 365 Finance & Operations",
  settings: Settings,
  facts: {
    auth: "Microsoft Entra ID client credentials, by certificate or secret",
    upsert: "PATCH at the key, POST where nothing is there, PATCH again on a duplicate",
    order: "time of change, where an entity has one; else none",
    changedSince: "keyset on a configured time of change; else all open documents by key",
    limits: "429 with Retry-After, by resources and by application",
    proven: "strict fake",
  },
  secretNames: entraSecretNames,
  kinds: ["customer", "opportunity", "order"],
  deduplicates: false,
  authentication: entraAuthentication(),
  origins: entraOrigins,
  write,
  // Lines are records of their own.
  confirm: confirmsByWriting,
  written: (delivery, settings) => writtenPart(contentForErp(delivery), resourceOf(delivery.entity.kind, settings).pairs),
  read,
  changes: {
    kinds: READ_KINDS,
    resolutionMs: 1000,
    overlapMs: 900_000,
    lagMs: 60_000,
    tellsDeletions: false,
    page,
  },
});

async function read({ kind, by, value }: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  if (!READ_KINDS.some((each) => each === kind))
    return fail({ kind: "failed", class: "config", detail: `Finance & Operations keeps no ${kind} here` });
  const own = resourceOf(kind, session.settings);
  const resource = by === "key" || own.addressedBy === null ? own : { ...own, keyField: own.addressedBy };
  const found = await findByKey(session, resource, value);
  if (!found.ok) return found;
  return found.value === "absent" ? ok("absent") : stateOf(found.value, own, by === "key" ? value : undefined);
}

/** Of an entity without a time of change, only documents that may still change. */
function page(query: ChangeQuery, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>> {
  const resource = resourceOf(query.kind, session.settings);
  return pageOf(session, setOf(session, resource), query, resource.stamp === undefined ? session.settings.open[resource.kind] : undefined);
}
