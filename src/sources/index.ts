import type { SourceDefinition } from "./define.ts";
import { businessCentral } from "./business-central.ts";
import { chargebee } from "./chargebee.ts";
import { cloudevents } from "./cloudevents.ts";
import { custom } from "./custom.ts";
import { dataverse } from "./dataverse.ts";
import { freshdesk } from "./freshdesk.ts";
import { github } from "./github.ts";
import { hmac } from "./hmac.ts";
import { hubspot } from "./hubspot.ts";
import { intercom } from "./intercom.ts";
import { jira } from "./jira.ts";
import { netsuite } from "./netsuite.ts";
import { oracleBusinessEvent } from "./oracle-business-event.ts";
import { oracleIntegration } from "./oracle-integration.ts";
import { oracleOrderManagement } from "./oracle-order-management.ts";
import { pagerduty } from "./pagerduty.ts";
import { salesforceApex } from "./salesforce-apex.ts";
import { salesforceChangeEvents } from "./salesforce-change-events.ts";
import { salesforceData360 } from "./salesforce-data-360.ts";
import { salesforceOutboundMessage } from "./salesforce-outbound-message.ts";
import { sapEventMesh } from "./sap-event-mesh.ts";
import { servicenow } from "./servicenow.ts";
import { shopify } from "./shopify.ts";
import { slack } from "./slack.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { stripe } from "./stripe.ts";
import { twilio } from "./twilio.ts";
import { zendeskTrigger } from "./zendesk-trigger.ts";
import { zendesk } from "./zendesk.ts";

const SCHEMES: readonly SourceDefinition[] = [
  businessCentral,
  chargebee,
  cloudevents,
  custom,
  dataverse,
  freshdesk,
  github,
  hmac,
  hubspot,
  intercom,
  jira,
  netsuite,
  oracleBusinessEvent,
  oracleIntegration,
  oracleOrderManagement,
  pagerduty,
  salesforceApex,
  salesforceChangeEvents,
  salesforceData360,
  salesforceOutboundMessage,
  sapEventMesh,
  servicenow,
  shopify,
  slack,
  standardWebhooks,
  stripe,
  twilio,
  zendeskTrigger,
  zendesk,
];

/** The registry of senders by scheme. Adding one is its file and its line above. */
export const SOURCES: Readonly<Record<string, SourceDefinition>> = Object.fromEntries(
  SCHEMES.map((definition) => [definition.scheme, definition]),
);
