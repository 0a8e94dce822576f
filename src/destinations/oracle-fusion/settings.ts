import * as z from "zod";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

const Domain = z.url({ protocol: /^https$/, message: "must be the https address of the identity domain" });
const Text = z.string().min(1);
const Scalars = z.record(Text, z.union([z.string(), z.number(), z.boolean()]));

/** The certificate that was imported for our key, as the JWT header names it. */
const Certificate = z.strictObject({
  keyId: Text,
  /** Base64url SHA-1 of the certificate. */
  x5t: Text,
  /** Base64url SHA-256 of it, where the domain asks for that. */
  x5tS256: Text.optional(),
});

const Authentication = z.discriminatedUnion("by", [
  /** OAuth for the client alone, proven by its secret (secret `clientSecret`). */
  z.strictObject({ by: z.literal("clientSecret"), domain: Domain, clientId: Text, scope: Text }),
  /** OAuth for the client alone, proven by an assertion (secret `privateKey`). */
  z.strictObject({ by: z.literal("clientAssertion"), domain: Domain, clientId: Text, scope: Text, certificate: Certificate }),
  /** OAuth for a Fusion user whom we assert (secret `privateKey`); the client proves itself by its secret (`clientSecret`) or an assertion. */
  z.strictObject({
    by: z.literal("userAssertion"),
    domain: Domain,
    clientId: Text,
    scope: Text,
    user: Text,
    certificate: Certificate,
    client: z.enum(["secret", "assertion"]).default("assertion"),
  }),
  /** A JWT that we issue ourselves, whose certificate and issuer the security console trusts (secret `privateKey`). */
  z.strictObject({ by: z.literal("ownToken"), issuer: Text, user: Text, x5t: Text }),
  /** User name and password (secret `password`). */
  z.strictObject({ by: z.literal("basic"), user: Text }),
]);

export const Settings = z.strictObject({
  authentication: Authentication,
  /** Version of the REST resources. */
  version: z.string().default("11.13.18.05"),
  /** Our code among the source systems: with our key it addresses an order, and refers to a customer. */
  sourceSystem: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,30}$/, "must be the code of a source system, such as SIGNALBOX")
    .default("SIGNALBOX"),
  /** The server's own upsert for a create that meets a record (`Upsert-Mode: true`). */
  upsertMode: z.boolean().default(false),
  /** Longest key that `SourceTransactionId` takes. */
  orderKeyCharacters: z.number().int().min(1).default(50),
  /** Where an organization can be asked for by its source reference. */
  customerReference: z.strictObject({ system: Text, value: Text }).default({ system: "SourceSystem", value: "SourceSystemReferenceValue" }),
  /** The field of serviceRequests that the team has added for our key. */
  caseKeyField: z.string().regex(/^\w+$/).default("SignalboxKey_c"),
  /** Fields that a new record needs and no delivery carries, such as `BusinessUnitId` of an order. */
  defaults: z.strictObject({ customer: Scalars.optional(), order: Scalars.optional(), case: Scalars.optional() }).default({}),
  /** The same for each line of an order, such as `OrderedUOMCode`. */
  lineDefaults: Scalars.default({ OrderedUOMCode: "Ea", TransactionCategoryCode: "ORDER" }),
  /**
   * What an adjustment of a line's price says beside its amount, such as `AdjustmentTypeCode`, `ChargeDefinitionCode` and
   * `ReasonCode`; without it Fusion's pricing alone decides.
   */
  priceAdjustment: Scalars.optional(),
  /** What cancels an order, and what it says of a line that is cancelled. */
  cancelWith: Scalars.default({ CanceledFlag: true }),
  cancelLineWith: Scalars.default({}),
  /** Other fields and words than the product's, by kind; those of a sale are its order's. */
  fields: TeamFieldsByKind.optional(),
});
export type Settings = z.infer<typeof Settings>;
