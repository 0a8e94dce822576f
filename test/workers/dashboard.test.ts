import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ROLES, mayActAs, type Role } from "../../src/domain/roles.ts";
import { OPERATIONS, type OperationName } from "../../src/http/operations.ts";
import { call, customer, destinations, eventually, ops, signed, token } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const ORIGIN = "http://router.test";

async function page(path: string, as: Role | null = "viewer", headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const session = as === null ? {} : { cookie: `signalbox_session=${await token(as)}` };
  return call(new Request(`${ORIGIN}${path}`, { headers: { ...session, ...headers }, redirect: "manual" }));
}

interface Sent {
  readonly as?: Role;
  readonly origin?: string | null;
  readonly formToken?: string | null;
  readonly session?: string;
}

/** Sends a form as a browser would, from a page of ours unless told otherwise. */
async function send(path: string, fields: Readonly<Record<string, string>>, sent: Sent = {}): Promise<Response> {
  const session = sent.session ?? (await token(sent.as ?? "operator"));
  const formToken = sent.formToken === undefined ? await formTokenFor(session) : sent.formToken;
  const body = new URLSearchParams({ ...fields, ...(formToken === null ? {} : { formToken }) }).toString();
  const origin = sent.origin === undefined ? ORIGIN : sent.origin;
  const headers = {
    cookie: `signalbox_session=${session}`,
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
    ...(origin === null ? {} : { origin }),
  };
  return call(new Request(`${ORIGIN}${path}`, { method: "POST", headers, body, redirect: "manual" }));
}

/** What the pages of a session put into their forms. */
async function formTokenFor(session: string): Promise<string> {
  const shown = await call(new Request(`${ORIGIN}/ops/ownership`, { headers: { cookie: `signalbox_session=${session}` } }));
  return /name="formToken" value="([0-9a-f]{64})"/.exec(await shown.text())?.[1] ?? "none";
}

async function deadEvent(id: string): Promise<string> {
  destinations(() => Response.json({ errors: [{ field: "name", message: "is not allowed" }] }, { status: 422 }));
  const { id: event } = await (await call(signed("custom", customer({ id })))).json<{ id: string }>();
  await eventually(event, ({ status }) => status === "dead");
  return event;
}

const PAGES = [
  "/ops",
  "/ops/events",
  "/ops/trace?key=nothing",
  "/ops/dead-letters",
  "/ops/replays",
  "/ops/replays/new",
  "/ops/destinations",
  "/ops/sources",
  "/ops/sources/custom",
  "/ops/ownership",
  "/ops/audit",
  "/ops/alerts",
  "/ops/alerts?state=resolved&severity=critical",
];

describe("the dashboard's pages", () => {
  it.each(PAGES)("%s is shown to a viewer, with a policy that lets nothing in from elsewhere", async (path) => {
    const shown = await page(path);
    expect([200, 404]).toContain(shown.status);
    expect(shown.headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(shown.headers.get("cache-control")).toBe("no-store");
    const html = await shown.text();
    expect(html).toMatch(/^<!DOCTYPE html><html lang="en">/);
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/);
  });

  it("answers 304 to whoever has seen that very page, so that looking again costs nothing to send", async () => {
    const session = await token("viewer");
    const ask = (headers: Readonly<Record<string, string>>): Promise<Response> =>
      call(new Request(`${ORIGIN}/ops/ownership`, { headers: { cookie: `signalbox_session=${session}`, ...headers } }));
    const etag = (await ask({})).headers.get("etag") ?? "";
    expect(etag).not.toBe("");
    expect((await ask({ "if-none-match": etag })).status).toBe(304);
  });

  it("serves style and script under names that change with them, to be kept for good", async () => {
    const html = await (await page("/ops")).text();
    const paths = [...html.matchAll(/(?:href|src)="(\/ops\/assets\/dashboard\.[0-9a-f]{8}\.(?:css|js))"/g)].map((match) => match[1] ?? "");
    expect(paths).toHaveLength(2);
    for (const path of paths) {
      const asset = await page(path, null);
      expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
      expect(asset.headers.get("content-type")).toMatch(/^text\/(css|javascript); charset=utf-8$/);
    }
  });

  it("has a page for what is not there, and leaves the ops API's own answers alone", async () => {
    const missing = await page("/ops/nothing-here");
    expect([missing.status, missing.headers.get("content-type")]).toEqual([404, "text/html; charset=UTF-8"]);
    const api = await ops("/nothing-here");
    expect([api.status, api.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  });

  it("shows markup in a sender's words as words", async () => {
    destinations();
    const sent = await call(signed("custom", customer({ id: "XSS-1", name: "<script>alert(1)</script><img src=x onerror=alert(2)>" })));
    const { id } = await sent.json<{ id: string }>();
    await eventually(id);
    const html = await (await page(`/ops/events/${id}`, "operator")).text();
    expect(html).toContain("&lt;script&gt;alert(1)");
    expect(html).not.toContain("<script>alert");
    expect(html).not.toContain("<img src=x");
  });

  it("says so in a page, not in a bare error, when the index cannot be read", async () => {
    const away = (): never => {
      throw new Error("D1 is away");
    };
    const broken = { ...env, DB: { prepare: away } as unknown as D1Database };
    const session = await token("viewer");
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const shown = await call(new Request(`${ORIGIN}/ops/events`, { headers: { cookie: `signalbox_session=${session}` } }), broken);
    expect(shown.status).toBe(503);
    expect(await shown.text()).toContain("Events are still taken in and kept");
  });
});

describe("signing in", () => {
  it("sends whoever has no session to the form, and back to where they wanted to go, on this site only", async () => {
    const asked = await page("/ops/events?status=dead", null);
    expect([asked.status, asked.headers.get("location")]).toEqual([303, "/ops/sign-in?next=%2Fops%2Fevents%3Fstatus%3Ddead"]);
    for (const [next, to] of [
      ["/ops/events?status=dead", "/ops/events?status=dead"],
      ["https://elsewhere.example", "/ops"],
      ["//elsewhere.example", "/ops"],
      ["/ops/..\\elsewhere.example", "/ops"],
      ["/opsy", "/ops"],
    ] as const) {
      const done = await send("/ops/sign-in", { token: await token("viewer"), next }, { session: "", formToken: null });
      expect([done.status, done.headers.get("location")], next).toEqual([303, to]);
    }
  });

  it("keeps the token where neither scripts nor other sites reach it, and forgets it on signing out", async () => {
    const session = await token("viewer");
    const done = await send("/ops/sign-in", { token: session, next: "" }, { session: "", formToken: null });
    expect(done.headers.get("set-cookie")).toBe(`signalbox_session=${session}; Path=/ops; HttpOnly; Secure; SameSite=Strict`);
    const out = await send("/ops/sign-out", {}, { session });
    expect([out.status, out.headers.get("location")]).toEqual([303, "/ops/sign-in"]);
    expect(out.headers.get("set-cookie")).toMatch(/^signalbox_session=; Max-Age=0/);
  });

  it("takes no token that the ops API would not take, and no form of another site", async () => {
    for (const bad of ["", "nonsense", await token("admin", { issuer: "other" }), await token("admin", { expires: "-2h" })]) {
      const refused = await send("/ops/sign-in", { token: bad }, { session: "", formToken: null });
      expect(refused.status).toBe(401);
      expect(refused.headers.get("set-cookie")).toBeNull();
    }
    const foreign = await send(
      "/ops/sign-in",
      { token: await token("viewer") },
      { session: "", formToken: null, origin: "https://x.example" },
    );
    expect([foreign.status, foreign.headers.get("set-cookie")]).toEqual([401, null]);
    const asked = await call(new Request(`${ORIGIN}/ops`, { headers: { cookie: "signalbox_session=nonsense" } }));
    expect(asked.headers.get("location") ?? (await asked.text())).toContain("sign-in");
  });

  it("needs no sign-in behind Cloudflare Access, whose token comes as a header or a cookie", async () => {
    const session = await token("viewer");
    expect((await page("/ops", null, { "cf-access-jwt-assertion": session })).status).toBe(200);
    expect((await page("/ops", null, { cookie: `CF_Authorization=${session}` })).status).toBe(200);
  });

  it("lets a link from elsewhere come back once, since a strict cookie is not sent with it", async () => {
    const first = await page("/ops/events", null, { "sec-fetch-site": "cross-site" });
    expect(first.status).toBe(200);
    expect(await first.text()).toContain('<meta http-equiv="refresh" content="0"/>');
    expect((await page("/ops/events", null, { "sec-fetch-site": "same-origin" })).status).toBe(303);
  });
});

const FORMS: readonly (readonly [string, OperationName])[] = [
  ["/ops/dead-letters/none/retry", "retryDeadLetter"],
  ["/ops/dead-letters/none/skip", "skipDeadLetter"],
  ["/ops/dead-letters/none/edit", "editDeadLetter"],
  ["/ops/dead-letters/bulk", "retryDeadLetter"],
  ["/ops/destinations/none/pause", "pauseDestination"],
  ["/ops/destinations/none/resume", "resumeDestination"],
  ["/ops/replays/plan", "createReplay"],
  ["/ops/replays", "createReplay"],
  ["/ops/replays/none/approve", "approveReplay"],
  ["/ops/replays/none/cancel", "cancelReplay"],
];
const FIELDS = { reason: "a test", id: "none", verb: "retry", body: "x", from: "2026-11-27T00:00", to: "2026-11-27T01:00" };

describe("the dashboard's forms", () => {
  const cells = FORMS.flatMap(([path, name]) => ROLES.map((role) => ({ path, name, role })));

  it.each(cells)("$path as $role: who may, is said by the table of operations", async ({ path, name, role }) => {
    const { status } = await send(path, FIELDS, { as: role });
    if (mayActAs(role, OPERATIONS[name].role)) expect(status).not.toBe(403);
    else expect(status).toBe(403);
  });

  it.each([
    ["no token", { formToken: null }],
    ["a wrong token", { formToken: "0".repeat(64) }],
    ["the origin of another site", { origin: "https://elsewhere.example" }],
    ["no origin", { origin: null }],
    ["the origin null", { origin: "null" }],
  ] satisfies readonly (readonly [string, Sent])[])("with %s do nothing", async (_what, sent) => {
    const event = await deadEvent(`CSRF-${crypto.randomUUID()}`);
    const answer = await send(`/ops/dead-letters/${event}:erp/skip`, { reason: "forged" }, sent);
    expect(answer.status).toBe(403);
    expect((await (await ops(`/dead-letters/${event}:erp`)).json<{ status: string }>()).status).toBe("open");
  });

  it("with another session's token do nothing", async () => {
    const event = await deadEvent("CSRF-OTHER");
    const formToken = await formTokenFor(await token("viewer"));
    expect((await send(`/ops/dead-letters/${event}:erp/skip`, { reason: "forged" }, { formToken })).status).toBe(403);
    expect((await (await ops(`/dead-letters/${event}:erp`)).json<{ status: string }>()).status).toBe("open");
  });

  it("without a session lead to the sign-in", async () => {
    const answer = await send("/ops/destinations/erp/pause", { reason: "a stranger" }, { session: "", formToken: null });
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/ops/sign-in"]);
    expect((await (await ops("/destinations")).json<{ items: { name: string; state: string }[] }>()).items[0]?.state).not.toBe("paused");
  });

  it("do it once, say so on the next page, and give back what was typed when they are refused", async () => {
    const event = await deadEvent("FORM-1");
    const refused = await send(`/ops/dead-letters/${event}:erp/edit`, { reason: "kept words", patch: '{"name": 7}' });
    expect(refused.status).toBe(422);
    const again = await refused.text();
    expect(again).toContain('value="kept words"');
    expect(again).toContain("{&quot;name&quot;: 7}");
    destinations();
    const done = await send(`/ops/dead-letters/${event}:erp/retry`, { reason: "corrected there" });
    expect([done.status, decodeURIComponent(done.headers.get("location") ?? "")]).toEqual([303, `/ops/dead-letters/${event}:erp`]);
    const said = /signalbox_said=([^;]+)/.exec(done.headers.get("set-cookie") ?? "")?.[1] ?? "";
    expect(decodeURIComponent(said)).toContain("It was tried again.");
    expect((await (await ops(`/events/${event}`)).json<{ status: string }>()).status).toBe("delivered");
    const { items } = await (await ops("/operator-actions?actor=test-operator")).json<{ items: Record<string, string>[] }>();
    expect(items[0]).toMatchObject({ action: "retry", subject: `${event}:erp`, reason: "corrected there" });
  });
});

describe("the ops API called by a page of another site", () => {
  it("does nothing, even where the visitor's own token comes along", async () => {
    const answer = await call(
      new Request(`${ORIGIN}/ops/v1/destinations/erp/pause`, {
        method: "POST",
        headers: { "cf-access-jwt-assertion": await token("operator"), origin: "https://elsewhere.example", "content-type": "text/plain" },
        body: JSON.stringify({ reason: "forged" }),
      }),
    );
    expect(answer.status).toBe(403);
  });
});
