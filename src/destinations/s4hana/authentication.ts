import { base64Of, obtainToken } from "../../connection/oauth.ts";
import { onlyReads } from "../../domain/http.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy } from "../classify.ts";
import type { Authentication, Credential, Failed, ResponseSeen, Session } from "../define.ts";
import { pathOf } from "./services.ts";
import type { Settings } from "./settings.ts";

/** A write without a valid CSRF token: 403, and this header says `Required`. */
export const csrfIsRefused = (response: ResponseSeen): boolean =>
  response.status === 403 && response.headers.get("x-csrf-token")?.toLowerCase() === "required";

/**
 * Basic or a bearer token, and for what changes something a CSRF token with the cookies of the session that it belongs
 * to: one small GET gives both, and they are good for many writes. All of it is one credential, renewed together.
 */
export const authentication: Authentication<Settings> = {
  obtain: async (session) => {
    const proof = await proofOf(session);
    if (!proof.ok) return proof;
    const { authorization = "" } = proof.value.values;
    const answer = await session.send({
      method: "GET",
      url: `${session.baseUrl}${pathOf("csrf", session.settings)}/`,
      headers: { accept: "application/json", "user-agent": "signalbox", "x-csrf-token": "Fetch", authorization },
    });
    if (!answer.ok) return answer;
    if (answer.value.status !== 200) return fail(refusalOf(answer.value));
    const { headers } = answer.value;
    const cookie = headers.getSetCookie().map((each) => each.split(";", 1)[0]?.trim() ?? "");
    return ok({ ...proof.value, values: { authorization, csrf: headers.get("x-csrf-token") ?? "", cookie: cookie.join("; ") } });
  },
  apply: (request, credential) => {
    const { authorization = "", csrf = "", cookie = "" } = credential?.values ?? {};
    const session = { ...(cookie === "" ? {} : { cookie }), ...(csrf === "" || onlyReads(request) ? {} : { "x-csrf-token": csrf }) };
    return { ...request, headers: { ...request.headers, authorization, ...session } };
  },
  refuses: (response) => response.status === 401 || csrfIsRefused(response),
};

async function proofOf(session: Session<Settings>): Promise<Result<Credential, Failed>> {
  const { settings, secrets } = session;
  const basic = (user: string, password: string) => `Basic ${base64Of(`${secrets[user] ?? ""}:${secrets[password] ?? ""}`)}`;
  if (settings.auth === "basic") return ok({ values: { authorization: basic("user", "password") }, expiresAtMs: null });
  const token = await obtainToken(session, {
    url: settings.tokenUrl ?? `${session.baseUrl}/sap/bc/sec/oauth2/token`,
    form: { grant_type: "client_credentials" },
    headers: { authorization: basic("clientId", "clientSecret") },
  });
  return token.ok ? ok({ ...token.value, values: { authorization: `Bearer ${token.value.values["token"] ?? ""}` } }) : token;
}

/** A refused logon page may repeat what was sent: only its status is kept. */
function refusalOf(response: ResponseSeen): Failed {
  const failure = failureBy({ ...response, body: "" }, { codes: [], detail: `the CSRF token was refused: HTTP ${response.status}` }, []);
  return failure === "duplicate" ? { kind: "failed", class: "transient", detail: "" } : failure;
}
