import type { SourceDefinition } from "./define.ts";
import { hmac } from "./hmac.ts";
import { salesforceOutboundMessage } from "./salesforce-outbound-message.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { stripe } from "./stripe.ts";
import { zendesk } from "./zendesk.ts";

const SCHEMES: readonly SourceDefinition[] = [hmac, salesforceOutboundMessage, standardWebhooks, stripe, zendesk];

/** The registry of senders by scheme. Adding one is its file and its line above. */
export const SOURCES: Readonly<Record<string, SourceDefinition>> = Object.fromEntries(
  SCHEMES.map((definition) => [definition.scheme, definition]),
);
