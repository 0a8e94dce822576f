export type Collection =
  | "tickets"
  | "organizations"
  | "users"
  | "custom_objects/order"
  | "custom_objects/invoice"
  | "custom_objects/entitlement";

export type Fields = Readonly<Record<string, unknown>>;

export interface ZendeskRecord {
  readonly id: number;
  readonly collection: Collection;
  fields: Fields;
  deleted: boolean;
  updatedAtMs: number;
  readonly createdAtMs: number;
  /** Its place in the order of the exports, and when it got it. */
  noticed: number;
  noticedAtMs: number;
}

const customObject = (fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  name: "text",
  external_id: "text",
  custom_object_fields: "object",
  ...Object.fromEntries(Object.entries(fields).map(([name, type]) => [`custom_object_fields.${name}`, type])),
});

const customerFields = { number: "text", tax_id: "text", region: "text", status: "status" };
const within = (name: string): Readonly<Record<string, string>> => ({
  [name]: "object",
  ...Object.fromEntries(Object.entries(customerFields).map(([field, type]) => [`${name}.${field}`, type])),
});

/** Every field that may be written, with its type; `id:` names what it must be the id of. */
export const FIELDS: Readonly<Record<Collection, Readonly<Record<string, string>>>> = {
  tickets: {
    subject: "text",
    comment: "object",
    "comment.body": "text",
    requester: "object",
    "requester.name": "text",
    "requester.email": "email",
    external_id: "text",
    status: "status",
    priority: "status",
    organization_id: "id:organizations",
    requester_id: "id:users",
    custom_fields: "fieldList",
  },
  organizations: { name: "text", external_id: "text", ...within("organization_fields") },
  users: { name: "text", email: "email", phone: "text", external_id: "text", ...within("user_fields") },
  "custom_objects/order": customObject({
    number: "text",
    customer: "id:customer",
    opportunity_key: "text",
    status: "status",
    total: "decimal",
    currency: "text",
    ordered_at: "date",
    region: "text",
  }),
  "custom_objects/invoice": customObject({
    number: "text",
    customer: "id:customer",
    order: "id:custom_objects/order",
    status: "status",
    total: "decimal",
    amount_due: "decimal",
    currency: "text",
    issued_at: "date",
    due_date: "date",
  }),
  "custom_objects/entitlement": customObject({
    customer: "id:customer",
    order: "id:custom_objects/order",
    plan: "text",
    service_level: "text",
    status: "status",
    starts_at: "date",
    ends_at: "date",
  }),
};

const CUSTOMER = ["prospect", "active", "inactive"];

/** Ticket words are Zendesk's own; the rest are drop-down options as a team would make them. */
export const STATUSES: Readonly<Record<string, readonly string[]>> = {
  "tickets.status": ["new", "open", "pending", "hold", "solved", "closed"],
  "tickets.priority": ["urgent", "high", "normal", "low"],
  "organizations.status": CUSTOMER,
  "users.status": CUSTOMER,
  "custom_objects/order.status": ["draft", "pending_approval", "confirmed", "on_hold", "fulfilled", "invoiced", "closed", "cancelled"],
  "custom_objects/invoice.status": ["draft", "open", "past_due", "paid", "void"],
  "custom_objects/entitlement.status": ["pending", "active", "suspended", "expired", "cancelled"],
};
