import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventSeen } from "../../scripts/demo/stage.ts";
import { customer } from "../../scripts/demo/stage.ts";
import { signIn, startBrowser, type Browser, type Role } from "./support/browser.ts";
import { deadOpportunity, startStack, type Stack } from "./support/stack.ts";

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
  const page = await signIn(await browser.open(), stack, role);
  await page.goto(`${stack.url}${path}`);
  return page;
}

let serial = 0;
const newDead = (): Promise<string> => deadOpportunity(stack.stage, `0062400000Act${String(serial++).padStart(2, "0")}AAR`);
const letterPath = (event: string): string => `/ops/dead-letters/${encodeURIComponent(`${event}:erp`)}`;
const statusOf = async (event: string): Promise<string> => (await stack.stage.ops<EventSeen>(`/events/${event}`)).status;

interface Letter {
  readonly status: string;
}
const letterOf = (event: string): Promise<Letter> => stack.stage.ops(`/dead-letters/${encodeURIComponent(`${event}:erp`)}`);
interface Replays {
  readonly items: readonly { readonly id: string; readonly state: string; readonly reason: string }[];
}
const replayNamed = async (reason: string): Promise<Replays["items"][number] | undefined> =>
  (await stack.stage.ops<Replays>("/replays")).items.find((replay) => replay.reason === reason);

describe("an operator, about a dead letter", () => {
  it("retries it once the system takes it, and the page says what became of it", async () => {
    const event = await newDead();
    const page = await at(letterPath(event), "operator");
    await stack.stage.sandbox("/erp/settings/currencies", { method: "POST", body: { currency: "GBP" } });
    const form = page.getByRole("form", { name: "Retry", exact: true });
    await form.getByLabel("Reason").fill("GBP is enabled now");
    await form.getByRole("button", { name: "Retry" }).click();
    await page.getByRole("status").getByText("It was tried again. Its event is delivered now.").waitFor();
    expect(await statusOf(event)).toBe("delivered");
    expect((await letterOf(event)).status).toBe("resolved");
    await page.reload();
    expect(await page.getByText("It was tried again").count()).toBe(0);
    await stack.stage.sandbox("/erp/settings/currencies", { method: "POST", body: { currency: "GBP", enabled: false } }).catch(() => undefined);
  });
});
