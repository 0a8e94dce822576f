import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { opsToken } from "../../../scripts/ops-token.ts";
import type { Stack } from "./stack.ts";

const CHROMIUM = "/usr/bin/chromium";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Browser {
  /** A new window, of a person of its own. */
  readonly open: (options?: BrowserContextOptions) => Promise<BrowserContext>;
  readonly close: () => Promise<void>;
}

/** Starts Debian's Chromium with a profile of its own. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM))
    throw new Error(`${CHROMIUM} is not there. Install it: apt-get install -y --no-install-recommends chromium fonts-dejavu-core`);
  const profile = mkdtempSync(path.join(tmpdir(), "signalbox-chromium-"));
  const first = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM, args: FLAGS, headless: true });
  const browser = first.browser();
  if (browser === null) throw new Error("Chromium has no browser to open windows in");
  return {
    open: (options = {}) => browser.newContext(options),
    close: async () => {
      await first.close();
      await browser.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export type Role = Parameters<typeof opsToken>[1];

/** Signs in as a person would, with a token pasted into the form. */
export async function signIn(context: BrowserContext, stack: Stack, role: Role): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${stack.url}/ops/sign-in`);
  await page.getByLabel("Token").fill(await opsToken(stack.stage.local.secrets, role));
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${stack.url}/ops`);
  return page;
}

const sessions = new Map<string, Awaited<ReturnType<BrowserContext["storageState"]>>>();

/** A new window of a person of this role, who has signed in before. */
export async function enter(browser: Browser, stack: Stack, role: Role, options: BrowserContextOptions = {}): Promise<Page> {
  const name = `${stack.url} ${role}`;
  const storageState = sessions.get(name);
  if (storageState !== undefined) return (await browser.open({ ...options, storageState })).newPage();
  const page = await signIn(await browser.open(options), stack, role);
  sessions.set(name, await page.context().storageState());
  return page;
}

/** Everything that went wrong on a page by its own account: errors, refused resources, broken rules of its policy. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText ?? "failed"}`));
  return complaints;
}

/** More than any page has to pass. */
const PRESSES_MAX = 200;

/** Presses a key until the focus is on what fits, as somebody without a mouse gets there. */
export async function press(page: Page, key: string, selector: string): Promise<void> {
  for (let presses = 0; presses < PRESSES_MAX; presses++) {
    await page.keyboard.press(key);
    if (
      await page.evaluate<boolean>(
        `document.querySelector("main").contains(document.activeElement) && document.activeElement.matches(${JSON.stringify(selector)})`,
      )
    )
      return;
  }
  throw new Error(`${selector} is not reached by ${key}`);
}
