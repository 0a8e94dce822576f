import { defineDestination, type Delivery, type Outcome, type Session } from "../define.ts";
import { failed } from "./api.ts";
import { authentication } from "./authentication.ts";
import { changes, read } from "./changes.ts";
import { writeCustomer, writtenCustomer } from "./customers.ts";
import { writeOrder, writtenOrder } from "./orders.ts";
import { Settings } from "./settings.ts";

/**
 * SAP S/4HANA Cloud by its published OData services: sales orders (v2 or v4), business partners, billing documents.
 * The base URL is the API host of the system, such as `https://my123456-api.s4hana.cloud.sap`; the user needs the
 * communication arrangements SAP_COM_0109 (sales orders), SAP_COM_0008 (business partners) and the one for billing
 * documents. An order carries our key in PurchaseOrderByCustomer, a business partner in an identification.
 */
export const s4hana = defineDestination<Settings>({
  module: "s4hana",
  title: "SAP S/4HANA Cloud",
  facts: {
    auth: "basic or OAuth 2.0 client credentials, with a CSRF token and its cookies",
    upsert: "search by key, then deep insert or PATCH against the ETag",
    order: "LastChangeDateTime; of business partners LastChangeDate and LastChangeTime",
    changedSince: "keyset on the document's number; business partners by day",
    limits: "none published; 4 requests at a time are safe",
    proven: "published description",
  },
  settings: Settings,
  secretNames: ({ auth }) => (auth === "basic" ? ["user", "password"] : ["clientId", "clientSecret"]),
  kinds: ["customer", "opportunity", "order"],
  deduplicates: false,
  authentication,
  origins: ({ auth, tokenUrl }) => (auth === "basic" || tokenUrl === undefined ? [] : [tokenUrl]),
  write,
  written: (delivery, settings) => {
    const { kind } = delivery.entity;
    if (kind === "customer") return writtenCustomer(delivery, settings);
    return kind === "order" || kind === "opportunity" ? writtenOrder(delivery, kind, settings) : {};
  },
  read,
  changes,
});

async function write(delivery: Delivery, session: Session<Settings>): Promise<Outcome> {
  const { kind } = delivery.entity;
  if (kind === "customer") return writeCustomer(delivery, session);
  if (kind === "order" || kind === "opportunity") return writeOrder(delivery, kind, session);
  if (kind === "invoice") return failed("business", "S/4HANA makes its bills itself: its API reads billing documents and creates none");
  return failed("config", `S/4HANA takes no ${kind}`);
}
