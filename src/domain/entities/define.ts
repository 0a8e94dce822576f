import * as z from "zod";
import type { JsonObject, JsonValue } from "../json.ts";

/** A plain decimal as text: never a JavaScript number, so no cent is lost. */
export const Decimal = z.string().regex(/^-?(0|[1-9]\d*)(\.\d+)?$/, "must be a plain decimal such as 1200.50");

export const Money = z.object({ amount: Decimal, currency: z.string().regex(/^[A-Z]{3}$/, "must be an ISO 4217 code") });
export type Money = z.infer<typeof Money>;

export const Time = z.iso.datetime({ message: "must be an ISO 8601 time in UTC" });
export const Day = z.iso.date({ message: "must be a date such as 2026-01-31" });
export const Key = z.string().min(1).max(256);

const Json: z.ZodType<JsonValue> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(Json), z.record(z.string(), Json)]),
);

/**
 * What every entity carries beside its own fields: `custom` holds the team's own fields that router.config.ts maps,
 * `extra` what the sender sent and nobody mapped, untouched, so that nothing is lost on the way.
 */
export const shared = {
  custom: z.record(z.string(), Json).optional(),
  extra: z.custom<JsonObject>((value) => typeof value === "object" && value !== null).optional(),
};

/** A status in canonical words, with the sender's own word beside it under `<name>Raw`. */
export const status = <const T extends readonly [string, ...string[]]>(values: T) => z.enum(values);

export interface DriftField {
  readonly field: string;
  /** Largest difference, as a decimal, that is not drift. */
  readonly tolerance?: string;
}

/** A field that consumers should leave: from when on, until when it is told at least, and what says the same. */
export interface Deprecation {
  /** Days, such as 2027-01-31. */
  readonly since: string;
  readonly until: string;
  readonly use: string | null;
}

export interface EntityDefinition<Shape extends z.ZodRawShape = z.ZodRawShape> {
  readonly kind: string;
  readonly version: number;
  readonly schema: z.ZodObject<Shape>;
  /** The field whose value is the lifecycle, lowest rank first: breaks a tie of two states with one time stamp. */
  readonly lifecycle?: { readonly field: string; readonly ranks: readonly string[] };
  /** Fields compared with the owner system when looking for drift. */
  readonly drift: readonly DriftField[];
  /** Fields that are personal data: masked, redacted and erased as such. */
  readonly personal: readonly string[];
  /** By field. One is taken away by a new version, and not before its last day. */
  readonly deprecated?: Readonly<Record<string, Deprecation>>;
  /** Lifts data of version n (the key) to version n + 1. */
  readonly upgrades: Readonly<Record<number, (data: JsonObject) => JsonObject>>;
}

/** The fields of a record that its reader should leave. */
export const deprecationsIn = (
  { deprecated = {} }: Pick<EntityDefinition, "deprecated">,
  data: JsonObject,
): readonly (Deprecation & { readonly field: string })[] =>
  Object.entries(deprecated).flatMap(([field, deprecation]) => (Object.hasOwn(data, field) ? [{ field, ...deprecation }] : []));

export const defineEntity = <const Shape extends z.ZodRawShape>(definition: EntityDefinition<Shape>): EntityDefinition<Shape> => definition;
