/** What stands before the services at SAP: proof of the caller, the CSRF handshake, and the public cloud's paths. */

const PATHS = [
  [/^\/sap\/opu\/odata\/sap\/(\w+)\//, "/odata/v2/$1/"],
  [/^\/sap\/opu\/odata4\/sap\/api_salesorder\/srvd_a2x\/sap\/salesorder\/0001\//, "/odata/v4/CE_SALESORDER_0001/"],
];
const BASIC = `Basic ${Buffer.from("CAP_USER:cap-password").toString("base64")}`;
const CLIENT = `Basic ${Buffer.from("cap-client:cap-secret").toString("base64")}`;

const tokens = new Set();
/** CSRF tokens by the session cookie that they belong to. */
const sessions = new Map();
let serial = 0;

const refuse = (response, status, code, message, headers = {}) =>
  response
    .status(status)
    .set(headers)
    .json({ error: { code, message: { lang: "en", value: message } } });

export function gateway(request, response, next) {
  if (request.path === "/sap/bc/sec/oauth2/token") return issueToken(request, response);
  if (request.path === "/test/expire") return expire(response);
  // The adapter for version 2 asks the service of version 4 over loopback, for what has been let in already.
  if (request.path.startsWith("/odata/v4/")) return next();
  const { authorization = "" } = request.headers;
  if (authorization !== BASIC && !tokens.has(authorization)) return refuse(response, 401, "401", "Logon failed");
  // Whom it lets in is settled here, and the services ask no more.
  delete request.headers.authorization;
  if (request.method === "GET" && request.get("x-csrf-token") === "Fetch") handOut(response);
  else if (request.method !== "GET" && !holds(request))
    return refuse(response, 403, "/IWFND/CM_COS/012", "CSRF token validation failed", { "x-csrf-token": "Required" });
  const [pattern, place] = PATHS.find(([each]) => each.test(request.url)) ?? [];
  if (pattern === undefined) return refuse(response, 404, "/IWFND/MED/170", "No service found");
  request.url = request.url.replace(pattern, place);
  return next();
}

function issueToken(request, response) {
  if (request.get("authorization") !== CLIENT) return response.status(401).json({ error: "invalid_client" });
  const token = `cap-token-${++serial}`;
  tokens.add(`Bearer ${token}`);
  return response.json({ access_token: token, token_type: "Bearer", expires_in: 3600 });
}

function handOut(response) {
  const [session, token] = [`s${++serial}`, `csrf-${serial}==`];
  sessions.set(session, token);
  response.set("x-csrf-token", token);
  response.append("set-cookie", `SAP_SESSIONID_CAP_100=${session}; path=/; HttpOnly`);
  response.append("set-cookie", "sap-usercontext=sap-client=100; path=/");
}

function holds(request) {
  const session = /(?:^|; )SAP_SESSIONID_CAP_100=(\w+)/.exec(request.get("cookie") ?? "")?.[1];
  return sessions.has(session) && sessions.get(session) === request.get("x-csrf-token");
}

function expire(response) {
  sessions.clear();
  tokens.clear();
  return response.status(204).end();
}
