import * as z from "zod";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

const ObjectKey = z.string().regex(/^[a-z0-9_-]+$/, 'must be the key of a custom object, such as "order"');

export const Settings = z.strictObject({
  /** An API token with the email of its agent (the secret is `apiToken`), or an OAuth access token (the secret is `accessToken`). */
  authentication: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("apiToken"), email: z.email() }),
    z.strictObject({ type: z.literal("oauth") }),
  ]),
  /** What a customer is: a company, or a person. A ticket belongs to the one and is requested by the other. */
  customersAs: z.enum(["organizations", "users"]).default("organizations"),
  /** Keys of the custom objects that hold what Zendesk has no records of its own for. */
  customObjects: z
    .strictObject({
      order: ObjectKey.default("order"),
      invoice: ObjectKey.default("invoice"),
      entitlement: ObjectKey.default("entitlement"),
    })
    .prefault({}),
  /**
   * The team's own fields and words, by kind. A ticket's own fields are `custom_fields.<id>`, an organization's
   * `organization_fields.<key>`, a user's `user_fields.<key>`, a custom object's `custom_object_fields.<key>`.
   */
  fields: TeamFieldsByKind.optional(),
});
export type Settings = z.infer<typeof Settings>;
