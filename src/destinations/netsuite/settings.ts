import * as z from "zod";
import { ENTITY_KINDS } from "../../domain/entities/index.ts";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

const Currency = z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR");
const InternalId = z.string().regex(/^-?\d+$/, "must be an internal id");

/** OAuth 2.0 client credentials of a machine-to-machine integration, proven by a certificate that is mapped to a user and role. */
const OAuth2 = z.strictObject({
  type: z.literal("oauth2"),
  /** The integration record's client id. */
  clientId: z.string().min(1),
  /** The Certificate ID that NetSuite showed when the certificate was mapped. A sandbox refresh forgets it. */
  certificateId: z.string().min(1),
  /** RS256 is not taken. */
  algorithm: z.enum(["PS256", "ES256"]).default("PS256"),
});

/** Token-based authentication: OAuth 1.0a with HMAC-SHA256. */
const TokenBased = z.strictObject({
  type: z.literal("tokenBased"),
  /** The account's id in capitals with an underscore, such as 1234567_SB1: the header's realm. */
  account: z.string().regex(/^[A-Z0-9]+(?:_[A-Z0-9]+)?$/, "must be an account id such as 1234567 or 1234567_SB1"),
});

/** What a field may always hold: a value, or a reference to a record of NetSuite's. */
const Constant = z.union([z.string(), z.number(), z.boolean(), z.strictObject({ id: InternalId })]);

export const Settings = z.strictObject({
  auth: z.discriminatedUnion("type", [OAuth2, TokenBased]),
  /** `asynchronous`: writes are jobs with an idempotency key, which are asked for later. For accounts whose saves take minutes. */
  mode: z.enum(["synchronous", "asynchronous"]).default("synchronous"),
  /**
   * Internal id of each currency by its ISO 4217 code; of an account without the feature Multiple Currencies, the code alone. An
   * amount in any other is refused, since none is guessed.
   */
  currencies: z.union([Currency, z.record(Currency, InternalId)]),
  /** What a line's sku is to NetSuite: the item's external id, or its internal one. */
  skuIs: z.enum(["externalId", "id"]).default("externalId"),
  /** Internal id of the item whose one line carries the amount of a sale or an invoice that has no lines. */
  amountItem: InternalId.optional(),
  /** Fields that every record of a kind gets beside its data's, such as `{ customer: { subsidiary: { id: "1" } } }`. */
  constants: z.partialRecord(z.enum(ENTITY_KINDS), z.record(z.string().min(1), Constant)).default({}),
  /** Kinds that NetSuite owns: their key is its internal id, and they are only updated here. */
  ownKinds: z.array(z.enum(ENTITY_KINDS)).default([]),
  /** Longest external id; a longer key is held as its hash, and cannot be told from a list of changes. */
  externalIdCharacters: z.int().min(70).default(100),
  /** How far the integration user's time zone is from UTC, in which NetSuite tells times. Best set to UTC there. */
  timeZoneOffsetMinutes: z.int().min(-720).max(840).default(0),
  /** The team's own fields and list values, by kind. */
  fields: TeamFieldsByKind.default({}),
});
export type Settings = z.infer<typeof Settings>;

const SECRETS = { oauth2: ["privateKey"], tokenBased: ["consumerKey", "consumerSecret", "tokenId", "tokenSecret"] } as const;

/** Secrets by the names that the module asks for. */
export const secretNames = ({ auth }: Settings): readonly string[] => SECRETS[auth.type];
