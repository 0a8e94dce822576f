import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customer, type EventSeen } from "../../scripts/demo/stage.ts";
import { enter, startBrowser, type Browser, type Role } from "./support/browser.ts";
import { deadOpportunity } from "./support/morning.ts";
import { startStack, type Stack } from "./support/stack.ts";

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
  stack = await startStack(100);
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

/** A person of this role at a page. */
async function at(path: string, role: Role): Promise<Page> {
  const page = await enter(browser, stack, role);
  await page.goto(`${stack.url}${path}`);
  return page;
}

let serial = 0;
const newDead = (currency: string): Promise<string> =>
  deadOpportunity(stack.stage, `0062400000Act${String(serial++).padStart(2, "0")}AAR`, currency);
const enable = (currency: string): Promise<unknown> =>
  stack.stage.sandbox("/erp/settings/currencies", { method: "POST", body: { currency } });

const letterId = (event: string): string => encodeURIComponent(`${event}:erp`);
const statusOf = async (event: string): Promise<string> => (await stack.stage.ops<EventSeen>(`/events/${event}`)).status;
const letterStatus = async (event: string): Promise<string> =>
  (await stack.stage.ops<{ status: string }>(`/dead-letters/${letterId(event)}`)).status;

interface Replay {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly progress: { readonly done: number } | null;
}
const replayFor = async (reason: string): Promise<Replay | undefined> =>
  (await stack.stage.ops<{ items: readonly Replay[] }>("/replays")).items.find((replay) => replay.reason === reason);
const destination = async (name: string): Promise<{ readonly name: string; readonly state: string } | undefined> =>
  (await stack.stage.ops<{ items: readonly { name: string; state: string }[] }>("/destinations")).items.find((each) => each.name === name);

/** Fills the reason of a form and sends it. */
async function act(page: Page, form: string, button: string, reason: string): Promise<void> {
  const found = page.getByRole("form", { name: form, exact: true });
  await found.getByLabel("Reason").fill(reason);
  await found.getByRole("button", { name: button, exact: true }).click();
}

describe("an operator, about a dead letter", () => {
  it("retries it once the system takes it; the page says what became of it, once", async () => {
    const event = await newDead("CHF");
    const page = await at(`/ops/dead-letters/${letterId(event)}`, "operator");
    await enable("CHF");
    await act(page, "Retry", "Retry", "CHF is enabled now");
    await page.getByRole("status").getByText("It was tried again. Its event is delivered now.").waitFor();
    expect([await statusOf(event), await letterStatus(event)]).toEqual(["delivered", "resolved"]);
    await page.reload();
    expect(await page.getByText("It was tried again").count()).toBe(0);
  });

  it("skips it, and it is cancelled", async () => {
    const event = await newDead("SEK");
    const page = await at(`/ops/dead-letters/${letterId(event)}`, "operator");
    await act(page, "Skip", "Skip", "the customer withdrew");
    await page.getByRole("status").getByText("It was skipped.").waitFor();
    expect([await statusOf(event), await letterStatus(event)]).toEqual(["cancelled", "skipped"]);
  });

  it("edits it: a slip is named and nothing typed is lost, then the mended data is delivered", async () => {
    const event = await newDead("NOK");
    const page = await at(`/ops/dead-letters/${letterId(event)}`, "operator");
    await page.getByLabel("Changes, as a JSON Merge Patch").fill('{"amount": {"currency": "EUR"');
    await act(page, "Edit and retry", "Edit and retry", "booked in euro");
    await page.getByRole("alert").getByText("not valid JSON").waitFor();
    expect(await page.getByLabel("Changes, as a JSON Merge Patch").inputValue()).toBe('{"amount": {"currency": "EUR"');
    await page.getByLabel("Changes, as a JSON Merge Patch").fill('{"amount": {"currency": "EUR"}}');
    await act(page, "Edit and retry", "Edit and retry", "booked in euro");
    await page.getByRole("status").getByText("It was edited and tried again.").waitFor();
    expect(await statusOf(event)).toBe("delivered");
  });

  it("retries many at once from the list, and the audit tells who did it and why", async () => {
    const events = [await newDead("PLN"), await newDead("PLN")];
    const other = await newDead("HUF");
    await enable("PLN");
    const page = await at("/ops/dead-letters?owner=revops", "operator");
    for (const event of events) await page.locator(`input[name=id][value="${event}:erp"]`).check();
    await act(page, "Deal with the ticked dead letters", "Retry", "PLN is enabled now");
    await page.getByRole("status").getByText("2 dead letters retried.").waitFor();
    expect(await Promise.all([...events, other].map(statusOf))).toEqual(["delivered", "delivered", "dead"]);
    await page.getByRole("link", { name: "Audit", exact: true }).click();
    await page.waitForURL(/\/ops\/audit/);
    expect(await page.getByRole("row", { name: /PLN is enabled now/ }).count()).toBe(2);
    expect(await page.getByRole("row", { name: /Retry.*local-operator|local-operator.*Retry/ }).count()).toBeGreaterThanOrEqual(2);
  });

  it("ticks all of a team with one box", async () => {
    const page = await at("/ops/dead-letters", "operator");
    await page.getByLabel("Tick all of Revenue operations").check();
    const boxes = page.locator("section", { hasText: "Tick all of Revenue operations" }).locator("input[name=id]");
    expect(await boxes.count()).toBeGreaterThan(0);
    for (const box of await boxes.all()) expect(await box.isChecked()).toBe(true);
  });
});

describe("an operator, about a destination", () => {
  it("pauses it, so that what comes is held, and resumes it, so that it goes on", async () => {
    const page = await at("/ops/destinations", "operator");
    const panel = page.locator("section", { hasText: "ERP" }).first();
    await panel.getByText("Pause", { exact: true }).click();
    await act(page, "pause ERP", "Pause ERP", "closing the books");
    await page.getByText("ERP is paused: everything for it is held.").waitFor();
    expect((await destination("erp"))?.state).toBe("paused");
    const { id } = await stack.stage.send("custom", customer({ id: "C-9", name: "Waits Ltd", updatedAtMs: Date.now() }));
    expect((await stack.stage.event(id, ["held"])).status).toBe("held");
    await act(page, "resume ERP", "Resume ERP", "books are closed");
    await page.getByText("ERP is resumed: what was held goes on.").waitFor();
    expect((await destination("erp"))?.state).toBe("closed");
    expect((await stack.stage.event(id, ["delivered"])).status).toBe("delivered");
  });
});

describe("replays", () => {
  const hourAgo = (): string => new Date(Date.now() - 3_600_000).toISOString().slice(0, 19);
  const now = (): string => new Date(Date.now() + 60_000).toISOString().slice(0, 19);

  async function planned(reason: string, force: boolean): Promise<Page> {
    const page = await at("/ops/replays", "operator");
    await page.getByRole("link", { name: "Plan a replay" }).click();
    await page.getByLabel("From, UTC").fill(hourAgo());
    await page.getByLabel("To, UTC").fill(now());
    await page.getByLabel("Source").selectOption("custom");
    await page.getByLabel("Status").selectOption("delivered");
    if (force) await page.getByLabel("Also over newer states").check();
    await act(page, "Plan a replay", "Show the plan", reason);
    await page.getByRole("heading", { name: /would be put in again/ }).waitFor();
    expect(await replayFor(reason)).toBeUndefined();
    return page;
  }

  it("are planned, started and seen to their end", async () => {
    const page = await planned("the ERP lost an hour", false);
    await page.getByRole("button", { name: "Start the replay" }).click();
    await page.getByText("The replay has begun.").waitFor();
    const done = await stack.stage.until(
      () => replayFor("the ERP lost an hour"),
      (replay) => replay?.state === "done",
    );
    expect(done?.state).toBe("done");
    await page.reload();
    expect(await page.getByText("Done", { exact: true }).isVisible()).toBe(true);
    expect(await page.getByRole("progressbar", { name: "Events dealt with" }).isVisible()).toBe(true);
  });

  it("over newer states wait for another person, who approves", async () => {
    const reason = "all of it, over newer states";
    const page = await planned(reason, true);
    await page.getByRole("button", { name: "Ask for approval" }).click();
    await page.getByText("It waits for an approver.").waitFor();
    expect(await page.getByText("Approving it needs the role approver").isVisible()).toBe(true);
    expect((await replayFor(reason))?.state).toBe("waitingForApproval");
    const approver = await at(new URL(page.url()).pathname, "approver");
    await act(approver, "Approve the replay", "Approve and start", "agreed with finance");
    await approver.getByText("Approved; it begins now.").waitFor();
    expect(["running", "done"]).toContain((await replayFor(reason))?.state);
  });

  it("are cancelled before they begin", async () => {
    const reason = "a mistake";
    const page = await planned(reason, true);
    await page.getByRole("button", { name: "Ask for approval" }).click();
    await page.getByText("It waits for an approver.").waitFor();
    await act(page, "Cancel the replay", "Cancel the replay", "wrong hour");
    await page.getByRole("status").getByText("Cancelled.").waitFor();
    expect((await replayFor(reason))?.state).toBe("cancelled");
  });
});

describe("a viewer", () => {
  it("sees everything but what is personal, is told what another role could do, and finds no form to do it", async () => {
    const event = await newDead("ISK");
    for (const [path, told] of [
      ["/ops/dead-letters", "Retrying or skipping needs the role operator; yours is viewer."],
      [`/ops/dead-letters/${letterId(event)}`, "Retrying, editing or skipping it needs the role operator; yours is viewer."],
      ["/ops/destinations", "Pausing and resuming needs the role operator; yours is viewer."],
      ["/ops/replays/new", "Planning a replay needs the role operator; yours is viewer."],
      [`/ops/events/${stack.customerEvents[1]}`, "The raw body needs the role operator; yours is viewer."],
    ] as const) {
      const page = await at(path, "viewer");
      expect(await page.getByText(told).isVisible(), path).toBe(true);
      expect(await page.locator("form.action").count(), path).toBe(0);
      await page.context().close();
    }
    const page = await at(`/ops/events/${stack.customerEvents[1]}`, "viewer");
    const text = (await page.locator("main").textContent()) ?? "";
    expect(text).toContain("Personal data is masked for your role.");
    expect(text).not.toContain("Ada");
    const response = await page.goto(`${stack.url}/ops/events/${stack.customerEvents[1]}/raw`);
    expect(response?.status()).toBe(403);
  });

  it("signs out, and is asked to sign in again", async () => {
    const page = await at("/ops/events", "viewer");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(/\/ops\/sign-in/);
    await page.goto(`${stack.url}/ops/events?status=dead`);
    expect(new URL(page.url()).searchParams.get("next")).toBe("/ops/events?status=dead");
  });

  it("who pastes a token that is none is told so", async () => {
    const page = await (await browser.open()).newPage();
    await page.goto(`${stack.url}/ops/sign-in`);
    await page.getByLabel("Token").fill("nonsense");
    await page.getByRole("button", { name: "Sign in" }).click();
    expect(await page.getByRole("alert").getByText("The token was not taken.").isVisible()).toBe(true);
  });
});
