import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violations } from "./support/accessibility.ts";
import { enter, press, startBrowser, type Browser, type Role } from "./support/browser.ts";
import { behindOurBack, blockedSale, compareCustomers, cron, flowRun, sale } from "./support/morning.ts";
import { startStack, type Stack } from "./support/stack.ts";

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
  stack = await startStack(0);
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

/** A person of this role at a page. */
async function at(path: string, role: Role, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await enter(browser, stack, role, options);
  await page.goto(`${stack.url}${path}`);
  return page;
}

const part = encodeURIComponent;
const main = async (page: Page): Promise<string> => (await page.locator("main").textContent()) ?? "";

interface Finding {
  readonly id: string;
  readonly key: string;
  readonly state: string;
}
const findings = async (state: string): Promise<readonly Finding[]> =>
  (await stack.stage.ops<{ items: readonly Finding[] }>(`/drift?state=${state}&reconciliation=customers`)).items;
const findingOf = async (key: string): Promise<string> => {
  const found = (await findings("open")).find((each) => each.key === key);
  if (found === undefined) throw new Error(`no open finding is about ${key}`);
  return `/ops/drift/${part(found.id)}`;
};
const nameInErp = async (key: string): Promise<string | undefined> =>
  (await stack.stage.sandbox<{ name?: string }>(`/erp/customers/by-key/${key}`)).name;

interface Alert {
  readonly id: string;
  readonly state: string;
  readonly silenced: object | null;
}
const alert = async (id: string, state = ""): Promise<Alert | undefined> =>
  (await stack.stage.ops<{ items: readonly Alert[] }>(`/alerts${state === "" ? "" : `?state=${state}`}`)).items.find(
    (each) => each.id === id,
  );

describe("an operator, about drift", () => {
  it("sees both sides field by field, brings ours to the ERP, and the finding is closed by the next comparison", async () => {
    const page = await at("/ops/drift", "operator");
    await page.goto(`${stack.url}${await findingOf("C-21")}`);
    const row = page.getByRole("row", { name: /name/ });
    expect(await row.getByRole("cell").allTextContents()).toEqual(["name", "Signal Works C-21", "Renamed C-21"]);
    expect(await main(page)).toContain("ERP has changed fields that another system owns.");
    expect(await main(page)).toContain("Finance systems");
    await page.getByRole("form", { name: "repair" }).getByLabel("Reason").fill("the CRM owns the name");
    await page.getByRole("button", { name: "Repair" }).click();
    await page.getByRole("status").getByText("It is being repaired").waitFor();
    await stack.stage.until(
      () => nameInErp("C-21"),
      (name) => name === "Signal Works C-21",
    );
    expect(await nameInErp("C-21")).toBe("Signal Works C-21");
    await compareCustomers(stack.stage);
    await page.goto(`${stack.url}/ops/drift?state=repaired`);
    expect(await page.getByRole("link", { name: "Customer C-21" }).count()).toBe(1);
  });

  it("lets a difference be until a day, and is told when the day is past already", async () => {
    const page = await at(await findingOf("C-22"), "operator");
    const form = page.getByRole("form", { name: "accept" });
    await form.getByLabel("Until, in UTC").fill("2020-01-01T00:00:00");
    await form.getByLabel("Reason").fill("the account is closed");
    await form.getByRole("button").click();
    await page.getByRole("alert").getByText("must be in the future").waitFor();
    expect(await form.getByLabel("Reason").inputValue()).toBe("the account is closed");
    await form.getByLabel("Until, in UTC").fill(new Date(Date.now() + 86_400_000).toISOString().slice(0, 19));
    await form.getByRole("button").click();
    await page.getByRole("status").getByText("It is accepted until then.").waitFor();
    expect((await findings("accepted")).map(({ key }) => key)).toEqual(["C-22"]);
    expect(await page.locator("form.action").count()).toBe(0);
  });

  it("takes over by keyboard alone what only the ERP has, for which there is no other side", async () => {
    const page = await at(await findingOf("C-90"), "operator");
    expect(await page.getByLabel("Which side is right").locator("option").allTextContents()).toEqual(["ERP is: take over what it has"]);
    await press(page, "Tab", "input[name=reason]");
    await page.keyboard.type("made by hand in the ERP");
    await press(page, "Tab", "button");
    await page.keyboard.press("Enter");
    await page.getByText("It is being repaired").waitFor();
    const known = await stack.stage.until(
      () => stack.stage.ops<{ head: { seq: number } | null }>("/entities/customer/cus_000000005").catch(() => null),
      (found) => (found?.head?.seq ?? 0) > 0,
    );
    expect(known?.head?.seq).toBeGreaterThan(0);
  });

  it("compares now from the page, and what has drifted meanwhile is there", async () => {
    await behindOurBack(stack.stage, "C-1", { name: "Renamed in the ERP" });
    // The ERP's clock is read to the second, and what is younger than that is left to the next comparison.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const page = await at("/ops/drift", "operator");
    expect(await page.getByRole("link", { name: "Customer C-1", exact: true }).count()).toBe(0);
    const panel = page.locator("section", { hasText: "Compare customers" });
    await panel.getByText("Compare now").click();
    await panel.getByLabel("Reason").fill("a customer has rung");
    await panel.getByRole("button", { name: "Compare customers" }).click();
    await page.getByRole("status").getByText("The comparison has begun").waitFor();
    await stack.stage.until(
      () => findings("open"),
      (open) => open.some(({ key }) => key === "C-1"),
    );
    await page.reload();
    expect(await page.getByRole("link", { name: "Customer C-1", exact: true }).count()).toBe(1);
  });
});

describe("an operator, about an alert", () => {
  it("acknowledges it by keyboard alone; the page and the overview say who looks after it", async () => {
    const page = await at("/ops/alerts", "operator");
    const panel = page.getByRole("region", { name: "sla-burn:orderHandoff" });
    expect(await panel.textContent()).toContain("Revenue operations");
    expect(await panel.getByRole("link", { name: "Runbook of Revenue operations" }).count()).toBe(1);
    await panel.getByText("Acknowledge", { exact: true }).first().focus();
    await page.keyboard.press("Enter");
    await press(page, "Tab", "input[name=reason]");
    await page.keyboard.type("asking the ERP team");
    await press(page, "Tab", "button");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Acknowledged:").waitFor();
    expect((await alert("sla-burn:orderHandoff"))?.state).toBe("acknowledged");
    expect(await panel.textContent()).toContain("local-operator: asking the ERP team");
    await page.goto(`${stack.url}/ops`);
    expect(await page.getByRole("table", { name: "What waits for whom" }).textContent()).toContain("local-operator looks after it");
  });

  it("silences it for an hour, and tells of it again", async () => {
    const page = await at("/ops/alerts", "operator");
    const panel = page.getByRole("region", { name: "sla-burn:propagation" });
    const silence = async (how: string, reason: string): Promise<void> => {
      await panel.getByText("Silence", { exact: true }).first().click();
      await panel.getByLabel("For").selectOption(how);
      await panel.getByRole("form", { name: "Silence" }).getByLabel("Reason").fill(reason);
      await panel.getByRole("button", { name: "Silence" }).click();
    };
    await silence("60", "known, being mended");
    await page.getByRole("status").getByText("Silenced:").waitFor();
    expect(await panel.textContent()).toContain("by local-operator: known, being mended");
    expect((await alert("sla-burn:propagation"))?.silenced).not.toBeNull();
    await silence("0", "mended");
    await page.getByRole("status").getByText("It is told again.").waitFor();
    expect((await alert("sla-burn:propagation"))?.silenced).toBeNull();
  });

  it("sees it resolved some minutes after its cause has ended", async () => {
    expect((await alert("dead-letters:revops"))?.state).toBe("open");
    const page = await at("/ops/dead-letters?owner=revops", "operator");
    await page.getByLabel("Tick all of Revenue operations").check();
    await page.getByRole("form", { name: "Deal with the ticked dead letters" }).getByLabel("Reason").fill("no business in pounds");
    await page.getByRole("button", { name: "Skip" }).click();
    await page.getByRole("status").getByText("dead letters skipped.").waitFor();
    await stack.stage.until(
      () => stack.stage.ops<{ deadLetters: readonly { owner: { name: string } }[] }>("/overview"),
      ({ deadLetters }) => deadLetters.every(({ owner }) => owner.name !== "revops"),
    );
    await cron(stack.stage, 2);
    await cron(stack.stage, 8);
    await page.goto(`${stack.url}/ops/alerts`);
    await page.getByLabel("State").selectOption("resolved");
    await page.getByRole("button", { name: "Show" }).click();
    const panel = page.getByRole("region", { name: "dead-letters:revops" });
    expect(await panel.textContent()).toContain("Ended");
    expect(await panel.locator("form").count()).toBe(0);
  });
});

describe("a promise to the business", () => {
  it("leads from the overview to its figures and to the records that missed it, without a script", async () => {
    const page = await at("/ops", "viewer", { javaScriptEnabled: false });
    const promise = page.getByRole("table", { name: /Promises/ }).getByRole("row", { name: /Won opportunities become ERP orders/ });
    expect(await promise.textContent()).toContain("Breached");
    await promise.getByRole("link").click();
    await page.waitForURL(/\/ops\/slas\/orderHandoff/);
    const late = page.getByRole("table", { name: /Late records/ });
    expect(await late.getByRole("link", { name: "Opportunity 0062400000Gbp01AAR" }).count()).toBe(1);
    expect(await main(page)).toContain("7 % are allowed in 1h.");
    await page.getByRole("link", { name: "Came too late" }).click();
    await page.waitForURL(/state=ended/);
    expect(await page.getByRole("link", { name: "Opportunity 0062400000Gbp01AAR" }).count()).toBe(0);
    await page.getByRole("link", { name: "Still owed" }).click();
    await page.getByRole("link", { name: "Opportunity 0062400000Gbp01AAR" }).click();
    await page.waitForURL(`${stack.url}/ops/entities/opportunity/0062400000Gbp01AAR`);
  });
});

describe("a flow that waits for a person", () => {
  const path = async (id: string): Promise<string> => `/ops/flows/${(await flowRun(stack.stage, id))?.id ?? "none"}`;
  const stateOf = async (id: string): Promise<string | undefined> => (await flowRun(stack.stage, id))?.state;

  it("says where it stands and what comes next; tried again from a step once the sale is mended, it goes on to the ERP", async () => {
    const id = "0062400000Flow0AAR";
    const page = await at("/ops/flows?state=blocked", "operator");
    await page
      .getByRole("row", { name: new RegExp(id) })
      .getByRole("link", { name: "Quote to cash" })
      .click();
    await page.getByRole("heading", { name: `Quote to cash: ${id}` }).waitFor();
    expect(await main(page)).toContain("The products can be configured: the sale has no amount above zero.");
    expect(await main(page)).toContain("Revenue operations");
    expect(await main(page)).toContain("This needs the role approver; yours is operator.");
    await stack.stage.send("salesforce", sale(id, "250.00"));
    const form = page.getByRole("form", { name: "Try again" });
    await form.getByLabel("From the step").selectOption({ label: "The sale names its account" });
    await form.getByLabel("Reason").fill("the amount is there now");
    await form.getByRole("button").click();
    await page.getByRole("status").getByText("It goes on.").waitFor();
    const order = await stack.stage.until(
      () => stack.stage.sandbox<{ total?: { amount: string } }>(`/erp/orders/by-key/${id}`),
      (found) => found.total !== undefined,
    );
    expect(order.total?.amount).toBe("250.00");
    await page.reload();
    expect(await main(page)).toContain("The sale names its account: tried again");
    expect(await main(page)).toContain("The amount is there now; by local-operator");
  });

  it("is taken past its step by an approver", async () => {
    const id = "0062400000Flow1AAR";
    await blockedSale(stack.stage, id);
    const page = await at(await path(id), "approver");
    const form = page.getByRole("form", { name: "Go past the step" });
    await form.getByLabel("Reason").fill("a free trial has no amount");
    await form.getByRole("button").click();
    await page.getByRole("status").getByText("It goes on past that step.").waitFor();
    expect(await page.getByRole("row", { name: /The products can be configured/ }).textContent()).toContain("Skipped");
  });

  it("is cancelled with a reason by keyboard alone, and can then only be begun again", async () => {
    const id = "0062400000Flow2AAR";
    await blockedSale(stack.stage, id);
    const page = await at(await path(id), "operator");
    await page.getByRole("form", { name: "Cancel and take back" }).getByLabel("Reason").focus();
    await page.keyboard.type("entered twice");
    await press(page, "Tab", "button");
    await page.keyboard.press("Enter");
    await page.getByText("What it did is being taken back.").waitFor();
    const state = await stack.stage.until(
      () => stateOf(id),
      (each) => each === "cancelled",
    );
    expect(state).toBe("cancelled");
    await page.reload();
    expect(await main(page)).toContain("Nobody has to act");
    expect(await page.locator("form.action").evaluateAll((forms) => forms.map((form) => form.getAttribute("aria-label")))).toEqual([
      "Try again",
    ]);
  });
});

const STATES = {
  "nothing of that kind": [
    ["/ops/drift?state=suspected", "No finding is suspected"],
    ["/ops/alerts?state=pending", "No alert"],
    ["/ops/flows?state=uncompensated", "No run"],
    ["/ops/slas/caseResponse", "None"],
    ["/ops/replays", "No replay yet"],
    ["/ops/audit?actor=nobody", "Nothing yet"],
  ],
  "a wrong question": [
    ["/ops/drift?state=nonsense", "The request is not valid."],
    ["/ops/alerts?severity=loud", "The request is not valid."],
    ["/ops/flows?cursor=nonsense", "The request is not valid."],
    ["/ops/flows/none", "Flow"],
    ["/ops/slas/none", "SLA"],
    ["/ops/drift/none", "Finding"],
  ],
} as const;

describe("a page with", () => {
  it.each(Object.entries(STATES))(
    "%s to show says so, and keeps WCAG 2.2 AA by axe in both themes and at 375 pixels",
    async (_what, pages) => {
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await at("/ops", "viewer", { colorScheme, viewport: { width: 375, height: 780 } });
        for (const [path, told] of pages) {
          await page.goto(`${stack.url}${path}`);
          expect(await main(page), path).toContain(told);
          expect(await violations(page), path).toEqual([]);
        }
        await page.context().close();
      }
    },
  );
});

describe("a viewer", () => {
  it("reads drift, alerts and flows, is told which role acts, and finds no form to do it", async () => {
    const page = await at("/ops", "viewer");
    for (const [path, told] of [
      [await findingOf("C-23"), "Repairing and accepting needs the role operator; yours is viewer."],
      ["/ops/drift", "Comparing now needs the role operator; yours is viewer."],
      ["/ops/alerts", "Acknowledging and silencing needs the role operator; yours is viewer."],
      [`/ops/flows/${await blockedSale(stack.stage, "0062400000Flow3AAR")}`, "This needs the role operator; yours is viewer."],
    ] as const) {
      await page.goto(`${stack.url}${path}`);
      expect(await main(page), path).toContain(told);
      expect(await page.locator("form.action").count(), path).toBe(0);
    }
  });

  it("reads, filters and goes on from drift, alerts and flows without a script", async () => {
    const page = await at("/ops/drift", "viewer", { javaScriptEnabled: false });
    await page.getByRole("row", { name: /C-23/ }).getByRole("link").first().click();
    await page.getByRole("heading", { name: "Changed in ERP" }).waitFor();
    await page.getByRole("link", { name: "Alerts", exact: true }).click();
    await page.getByLabel("Severity").selectOption("critical");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/severity=critical/);
    expect(await page.getByRole("region", { name: "sla-burn:orderHandoff" }).count()).toBe(1);
    expect(await page.getByRole("region", { name: "drift:customers" }).count()).toBe(0);
    await page.getByRole("link", { name: "Flows", exact: true }).click();
    await page.getByLabel("State").selectOption("cancelled");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/state=cancelled/);
    await page
      .getByRole("row", { name: /0062400000Flow2AAR/ })
      .getByRole("link")
      .first()
      .click();
    await page.getByRole("heading", { name: "Quote to cash: 0062400000Flow2AAR" }).waitFor();
  });

  it("finds whom to call, for every system, service and failure", async () => {
    const page = await at("/ops/ownership", "viewer");
    const panel = page.locator("section", { hasText: "Finance systems" });
    const text = (await panel.textContent()) ?? "";
    for (const word of ["erp-team@example.com", "Destinationserp", "credit-check", "Runbook of Finance systems"])
      expect(text).toContain(word);
    expect(await page.locator("section", { hasText: "Integration platform" }).textContent()).toContain("Called firstnot let in");
  });

  it("reads what operators did, and why, by person", async () => {
    const page = await at("/ops/audit", "viewer");
    await page.getByRole("textbox", { name: "Person" }).fill("local-operator");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/actor=local-operator/);
    for (const reason of ["asking the ERP team", "the account is closed", "the amount is there now", "entered twice"])
      expect(await page.getByRole("row", { name: new RegExp(reason) }).count(), reason).toBe(1);
    expect(await page.getByRole("row", { name: /local-admin/ }).count()).toBe(0);
  });
});
