import * as z from "zod";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

/** Kinds that ServiceNow can hold; orders and invoices only in tables of the team's own. */
export const KINDS = ["customer", "order", "invoice", "entitlement", "case"] as const;
export type Kind = (typeof KINDS)[number];

const Name = z.string().regex(/^[a-z][a-z0-9_]*$/, "must be a name such as u_signalbox_key");

const TableSetting = z.strictObject({
  /** The table that holds the kind. Absent: the one that the product brings (customer_account, service_entitlement, sn_customerservice_case). */
  table: Name.optional(),
  /** The column that holds our key, best with a unique index. Absent: `correlation_id` of task tables, else `u_signalbox_key`, to be added. */
  keyField: Name.optional(),
  /**
   * A staging table: writes go through an import set and its transform map, which must coalesce on the key and copy
   * empty fields. Its columns are the target's with `u_` before them. Absent: the Table API.
   */
  importSet: Name.optional(),
  /** What a deletion does: takes the row away, or sets these columns. Absent: cases are cancelled, customers and entitlements deactivated. */
  whenDeleted: z.union([z.literal("delete"), z.record(Name, z.string())]).optional(),
});

const Authentication = z.discriminatedUnion("by", [
  /** User name and password (secret `password`). */
  z.strictObject({ by: z.literal("basic"), user: z.string().min(1) }),
  /** OAuth for the client alone (secret `clientSecret`). */
  z.strictObject({ by: z.literal("clientCredentials"), clientId: z.string().min(1) }),
  /** OAuth with a user's password (secrets `clientSecret`, `password`). */
  z.strictObject({ by: z.literal("password"), clientId: z.string().min(1), user: z.string().min(1) }),
  /** OAuth with an assertion about a user, signed RS256 (secrets `clientSecret`, `privateKey`); `keyId` is the JWT verifier map's. */
  z.strictObject({ by: z.literal("jwtBearer"), clientId: z.string().min(1), user: z.string().min(1), keyId: z.string().min(1) }),
]);

export const Settings = z.strictObject({
  authentication: Authentication,
  tables: z.partialRecord(z.enum(KINDS), TableSetting).default({}),
  /** Other columns and words than the product's, by kind. */
  fields: TeamFieldsByKind.optional(),
});
export type Settings = z.infer<typeof Settings>;
