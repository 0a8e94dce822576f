import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { violations } from "./support/accessibility.ts";
import { complaintsOf, enter, signIn, startBrowser, type Browser } from "./support/browser.ts";
import { startStack, type Stack } from "./support/stack.ts";

/** Stored before the first page is opened: what the times and weights are measured with. */
const STORED = 100_000;
/** Bytes that a first visit loads, style and script included. */
const WEIGHT_MAX = 100 * 1024;
const LOAD_MAX_MS = 1_000;

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
  stack = await startStack(STORED);
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

interface Letters {
  readonly items: readonly { readonly id: string; readonly eventId: string }[];
}

/** Every page, as one that has something to show. */
async function pathsOf(): Promise<readonly string[]> {
  const business = await stack.stage.ops<Letters>("/dead-letters");
  const platform = await stack.stage.ops<Letters>("/dead-letters?list=platform");
  const [letter, unreadable] = [business.items[0]?.id ?? "", platform.items[0]?.id ?? ""].map(encodeURIComponent);
  const [finding] = (await stack.stage.ops<{ items: readonly { id: string }[] }>("/drift?type=ownershipViolation")).items;
  const [run] = (await stack.stage.ops<{ items: readonly { id: string }[] }>("/flows")).items;
  const replay = await stack.stage.ops<{ id: string }>("/replays", {
    query: { from: new Date(Date.now() - 3_600_000).toISOString(), to: new Date().toISOString() },
    force: true,
    reason: "a look at every page",
    dryRun: false,
  });
  return [
    "/ops",
    "/ops/events",
    "/ops/events?status=dead&class=business&from=2026-01-01T00:00",
    `/ops/events/${stack.customerEvents[1]}`,
    "/ops/entities/customer/C-1?verify=yes",
    "/ops/trace?key=0062400000Zz1aBAAR",
    "/ops/dead-letters",
    "/ops/dead-letters?list=platform",
    `/ops/dead-letters/${letter}`,
    `/ops/dead-letters/${unreadable}`,
    "/ops/replays",
    "/ops/replays/new",
    `/ops/replays/${replay.id}`,
    "/ops/destinations",
    "/ops/sources",
    "/ops/sources/custom",
    "/ops/ownership",
    "/ops/audit",
    "/ops/alerts",
    "/ops/drift",
    `/ops/drift/${encodeURIComponent(finding?.id ?? "")}`,
    "/ops/flows",
    `/ops/flows/${run?.id ?? ""}`,
    "/ops/slas",
    "/ops/slas/orderHandoff",
  ];
}

const SCREENS = [
  { name: "light", colorScheme: "light", viewport: { width: 1280, height: 900 } },
  { name: "dark", colorScheme: "dark", viewport: { width: 1280, height: 900 } },
  { name: "on a phone of 360 pixels, light", colorScheme: "light", viewport: { width: 360, height: 780 } },
  { name: "on a phone of 360 pixels, dark", colorScheme: "dark", viewport: { width: 360, height: 780 } },
] as const;

describe("every page", () => {
  it.each(SCREENS)(
    "$name: keeps WCAG 2.2 AA by axe, fits its screen, and the browser complains of nothing",
    async ({ name: _name, ...screen }) => {
      const context = await browser.open(screen);
      const page = await signIn(context, stack, "operator");
      const complaints = complaintsOf(page);
      const found: Record<string, readonly string[]> = {};
      for (const path of await pathsOf()) {
        const response = await page.goto(`${stack.url}${path}`);
        const tooWide = await page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        found[path] = [
          ...(response?.status() === 200 ? [] : [`it answers ${response?.status()}`]),
          ...(await violations(page)),
          ...(tooWide === 0 ? [] : [`it is ${tooWide} pixels too wide`]),
          ...complaints.splice(0),
        ];
      }
      expect(Object.fromEntries(Object.entries(found).filter(([, wrong]) => wrong.length > 0))).toEqual({});
      await context.close();
    },
    240_000,
  );

  it(`loads in less than ${LOAD_MAX_MS} ms and ${WEIGHT_MAX} bytes at a first visit, with ${STORED} events stored`, async () => {
    const measured: (Weight & { path: string })[] = [];
    for (const path of await pathsOf()) measured.push({ path, ...(await firstVisit(path)) });
    console.table(measured);
    for (const { path, loadMs, bytes } of measured) {
      expect(bytes, path).toBeLessThan(WEIGHT_MAX);
      expect(loadMs, path).toBeLessThan(LOAD_MAX_MS);
    }
  }, 240_000);
});

/** Runs in the page: the time until everything was there, and the bytes of all of it. */
const WEIGH = `(() => {
  const [page] = performance.getEntriesByType("navigation");
  const bytes = [page, ...performance.getEntriesByType("resource")].reduce((sum, part) => sum + part.decodedBodySize, 0);
  return { loadMs: Math.round(page.loadEventEnd), bytes };
})()`;

interface Weight {
  readonly loadMs: number;
  readonly bytes: number;
}

/**
 * A visit with nothing kept from before. One that is too slow is made again, twice at most, and the fastest counts: what else
 * this machine does is not the page's.
 */
async function firstVisit(path: string): Promise<Weight> {
  const page = await enter(browser, stack, "operator");
  const tools = await page.context().newCDPSession(page);
  const visits: Weight[] = [];
  while (visits.length < 3 && visits.every(({ loadMs }) => loadMs >= LOAD_MAX_MS)) {
    await tools.send("Network.clearBrowserCache");
    await page.goto("about:blank");
    await page.goto(`${stack.url}${path}`, { waitUntil: "load" });
    visits.push(await page.evaluate<Weight>(WEIGH));
  }
  await page.context().close();
  return visits.reduce((best, each) => (each.loadMs < best.loadMs ? each : best));
}

describe("without a script", () => {
  it("every page reads, filters and leads on", async () => {
    const context = await browser.open({ javaScriptEnabled: false });
    const page = await signIn(context, stack, "viewer");
    await page.getByRole("link", { name: "Events", exact: true }).click();
    await page.getByText("Filter", { exact: true }).click();
    await page.getByLabel("Status").selectOption("dead");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/status=dead/);
    expect(new URL(page.url()).searchParams.get("status")).toBe("dead");
    expect(await page.locator("tbody tr").count()).toBe(await page.locator("tbody tr", { hasText: "Dead" }).count());
    await page.getByRole("link", { name: "Opportunity", exact: true }).first().click();
    await page.getByRole("heading", { name: "Its way" }).waitFor();
    expect(await page.locator("[data-live]").isVisible()).toBe(false);
    await context.close();
  });
});

describe("by keyboard alone", () => {
  it("one skips to the content, sees where one is, and finds a record", async () => {
    const context = await browser.open();
    const page = await signIn(context, stack, "viewer");
    await page.goto(`${stack.url}/ops/events`);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.querySelector('main').contains(document.activeElement)")).toBe(true);
    expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
    await page.keyboard.press("Enter");
    expect(await page.getByLabel("Status").isVisible()).toBe(true);
    await page.getByRole("searchbox").focus();
    await page.keyboard.type("0062400000Zz1aBAAR");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/ops\/trace\?key=0062400000Zz1aBAAR/);
    expect(await page.getByRole("cell", { name: /erp/ }).first().isVisible()).toBe(true);
    await context.close();
  });
});

describe("while somebody looks", () => {
  it("the page looks again every ten seconds, in small answers, and never while something is typed", async () => {
    const context = await browser.open();
    const page = await signIn(context, stack, "operator");
    await page.clock.install();
    await page.goto(`${stack.url}/ops/destinations`);
    const answers: number[] = [];
    page.on("response", (response) => answers.push(response.status()));
    const tick = async (): Promise<void> => {
      const before = answers.length;
      await page.clock.runFor(10_500);
      await page.waitForTimeout(800);
      expect(answers.length - before).toBeLessThanOrEqual(1);
    };
    await tick();
    await tick();
    expect(answers).toEqual([200, 304]);
    await page.getByText("Pause", { exact: true }).first().click();
    await page.getByLabel("Reason").first().fill("still typing");
    await tick();
    expect(answers).toEqual([200, 304]);
    expect(await page.getByLabel("Reason").first().inputValue()).toBe("still typing");
    await page.goto(`${stack.url}/ops/ownership`);
    await page.goto(`${stack.url}/ops/replays`);
    await page.getByRole("button", { name: "Live updates" }).click();
    const before = answers.length;
    await page.clock.runFor(60_000);
    await page.waitForTimeout(500);
    expect(answers.length).toBe(before);
    await context.close();
  });
});
