import * as z from "zod";
import { ENTITY_KINDS } from "../../domain/entities/index.ts";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

const Name = z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/, "must be an API name such as Invoice__c");

export const Settings = z
  .strictObject({
    /** Consumer key of the external client app whose certificate the private key belongs to. */
    clientId: z.string().min(1),
    /** The user that we act as; the app must be pre-authorized for it. */
    username: z.string().min(1),
    /** Who the assertion is for: https://test.salesforce.com for a sandbox. */
    audience: z.enum(["https://login.salesforce.com", "https://test.salesforce.com"]).default("https://login.salesforce.com"),
    /** Where tokens are asked for, such as a My Domain host; default: the audience's. */
    tokenUrl: z.url({ protocol: /^https$/ }).optional(),
    apiVersion: z
      .string()
      .regex(/^v\d{2,3}\.0$/, "must be a version such as v62.0")
      .default("v62.0"),
    /** The custom field, unique and marked External ID, that holds our key on every object. */
    externalIdField: Name.default("Signalbox_Key__c"),
    /** Kinds that Salesforce owns: their key is its own record id, and they are only updated here. */
    ownKinds: z.array(z.enum(ENTITY_KINDS)).default([]),
    /** Object by kind where it is not the usual one. */
    objects: z.partialRecord(z.enum(["customer", "opportunity", "order", "invoice", "entitlement", "case"]), Name).default({}),
    /** ISO 4217 code of amounts in an organization with one currency. Absent: each record says it in CurrencyIsoCode. */
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code such as EUR")
      .optional(),
    /**
     * Switches an order's lines on: the price book (its Pricebook2 id) that has their products, whose product codes are the
     * lines' skus. For an organization with one currency, and an external id field on OrderItem too.
     */
    lines: z
      .strictObject({ pricebook: z.string().regex(/^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$/, "must be the id of a price book") })
      .optional(),
    /** Fields that every record of a kind gets beside its data's, such as `{ case: { Origin: "Web" } }`. */
    constants: z
      .partialRecord(z.enum(ENTITY_KINDS), z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()])))
      .default({}),
    /** The team's own fields and picklist words, by kind. */
    fields: TeamFieldsByKind.default({}),
  })
  .refine(({ lines, currency }) => lines === undefined || currency !== undefined, {
    path: ["currency"],
    message: "must be said where lines are switched on, since a line of an order has none of its own",
  });
export type Settings = z.infer<typeof Settings>;

/** Secrets by the names that the module asks for. */
export const SECRETS = ["privateKey"] as const;

export const tokenUrlOf = ({ tokenUrl, audience }: Settings): string => tokenUrl ?? `${audience}/services/oauth2/token`;
