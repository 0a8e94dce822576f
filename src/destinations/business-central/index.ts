import * as z from "zod";
import { entraAuthentication, entraOrigins, entraSecretNames, entraSettings } from "../../connection/entra.ts";
import { pageOf, rowAt } from "../../connection/odata-v4-set.ts";
import { withOptions } from "../../connection/odata-v4.ts";
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
import { findByKey, setOf, setUrl } from "./sets.ts";
import { write } from "./write.ts";

const Scalars = z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]));

const Settings = z.strictObject({
  ...entraSettings,
  /** Id of the company, as `GET /companies` lists it. */
  company: z.guid(),
  /** Property of sales orders that holds our key; a custom API page may offer one that keeps small letters. */
  orderKey: z.string().min(1).default("externalDocumentNumber"),
  /** Properties that are only set when a record is made, such as a payment term. */
  onCreate: z.partialRecord(z.enum(["customer", "order"]), Scalars).default({}),
  fields: TeamFieldsByKind.default({}),
});
type Settings = z.infer<typeof Settings>;

const READ_KINDS = ["customer", "opportunity", "order", "invoice"] as const;

/**
 * Dynamics 365 Business Central, API v2.0. The base URL ends before `/companies`, such as
 * `https://api.businesscentral.dynamics.com/v2.0/<tenant>/Production/api/v2.0`
 * (https://learn.microsoft.com/en-us/dynamics365/business-central/dev-itpro/api-reference/v2.0/endpoints-apis-for-dynamics).
 * Keys of customers (`number`, 20 characters) and orders are kept in capitals, so keys that differ only in the case of
 * their letters are one record there. Invoices are made by posting, and only read.
 */
export const businessCentral = defineDestination<Settings>({
  module: "business-central",
  title: "Dynamics 365 Business Central",
  settings: Settings,
  facts: {
    auth: "Microsoft Entra ID client credentials, by certificate or secret",
    upsert: "search by key, then create, or update with the ETag read; customer numbers are unique, document references are not",
    order: "time of change, milliseconds",
    changedSince: "keyset on (lastModifiedDateTime, number)",
    limits: "429 without a stated time; 10 minutes a request",
    proven: "published description",
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
    resolutionMs: 1,
    overlapMs: 300_000,
    lagMs: 60_000,
    tellsDeletions: false,
    page,
  },
});

async function read(ref: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  if (!READ_KINDS.some((kind) => kind === ref.kind))
    return fail({ kind: "failed", class: "config", detail: `Business Central keeps no ${ref.kind}` });
  const resource = resourceOf(ref.kind, session.settings);
  if (ref.by === "id") return readById(ref, session);
  const found = await findByKey(session, resource, ref.value);
  if (!found.ok) return found;
  return found.value === "absent" ? ok("absent") : stateOf(found.value, resource, ref.value);
}

async function readById({ kind, value }: RecordRef, session: Session<Settings>): Promise<Result<RemoteState | "absent", Failed>> {
  const resource = resourceOf(kind, session.settings);
  const url = withOptions(`${setUrl(session, resource)}(${encodeURIComponent(value.toWellFormed())})`, { $expand: resource.expand });
  const row = await rowAt(session, setOf(session, resource), url, ({ status }) => status === 404);
  if (!row.ok) return row;
  return row.value === "absent" ? ok("absent") : stateOf(row.value, resource);
}

function page(query: ChangeQuery, session: Session<Settings>): Promise<Result<ChangePage | "restart", Failed>> {
  return pageOf(session, setOf(session, resourceOf(query.kind, session.settings)), query);
}
