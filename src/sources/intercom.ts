import * as z from "zod";
import { isJsonObject, readPath, type JsonObject } from "../domain/json.ts";
import { object, scalarText, text, unixSeconds, word } from "../domain/mapping.ts";
import { timeToken } from "../domain/order.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { ANSWER_BY_STATUS, orderByTimeAt, readJson, readName, toItem, unintelligible } from "../decoding/document.ts";
import { DEFAULT_WINDOW_MS } from "../verification/define.ts";
import { readTimestamp } from "../verification/signature.ts";
import { defineSource, type DecodeFailure, type GenuineRequest, type ObjectMaps, type SourceItem } from "./define.ts";

const Settings = z.strictObject({
  /** Workspaces that may send, by their `app_id`: one app may be installed in several. Absent: all. */
  workspaceIds: z.array(z.string().min(1)).min(1).optional(),
});
type Settings = z.infer<typeof Settings>;

const PERSON = object("customer", "id", {
  name: text("name"),
  email: text("email"),
  phone: text("phone"),
  status: word("role", { lead: "prospect", user: "active" }),
});

/** Names in camel case are ours, read from where the API's versions put the same thing: see `withReadings`. */
const OBJECTS: ObjectMaps = {
  conversation: object("case", "id", {
    number: text("id"),
    subject: text("topicOf"),
    description: text("firstMessage"),
    status: word("state", { open: "open", snoozed: "pending", closed: "closed" }),
    priority: word("priority", { priority: "high", not_priority: "normal" }),
    customerId: text("company.id"),
    requesterId: text("requester"),
    requesterEmail: text("requesterAddress"),
    openedAt: unixSeconds("created_at"),
  }),
  ticket: object("case", "id", {
    number: text("ticket_id"),
    subject: text("ticket_attributes._default_title_"),
    description: text("ticket_attributes._default_description_"),
    status: word("ticketState", {
      submitted: "new",
      in_progress: "open",
      waiting_on_customer: "pending",
      resolved: "resolved",
    }),
    requesterId: text("requester"),
    openedAt: unixSeconds("created_at"),
  }),
  contact: PERSON,
  user: PERSON,
  lead: PERSON,
  company: object("customer", "id", { name: text("name"), number: text("company_id") }),
};

/** Companies and conversations go by their bare ids; the others by theirs after a word, since kinds of ids may overlap. */
const KEY_PREFIXES = new Map([
  ["contact", "contact:"],
  ["user", "contact:"],
  ["lead", "contact:"],
  ["ticket", "ticket:"],
]);

const firstText = (record: JsonObject, paths: readonly string[]): string | undefined =>
  paths.map((path) => scalarText(readPath(record, path))).find((value) => value !== undefined && value !== "");

function withReadings(item: JsonObject, named: string): JsonObject {
  const requester = firstText(item, ["contacts.contacts.0.id", "contacts.0.id", "user.id"]);
  const readings: Readonly<Record<string, string | undefined>> = {
    topicOf: firstText(item, ["title", "source.subject", "conversation_message.subject"]),
    firstMessage: firstText(item, ["source.body", "conversation_message.body"]),
    requester: requester === undefined ? undefined : `contact:${requester}`,
    requesterAddress: firstText(item, ["source.author.email", "user.email"]),
    ticketState: firstText(item, ["ticket_state.category", "ticket_state"]),
  };
  const known = Object.entries(readings).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const [prefix, id] = [KEY_PREFIXES.get(named), readName(item["id"])];
  return { ...item, ...Object.fromEntries(known), ...(prefix === undefined || id === null ? {} : { id: `${prefix}${id}` }) };
}

/** What of a notification is the same on each of its deliveries. */
const contentOf = (notification: JsonObject): string => {
  const { delivery_attempts: _attempts, delivery_status: _status, delivered_at: _delivered, first_sent_at: _first, ...said } = notification;
  return JSON.stringify(said);
};

interface Context {
  readonly settings: Settings;
  readonly objects: ObjectMaps;
}

/** One notification a request: the record after the change, except that a deletion brings little more than its id. */
function decode(request: GenuineRequest, { settings, objects }: Context): Result<readonly SourceItem[], DecodeFailure> {
  const document = readJson(request.body);
  if (!document.ok) return document;
  const notification = document.value;
  const { workspaceIds } = settings;
  if (workspaceIds !== undefined && !workspaceIds.includes(readName(notification["app_id"]) ?? ""))
    return fail({ kind: "rejected", reason: "sender_not_allowed" });
  const type = readName(notification["topic"]);
  if (type === null) return unintelligible('no "topic": this is no notification of Intercom');
  const deliveryId = readName(notification["id"]);
  const record = readPath(notification, "data.item");
  if (!isJsonObject(record)) return unintelligible(`${type}: no record at "data.item"`);
  const named = readName(record["type"]) ?? type.split(".")[0] ?? "";
  const created = readTimestamp(readName(notification["created_at"]) ?? "", "s");
  const order = orderByTimeAt(record, "updated_at", "s");
  if (!order.ok) return unintelligible(`${type}: data.item.${order.failure}`);
  const item = toItem(
    {
      type,
      object: named,
      record: withReadings(record, named),
      deliveryId,
      occurredAtMs: created,
      // A deletion does not say when its record last changed; it comes after all changes.
      order: order.value.kind === "none" && created !== null ? timeToken(created) : order.value,
      nature: "snapshot",
      deleted: type.endsWith(".deleted"),
    },
    objects,
  );
  return item.ok ? ok([{ ...item.value, content: contentOf(notification) }]) : item;
}

const around = (topic: string, item: string): string =>
  `{"type":"notification_event","app_id":"lkqcyt9t","data":{"type":"notification_event_data","item":${item}},"links":{},"id":"notif_{id}","topic":"${topic}","delivery_status":"pending","delivery_attempts":1,"delivered_at":0,"first_sent_at":{now:s},"created_at":{now:s}}`;

const PROVENANCE =
  "notification as developers.intercom.com/docs/references/2.16/webhooks/webhook-models describes it, seen 2026-11-24; record after github.com/hull/hull-connectors (hull-intercom fixtures); values made up";

/**
 * Intercom. Signs hex HMAC-SHA1 over the body alone with the app's client secret, in the header that others use with
 * SHA-256: only `sha1=` counts. No time is signed, so the notification's id is what tells a repeat. Order is by the
 * record's `updated_at` in whole seconds. It tries once more, slows down on 429, and suspends after 7 days of failures.
 */
export const intercom = defineSource<Settings>({
  scheme: "intercom",
  title: "Intercom",
  settings: Settings,
  verification: () => ({
    kind: "hmac",
    header: "x-hub-signature",
    form: { type: "bare", prefix: "sha1=" },
    algorithm: "SHA-1",
    encoding: "hex",
    secretEncoding: "utf8",
    template: "{body}",
    windowMs: DEFAULT_WINDOW_MS,
  }),
  decode,
  handshakes: () => [{ kind: "probe" }, { kind: "ping", in: "body", at: "topic", value: "ping" }],
  objects: () => OBJECTS,
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: {
    retries: ["4xx", "5xx"],
    harmful: [],
    timeoutMs: 5_000,
    source:
      "developers.intercom.com/docs/webhooks/webhook-notifications, read 2026-11-24: many failures within 15 minutes or 7 days pause or suspend, no single status does; one repeat after a minute is not documented there",
  },
  setup: [
    "In the Developer Hub, under Configure, Webhooks, enter {url} as the endpoint URL: Intercom looks with HEAD whether it is there.",
    "Subscribe to the topics of conversations, contacts, companies and tickets that matter.",
    "Use the client secret of the app's Basic information as {secret}.",
    "If the app is installed in several workspaces, list those that may send in the source's workspaceIds.",
  ],
  samples: [
    {
      name: "conversation-replied",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: around(
        "conversation.admin.replied",
        `{"type":"conversation","id":"137324500000000","created_at":1767225600,"updated_at":{now:s},"title":null,"state":"snoozed","open":true,"priority":"priority","source":{"type":"email","id":"608953158","subject":"Größe falsch – サイズ違い 👟","body":"<p>Hallo</p>","author":{"type":"user","id":"5ee3d479d1cf3dedbee23d68","email":"joerg@example.com"}},"contacts":{"type":"contact.list","contacts":[{"type":"contact","id":"5ee3d479d1cf3dedbee23d68"}]},"custom_attributes":{"erp_document":900719925474099312}}`,
      ),
      expect: {
        kind: "case",
        key: "137324500000000",
        type: "conversation.admin.replied",
        data: {
          number: "137324500000000",
          subject: "Größe falsch – サイズ違い 👟",
          description: "<p>Hallo</p>",
          status: "pending",
          statusRaw: "snoozed",
          priority: "high",
          priorityRaw: "priority",
          requesterId: "contact:5ee3d479d1cf3dedbee23d68",
          requesterEmail: "joerg@example.com",
          openedAt: "2026-01-01T00:00:00.000Z",
          extra: { open: true, custom_attributes: { erp_document: "900719925474099312" } },
        },
      },
    },
    {
      name: "contact-updated",
      provenance: PROVENANCE,
      contentType: "application/json",
      body: around(
        "contact.user.updated",
        `{"type":"contact","id":"5ee3d479d1cf3dedbee23d68","external_id":"00420","role":"user","name":"Jörg Weiß","email":"joerg@example.com","phone":"+4915112345678","created_at":1767225600,"updated_at":{now:s}}`,
      ),
      expect: {
        kind: "customer",
        key: "contact:5ee3d479d1cf3dedbee23d68",
        type: "contact.user.updated",
        data: {
          name: "Jörg Weiß",
          email: "joerg@example.com",
          phone: "+4915112345678",
          status: "active",
          statusRaw: "user",
          extra: { external_id: "00420" },
        },
      },
    },
  ],
});
