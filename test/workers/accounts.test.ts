import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LIMITS } from "../../src/domain/limits.ts";
import { call, destinations, eventually, ops, signed } from "../support/router.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  destinations();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface Made {
  readonly url: string;
  readonly secret: string | null;
  readonly state: string;
  readonly secrets: readonly { readonly name: string; readonly until: string | null }[];
}

const ACCOUNTS = "/sources/partner/accounts";
const because = { reason: "a customer signed up" };
const create = async (account: string, more: object = {}): Promise<Made> =>
  (await ops(ACCOUNTS, "admin", { account, ...because, ...more })).json();
const invoice = (id: string): string =>
  JSON.stringify({ type: "invoice.paid", timestamp: new Date().toISOString(), data: { id, status: "paid", version: Date.now() } });
const post = (account: string, secret: string, id = "INV-1"): Promise<Response> =>
  call(signed("partner", { body: invoice(id), account: { name: account, secret } }));

/** What an isolate remembers is forgotten after this. */
const later = (): void => void vi.setSystemTime(Date.now() + LIMITS.accountCacheMs + 1);

describe("accounts of a source", () => {
  it("each have an address and a secret of their own, which the others' do not open", async () => {
    const [first, second] = [await create("acme"), await create("globex")];
    expect(first.url).toMatch(/\/in\/partner\/acme$/);
    expect(first.secret).toMatch(/^whsec_/);
    expect((await post("acme", first.secret ?? "")).status).toBe(202);
    expect((await post("globex", first.secret ?? "")).status).toBe(401);
    expect((await post("globex", second.secret ?? "")).status).toBe(202);
    expect((await call(signed("partner", { body: invoice("INV-1") }))).status).toBe(202);
  });

  it("name their records apart: one id in two accounts is two entities, and neither's delivery is the other's copy", async () => {
    const [first, second] = [await create("north"), await create("south")];
    const ids: string[] = [];
    for (const [account, { secret }] of [
      ["north", first],
      ["south", second],
    ] as const) {
      const response = await post(account, secret ?? "", "INV-7");
      ids.push(response.headers.get("x-signalbox-event-id") ?? "");
    }
    const events = await Promise.all(ids.map((id) => eventually(id)));
    expect(events).toMatchObject([
      { status: "delivered", entity: { kind: "invoice", key: "north:INV-7" } },
      { status: "delivered", entity: { kind: "invoice", key: "south:INV-7" } },
    ]);
  });

  it("are kept as ciphertext that opens for its own account alone", async () => {
    const { secret } = await create("sealed");
    const row = await env.DB.prepare("SELECT secrets FROM source_accounts WHERE account = 'sealed'").first<{ secrets: string }>();
    expect(row?.secrets).not.toContain(secret?.slice(6) ?? "none");
    await create("thief");
    await env.DB.prepare("UPDATE source_accounts SET secrets = ?1 WHERE account = 'thief'")
      .bind(row?.secrets ?? "")
      .run();
    expect((await post("sealed", secret ?? "")).status).toBe(202);
    expect((await post("thief", secret ?? "")).status).toBe(401);
  });

  it("rotate: both secrets count for the overlap, then only the new one", async () => {
    const { secret: old } = await create("rolling");
    const rotated = await (await ops(`${ACCOUNTS}/rolling/rotate`, "admin", { ...because, overlapSeconds: 120 })).json<Made>();
    expect(rotated.secrets).toMatchObject([{ until: null }, { until: expect.any(String) }]);
    later();
    for (const secret of [old, rotated.secret]) expect((await post("rolling", secret ?? "")).status).toBe(202);
    vi.setSystemTime(Date.now() + 121_000);
    expect((await post("rolling", old ?? "")).status).toBe(401);
    expect((await post("rolling", rotated.secret ?? "")).status).toBe(202);
  });

  it("are shut out within the stated time once disabled, and let in again once enabled", async () => {
    const { secret } = await create("leaver");
    expect((await post("leaver", secret ?? "")).status).toBe(202);
    const disabled = await (
      await ops(`${ACCOUNTS}/leaver/disable`, "admin", because)
    ).json<{ state: string; effectiveWithinSeconds: number }>();
    expect(disabled).toMatchObject({ state: "disabled", effectiveWithinSeconds: LIMITS.accountCacheMs / 1000 });
    later();
    expect((await post("leaver", secret ?? "")).status).toBe(401);
    await ops(`${ACCOUNTS}/leaver/enable`, "admin", because);
    later();
    expect((await post("leaver", secret ?? "")).status).toBe(202);
  });

  it("that are not there answer exactly as a wrong secret does", async () => {
    await create("there");
    const answers = await Promise.all([post("there", "whsec_d3Jvbmcgd3Jvbmcgd3Jvbmc="), post("nowhere", "whsec_d3Jvbmcgd3Jvbmcgd3Jvbmc=")]);
    const [wrong, unknown] = await Promise.all(
      answers.map(async (answer) => ({ status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() })),
    );
    expect(unknown).toEqual(wrong);
    expect(unknown?.status).toBe(401);
    await vi.waitFor(async () => {
      const { items } = await (await ops("/rejections?source=partner")).json<{ items: readonly { reason: string }[] }>();
      expect(items.map(({ reason }) => reason)).toEqual(expect.arrayContaining(["unknown_account", "signature_mismatch"]));
    }, LIMITS.rejectionFlushMs + 3_000);
  });

  it("exist only where the source has them, under names that fit an address, once each, and for admins", async () => {
    expect((await call(new Request("http://router.test/in/stripe/acme", { method: "POST", body: "{}" }))).status).toBe(404);
    expect((await ops("/sources/stripe/accounts", "admin", { account: "acme", ...because })).status).toBe(404);
    expect((await ops(ACCOUNTS, "admin", { account: "a/b", ...because })).status).toBe(400);
    await create("twice");
    expect((await ops(ACCOUNTS, "admin", { account: "twice", ...because })).status).toBe(409);
    expect((await ops(ACCOUNTS, "approver", { account: "other", ...because })).status).toBe(403);
    expect((await ops(`${ACCOUNTS}/nobody/rotate`, "admin", because)).status).toBe(404);
  });

  it("are listed by name, a page at a time, with the age of their secrets and never a value", async () => {
    for (const name of ["page-1", "page-2", "page-3"]) await create(name, { secret: "the sender's own, told by it" });
    const first = await (await ops(`${ACCOUNTS}?limit=2&cursor=page-`, "viewer")).text();
    expect(JSON.parse(first)).toMatchObject({ items: [{ account: "page-1" }, { account: "page-2" }], nextCursor: "page-2" });
    expect(first).not.toContain("told by it");
    const second = await (await ops(`${ACCOUNTS}?limit=2&cursor=page-2`, "viewer")).json<{ items: readonly { account: string }[] }>();
    expect(second.items[0]).toMatchObject({ account: "page-3", secrets: [{ since: expect.any(String), until: null }] });
  });

  it("let every change be found with who made it and why", async () => {
    await create("audited");
    const found = await env.DB.prepare("SELECT actor, action, reason FROM operator_actions WHERE subject = 'partner/audited'").all();
    expect(found.results).toEqual([{ actor: expect.any(String), action: "account create", reason: because.reason }]);
  });
});
