import { withBasic } from "../../connection/oauth.ts";
import { defineDestination, exchange, traceHeaders, type Connection, type Delivery, type Outcome, type RequestSpec } from "../define.ts";
import { outcomeOf } from "./answer.ts";
import { envelopeOf, withUsernameToken } from "./envelope.ts";
import { Settings, type Operation } from "./settings.ts";

const NONCE_BYTES = 16;

/**
 * Any SOAP 1.1 or 1.2 service (https://www.w3.org/TR/2000/NOTE-SOAP-20000508/, https://www.w3.org/TR/soap12-part1/): for
 * each kind an operation, whose element is made of a template, and whose answer must be the one that is named. It is only
 * written to. A client certificate comes with the destination's `via` binding.
 */
export const soap = defineDestination<Settings>({
  module: "soap",
  title: "SOAP service",
  settings: Settings,
  facts: {
    auth: "Basic, WS-Security UsernameToken, or none",
    upsert: "one call of the operation that is configured; what the service makes of a second one is its own affair",
    order: "as the router sends",
    changedSince: "not read",
    limits: "as configured",
    proven: "strict fake",
  },
  secretNames: ({ authentication }) => (authentication.type === "none" ? [] : ["password"]),
  deduplicates: false,
  authentication: {
    apply: async (request, _credential, { settings: { authentication }, secrets, nowMs }) => {
      const password = secrets["password"] ?? "";
      switch (authentication.type) {
        case "none":
          return request;
        case "basic":
          return withBasic(request, authentication.user, password);
        case "usernameToken": {
          const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
          const token = { user: authentication.user, password, as: authentication.password, nonce, nowMs: nowMs() };
          return { ...request, body: await withUsernameToken(request.body ?? "", token) };
        }
      }
    },
  },
  write: async (delivery, session) => {
    const operation = operationOf(delivery, session.settings);
    if (operation === null) return unconfigured(delivery);
    return exchange(session, callOf(delivery, operation, session), (response) => outcomeOf(response, operation, session.settings));
  },
  // There is nothing to read back from: only a service that takes one key once may be called again.
  confirm: async ({ entity }, { settings }) =>
    settings.idempotentByKey
      ? { kind: "absent" }
      : {
          kind: "failed",
          class: "ambiguous",
          detail: `the answer to a call for ${entity.kind} ${entity.key} was lost, and the service is not said to be idempotent by key`,
        },
});

function operationOf({ entity, deleted }: Delivery, { operations }: Settings): Operation | null {
  const configured = operations[entity.kind];
  return (deleted ? configured?.deleted : configured?.changed) ?? null;
}

const unconfigured = ({ entity, deleted }: Delivery): Outcome => ({
  kind: "failed",
  class: "config",
  detail: `the settings name no operation for ${deleted ? "the deletion of " : ""}records of kind ${entity.kind}`,
});

/** SOAP 1.1 names the action in a header of its own (section 6.1.1), 1.2 in the content type (RFC 3902). */
function callOf(delivery: Delivery, operation: Operation, { baseUrl, settings }: Connection<Settings>): RequestSpec {
  const { action } = operation;
  const media: Readonly<Record<string, string>> =
    settings.version === "1.1"
      ? { "content-type": "text/xml; charset=utf-8", soapaction: `"${action}"` }
      : { "content-type": `application/soap+xml; charset=utf-8${action === "" ? "" : `; action="${action}"`}` };
  const url = new URL(baseUrl);
  if (settings.path !== undefined) url.pathname = url.pathname.replace(/\/$/, "") + settings.path;
  return {
    method: "POST",
    url: url.href,
    headers: {
      ...traceHeaders(delivery),
      accept: "text/xml, application/soap+xml",
      "idempotency-key": delivery.idempotencyKey,
      ...media,
    },
    body: envelopeOf(delivery, operation, settings),
  };
}
