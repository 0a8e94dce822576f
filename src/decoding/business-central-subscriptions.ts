import * as z from "zod";
import type { RequestSpec, ResponseSeen } from "../domain/http.ts";
import { isJsonObject, parseJson, type JsonObject, type JsonValue } from "../domain/json.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Renewal, RenewalAccess, Subscription } from "../sources/define.ts";
import { readTimestamp } from "../verification/signature.ts";
import { readName } from "./document.ts";

const Variable = z.string().regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of a secret's environment variable");
const Origin = z.string().regex(/^https:\/\/[a-z0-9.-]+$/, "must be an https origin without a path");

export const RenewalSettings = z.strictObject({
  /** The Microsoft Entra tenant, by id or domain. */
  tenantId: z.string().regex(/^[A-Za-z0-9.-]+$/, "must be a tenant's id or domain"),
  /** Business Central's environment, such as "Production". */
  environment: z.string().regex(/^[\w-]+$/, "must be an environment's name"),
  /** Only this company's subscriptions. Absent: those of all companies that come here. */
  companyId: z.string().min(1).optional(),
  /** Our own address, exactly as the subscriptions have it: others are left alone. */
  notificationUrl: z.url({ protocol: /^https$/, error: "must be an https URL" }),
  /** The API whose collections are subscribed to; a custom one is `api/<publisher>/<group>/<version>`. */
  api: z
    .string()
    .regex(/^api(?:\/[\w.-]+){1,3}$/, 'must be such as "api/v2.0"')
    .default("api/v2.0"),
  /** Environment variables, by role. `clientState` is the secret that the subscriptions have from their next renewal on. */
  secrets: z.strictObject({ clientId: Variable, clientSecret: Variable, clientState: Variable }),
  /** For national clouds. */
  apiOrigin: Origin.default("https://api.businesscentral.dynamics.com"),
  loginOrigin: Origin.default("https://login.microsoftonline.com"),
});
export type RenewalSettings = z.infer<typeof RenewalSettings>;

/** A third of the three days that a subscription lives: time enough for a person to mend what keeps it from being renewed. */
const WINDOW_MS = 24 * 3_600_000;

/**
 * Business Central's subscriptions, renewed by PATCH with a token of the OAuth 2.0 client credentials grant:
 * https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/api/dynamics_subscriptions_update
 * (read 2026-11-24). Before it renews, Business Central repeats its handshake with our address.
 */
export const businessCentralRenewal = (settings: RenewalSettings): Renewal => ({
  secrets: settings.secrets,
  windowMs: WINDOW_MS,
  tokenRequest: (secrets) => tokenRequest(settings, secrets),
  readToken: (response) => readToken(response, settings),
  listRequest: (token) => ({ method: "GET", url: subscriptionsUrl(settings), headers: headersWith(token) }),
  readList: (response) => readList(response, settings),
  renewRequest: (subscription, access) => renewRequest(settings, subscription, access),
  readRenewed: (response) => readRenewed(response, settings),
});

function tokenRequest({ tenantId, apiOrigin, loginOrigin }: RenewalSettings, secrets: RenewalAccess["secrets"]): RequestSpec {
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: secrets["clientId"] ?? "",
    client_secret: secrets["clientSecret"] ?? "",
    scope: `${apiOrigin}/.default`,
  });
  return {
    method: "POST",
    url: `${loginOrigin}/${tenantId}/oauth2/v2.0/token`,
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json", "user-agent": "signalbox" },
    body: form.toString(),
  };
}

const subscriptionsUrl = ({ apiOrigin, tenantId, environment, api }: RenewalSettings): string =>
  `${apiOrigin}/v2.0/${tenantId}/${environment}/${api}/subscriptions`;

const headersWith = (token: string): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${token}`,
  accept: "application/json",
  "user-agent": "signalbox",
});

function renewRequest(settings: RenewalSettings, { id, resource, etag }: Subscription, { token, secrets }: RenewalAccess): RequestSpec {
  const key = encodeURIComponent(id.toWellFormed().replaceAll("'", "''"));
  return {
    method: "PATCH",
    url: `${subscriptionsUrl(settings)}('${key}')`,
    headers: { ...headersWith(token), "content-type": "application/json", "if-match": etag },
    body: JSON.stringify({ notificationUrl: settings.notificationUrl, resource, clientState: secrets["clientState"] ?? "" }),
  };
}

/** What goes into a header as it is. */
const TOKEN = /^[\x21-\x7e]{1,16384}$/;

function readToken(response: ResponseSeen, { secrets, tenantId }: RenewalSettings): Result<string, string> {
  const document = documentOf(response);
  const token = document["access_token"];
  if (response.status === 200 && typeof token === "string" && TOKEN.test(token)) return ok(token);
  if (response.status === 429 || response.status >= 500)
    return fail(`Microsoft Entra answered ${response.status}: the next run tries again`);
  const why = document["error_description"];
  const codes = [readCode(document["error"]), typeof why === "string" ? /AADSTS\d{1,10}/.exec(why)?.[0] : undefined];
  const told = [response.status, ...codes.filter((code) => code !== undefined)].join(", ");
  return fail(
    `Microsoft Entra gave no token (${told}): whoever runs the app registration of tenant ${tenantId} must ` +
      `check it, and put ${secrets.clientId} and ${secrets.clientSecret} anew if its secret has ended`,
  );
}

function readList(response: ResponseSeen, settings: RenewalSettings): Result<readonly Subscription[], string> {
  if (response.status !== 200) return fail(refusal(response, settings, "list its subscriptions"));
  const document = documentOf(response);
  const list = document["value"];
  if (!Array.isArray(list))
    return fail(
      "Business Central's list of subscriptions is no JSON list, or longer than what is read of an answer: tell the router's owner",
    );
  if (typeof document["@odata.nextLink"] === "string")
    return fail("Business Central has more subscriptions than one page holds, and only one is read: delete those that nobody needs");
  return ok((list as readonly JsonValue[]).flatMap((item) => (isJsonObject(item) ? oursOf(item, settings) : [])));
}

/** Matching is by the very address: a subscription of another receiver is none of our business. */
function oursOf(item: JsonObject, { notificationUrl, companyId }: RenewalSettings): readonly Subscription[] {
  const id = readName(item["subscriptionId"]);
  const resource = item["resource"];
  if (id === null || typeof resource !== "string" || !sameUrl(item["notificationUrl"], notificationUrl)) return [];
  if (companyId !== undefined && !resource.toLowerCase().includes(`companies(${companyId.toLowerCase()})`)) return [];
  const etag = item["@odata.etag"];
  // An end that cannot be read is one that may be near.
  const expiresAtMs = readTimestamp(readName(item["expirationDateTime"]) ?? "", "iso") ?? 0;
  return [{ id, resource, expiresAtMs, etag: typeof etag === "string" && TOKEN.test(etag) ? etag : "*" }];
}

const sameUrl = (left: JsonValue | undefined, right: string): boolean =>
  typeof left === "string" && URL.canParse(left) && new URL(left).href === new URL(right).href;

function readRenewed(response: ResponseSeen, settings: RenewalSettings): Result<number | null, string> {
  if (response.status !== 200 && response.status !== 204) return fail(refusal(response, settings, "renew the subscription"));
  return ok(readTimestamp(readName(documentOf(response)["expirationDateTime"]) ?? "", "iso"));
}

/** Why Business Central did not do it, and who must act. Of its words only the code is given: others may quote the request. */
function refusal(response: ResponseSeen, { environment, notificationUrl }: RenewalSettings, what: string): string {
  const error = documentOf(response)["error"];
  const code = isJsonObject(error) ? readCode(error["code"]) : undefined;
  const said = `Business Central (${environment}) did not ${what}: ${response.status}${code === undefined ? "" : ` ${code}`}`;
  return `${said}; ${NEXT_STEP[response.status] ?? (response.status >= 500 ? AGAIN : `check that ${notificationUrl} answers the handshake with validationToken, and that resource and settings.renewal are right`)}`;
}

const AGAIN = "the next run tries again";

const NEXT_STEP: Readonly<Record<number, string>> = {
  401: "its administrator must add the app on the page Microsoft Entra Applications, enabled and with consent",
  403: "its administrator must give the app permission sets that allow it",
  404: "it is gone, or settings.renewal names another environment or API: whoever set the source up must create it again",
  408: AGAIN,
  409: `it has changed meanwhile: ${AGAIN}`,
  412: `it has changed meanwhile: ${AGAIN}`,
  429: AGAIN,
};

const readCode = (value: JsonValue | undefined): string | undefined =>
  typeof value === "string" ? /^\w{1,80}$/.exec(value)?.[0] : undefined;

function documentOf(response: ResponseSeen): JsonObject {
  const parsed = parseJson(response.body);
  return parsed.ok && isJsonObject(parsed.value) ? parsed.value : {};
}
