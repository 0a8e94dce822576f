import { beforeAll, describe, expect, it } from "vitest";
import { ROLES, type Role } from "../../src/domain/roles.ts";
import { ACTIONS } from "../../src/http/dashboard/actions/index.ts";
import { addressOf } from "../../src/http/operation.ts";
import { OPERATIONS, OPERATION_NAMES, type Operation, type OperationName } from "../../src/http/operations.ts";
import { call, ops, token } from "../support/router.ts";

/**
 * Who may call what, written down a second time on purpose: an operation whose role changes, or that is new, must be
 * decided here too. "people only" is closed to API keys of every role.
 */
const WHO = {
  listEvents: "viewer",
  getEvent: "viewer",
  getRaw: "operator",
  getPayload: "viewer",
  getEntity: "viewer",
  verifyEntity: "viewer",
  trace: "viewer",
  listDeadLetters: "viewer",
  getDeadLetter: "viewer",
  retryDeadLetter: "operator",
  editDeadLetter: "operator",
  skipDeadLetter: "operator",
  listDestinations: "viewer",
  pauseDestination: "operator",
  resumeDestination: "operator",
  listReplays: "viewer",
  getReplay: "viewer",
  createReplay: "operator",
  approveReplay: "approver, people only",
  cancelReplay: "operator",
  listFlows: "viewer",
  getFlow: "viewer",
  retryFlow: "operator",
  skipFlow: "approver",
  cancelFlow: "operator",
  listReconciliations: "viewer",
  runReconciliation: "operator",
  listDrift: "viewer",
  getDrift: "viewer",
  getDriftHistory: "viewer",
  repairDrift: "operator",
  acceptDrift: "operator",
  listSources: "viewer",
  listAccounts: "viewer",
  createAccount: "admin",
  rotateAccount: "admin",
  disableAccount: "admin",
  enableAccount: "admin",
  registerAccount: "admin",
  listHandshakes: "viewer",
  getOverview: "viewer",
  listOperatorActions: "viewer",
  getMetrics: "viewer",
  listAlerts: "viewer",
  acknowledgeAlert: "operator",
  silenceAlert: "operator",
  listSlas: "viewer",
  getSla: "viewer",
  checkCredit: "viewer",
  validateOrder: "viewer",
  lookUpEntitlement: "viewer",
  getOrderStatus: "viewer",
  readEntity: "viewer",
  listImports: "viewer",
  listExports: "viewer",
  listKeys: "admin",
  createKey: "admin, people only",
  revokeKey: "admin",
  verifyAudit: "viewer",
  exportAudit: "operator",
  listErasures: "approver",
  getErasure: "approver",
  createErasure: "approver, people only",
  continueErasure: "approver, people only",
  listRejections: "viewer",
  getBacklog: "viewer",
  explainRoutes: "viewer",
  listOwnership: "viewer",
} as const satisfies Readonly<Record<OperationName, Role | `${Role}, people only`>>;

const ORIGIN = "http://router.test";
const keys = new Map<Role, string>();

beforeAll(async () => {
  for (const role of ROLES) {
    const made = await ops("/keys", "admin", { name: `cells-${role}`, owner: "platform", role, reason: "the table of roles" });
    keys.set(role, (await made.json<{ key: string }>()).key);
  }
});

async function statusOf(operation: Operation, authorization: string | null): Promise<number> {
  const path = addressOf(operation).replace(":kind", "customer").replaceAll(/:\w+/g, "none");
  const headers = { "content-type": "application/json", ...(authorization === null ? {} : { authorization: `Bearer ${authorization}` }) };
  const post = operation.method === "post" ? { method: "POST", body: JSON.stringify({ reason: "a test" }) } : {};
  return (await call(new Request(`${ORIGIN}${path}`, { headers, ...post }))).status;
}

/** What a status says of the one thing asked here. */
const verdictOf = (status: number): string =>
  status === 401 ? "unknown" : status === 403 ? "forbidden" : status === 429 ? "limited" : "let in";

const reaches = (has: Role, needs: Role): boolean => ROLES.indexOf(has) >= ROLES.indexOf(needs);

describe("who may call what", () => {
  it("is decided for every operation, and for no other", () => {
    expect(Object.keys(WHO).toSorted()).toEqual(OPERATION_NAMES.toSorted());
  });

  it.each(OPERATION_NAMES.map((name) => [name, WHO[name]] as const))("%s: %s", async (name, who) => {
    const operation: Operation = OPERATIONS[name];
    const [needs = "", peopleOnly] = who.split(", ");
    const expected: Record<string, string> = {};
    const found: Record<string, string> = {};
    for (const role of ROLES) {
      const may = reaches(role, needs as Role);
      expected[`token of a ${role}`] = may ? "let in" : "forbidden";
      expected[`key of a ${role}`] = may && peopleOnly === undefined ? "let in" : "forbidden";
      found[`token of a ${role}`] = verdictOf(await statusOf(operation, await token(role)));
      found[`key of a ${role}`] = verdictOf(await statusOf(operation, keys.get(role) ?? ""));
    }
    expect(found).toEqual(expected);
  });

  it("nobody without a good credential", async () => {
    const key = keys.get("admin") ?? "";
    const foreign = key.replace(/_[0-9a-f]{16}_/, "_0123456789abcdef_");
    const bad: Record<string, string | null> = {
      "no credential": null,
      "an ended token": await token("admin", { expires: "-2h" }),
      "another issuer's token": await token("admin", { issuer: "other" }),
      "a token for another audience": await token("admin", { audience: "other" }),
      "a token without a known role": await token("king" as "admin"),
      "a forged token": `${(await token("admin")).slice(0, -6)}AAAAAA`,
      "an unsigned token": `${btoa('{"alg":"none"}')}.${btoa('{"role":"admin","sub":"x","exp":9999999999}').replaceAll("=", "")}.`,
      "another deployment's key": foreign,
      "a key with one digit changed": key.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
      "the metrics token": "m".repeat(32),
    };
    for (const name of OPERATION_NAMES)
      for (const [what, credential] of Object.entries(bad))
        expect([name, what, await statusOf(OPERATIONS[name], credential)]).toEqual([name, what, 401]);
  });
});

describe("every form of the dashboard", () => {
  it.each(ACTIONS.map(({ path }) => path.replaceAll(/:\w+/g, "none")))("%s does nothing when another site's page sent it", async (path) => {
    const session = await token("admin");
    const form = { cookie: `signalbox_session=${session}`, "content-type": "application/x-www-form-urlencoded", "content-length": "15" };
    const post = (headers: Record<string, string>): Promise<Response> =>
      call(
        new Request(`${ORIGIN}${path}`, { method: "POST", headers: { ...form, ...headers }, body: "reason=a+forged", redirect: "manual" }),
      );
    expect((await post({ origin: "https://elsewhere.example" })).status).toBe(403);
    // From here, but made for nobody's session.
    expect((await post({ origin: ORIGIN })).status).toBe(403);
    expect((await post({})).status).toBe(403);
  });
});
