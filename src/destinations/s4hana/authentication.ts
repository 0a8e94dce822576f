import { base64Of, obtainToken, withBasic, withBearer } from "../../connection/oauth.ts";
import { onlyReads } from "../../domain/http.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { failureBy } from "../classify.ts";
import type { Authentication, Credential, Failed, RequestSpec, ResponseSeen, Session } from "../define.ts";
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
    const token = await tokenOf(session);
    if (!token.ok) return token;
    const request: RequestSpec = {
      method: "GET",
      url: `${session.baseUrl}${pathOf("csrf", session.settings)}/`,
      headers: { accept: "application/json", "user-agent": "signalbox", "x-csrf-token": "Fetch" },
    };
    const answer = await session.send(proven(request, token.value, session));
    if (!answer.ok) return answer;
    if (answer.value.status !== 200) return fail(refusalOf(answer.value));
    const { headers } = answer.value;
    const cookie = headers.getSetCookie().map((each) => each.split(";", 1)[0]?.trim() ?? "");
    return ok({ ...token.value, values: { ...token.value.values, csrf: headers.get("x-csrf-token") ?? "", cookie: cookie.join("; ") } });
  },
  apply: (request, credential, session) => {
    const { csrf = "", cookie = "" } = credential?.values ?? {};
    const kept = { ...(cookie === "" ? {} : { cookie }), ...(csrf === "" || onlyReads(request) ? {} : { "x-csrf-token": csrf }) };
    return proven({ ...request, headers: { ...request.headers, ...kept } }, credential, session);
  },
  refuses: (response) => response.status === 401 || csrfIsRefused(response),
};

const proven = (request: RequestSpec, credential: Credential | null, { settings, secrets }: Session<Settings>): RequestSpec =>
  settings.auth === "basic" ? withBasic(request, secrets["user"] ?? "", secrets["password"] ?? "") : withBearer(request, credential);

/** A token of the client credentials grant; with Basic there is none. */
async function tokenOf(session: Session<Settings>): Promise<Result<Credential, Failed>> {
  const { settings, secrets, baseUrl } = session;
  if (settings.auth === "basic") return ok({ values: {}, expiresAtMs: null });
  return obtainToken(session, {
    url: settings.tokenUrl ?? `${baseUrl}/sap/bc/sec/oauth2/token`,
    form: { grant_type: "client_credentials" },
    headers: { authorization: `Basic ${base64Of(`${secrets["clientId"] ?? ""}:${secrets["clientSecret"] ?? ""}`)}` },
  });
}

/** A refused logon page may repeat what was sent: only its status is kept. */
function refusalOf(response: ResponseSeen): Failed {
  const failure = failureBy({ ...response, body: "" }, { codes: [], detail: `the CSRF token was refused: HTTP ${response.status}` }, []);
  return failure === "duplicate" ? { kind: "failed", class: "transient", detail: "" } : failure;
}
