import * as z from "zod";
import { ANSWER_BY_STATUS, Path, decodeDocument, documentShape, readName } from "../decoding/document.ts";
import { readPath } from "../domain/json.ts";
import { object, text, time, word } from "../domain/mapping.ts";
import type { Verification } from "../verification/define.ts";
import { hmacMistakes, hmacShape, hmacVerification } from "../verification/hmac-settings.ts";
import { HeaderName } from "../verification/settings.ts";
import { defineSource, UNKNOWN_SENDER, type Sample } from "./define.ts";

const Settings = z
  .strictObject({
    ...documentShape,
    ...hmacShape,
    /** Where the delivery id is that is the same on a retry. */
    deliveryId: z.union([z.strictObject({ path: Path }), z.strictObject({ header: HeaderName })], "must be {path} or {header}").optional(),
  })
  .superRefine((settings, context) => {
    if (settings.idHeader !== undefined && settings.deliveryId !== undefined && "header" in settings.deliveryId)
      context.addIssue({ code: "custom", path: ["idHeader"], message: "and deliveryId.header exclude each other" });
    hmacMistakes(settings, context);
  });
type Settings = z.infer<typeof Settings>;

/** `deliveryId.header` is `idHeader` by another name. */
const verification = ({ deliveryId, ...settings }: Settings): Verification =>
  hmacVerification(deliveryId !== undefined && "header" in deliveryId ? { ...settings, idHeader: deliveryId.header } : settings);

const sampled: Pick<Sample, "contentType" | "provenance" | "settings" | "objects"> = {
  contentType: "application/json",
  provenance: "made up on 2026-11-24 in the form that custom services most often choose: hex HMAC-SHA256 over time, dot and body",
  settings: {
    header: "x-signature",
    timestampHeader: "x-timestamp",
    template: "{timestamp}.{body}",
    deliveryId: { path: "eventId" },
    order: { path: "data.updatedAt", as: "iso" },
  },
  objects: {
    customer: object("customer", "id", { name: text("name"), email: text("email"), region: text("region"), tier: text("tier") }),
    entitlement: object("entitlement", "id", {
      customerId: text("customerId"),
      plan: text("plan"),
      status: word("status", { active: "active", pending: "pending", cancelled: "cancelled" }),
      startsAt: time("startsAt"),
    }),
  },
};

/**
 * Any service that signs a JSON document with HMAC: how it signs and where the event's parts are is configuration.
 * Every 2xx ends a sender's retries; what it does on other answers is its own affair.
 */
export const hmac = defineSource<Settings>({
  scheme: "hmac",
  title: "Custom service, HMAC",
  settings: Settings,
  verification,
  decode: (request, { settings, objects }) =>
    decodeDocument(request, {
      settings,
      objects,
      deliveryId: (document) =>
        settings.deliveryId !== undefined && "path" in settings.deliveryId ? readName(readPath(document, settings.deliveryId.path)) : null,
      orderByTime: false,
    }),
  objects: () => ({}),
  statusPolicy: ANSWER_BY_STATUS,
  behaviour: UNKNOWN_SENDER,
  setup: [
    "Enter {url} as the address that the service posts its events to, as JSON.",
    "Give the service {secret}, and say in the source's settings which header it puts the signature in and what text it signs.",
    "Say in the source's objects how the service's records are read, and in its settings where type, record, id and version are.",
  ],
  samples: [
    {
      ...sampled,
      name: "customer-updated",
      body: `{"eventId":"{id}","type":"customer.updated","data":{"id":"C-1001","name":"Müller & Söhne GmbH – 東京支店","email":"einkauf@mueller.example","region":"EMEA","tier":"gold","updatedAt":"{now:iso}","legacyId":900719925474099312}}`,
      expect: {
        kind: "customer",
        key: "C-1001",
        type: "customer.updated",
        data: {
          name: "Müller & Söhne GmbH – 東京支店",
          email: "einkauf@mueller.example",
          region: "EMEA",
          custom: { tier: "gold" },
          extra: { legacyId: "900719925474099312" },
        },
      },
    },
    {
      ...sampled,
      name: "entitlement-active",
      body: `{"eventId":"{id}","type":"entitlement.activated","data":{"id":"ENT-77","customerId":"C-1001","plan":"gold","status":"active","startsAt":"2026-01-01T00:00:00Z","updatedAt":"{now:iso}","seats":25}}`,
      expect: {
        kind: "entitlement",
        key: "ENT-77",
        type: "entitlement.activated",
        data: {
          customerId: "C-1001",
          plan: "gold",
          status: "active",
          statusRaw: "active",
          startsAt: "2026-01-01T00:00:00.000Z",
          extra: { seats: 25 },
        },
      },
    },
  ],
});
