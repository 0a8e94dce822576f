import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DestinationConfig } from "../../src/domain/config.ts";
import { router } from "../../src/router.config.ts";
import { talkTo } from "../../src/wiring/connect.ts";
import { deploymentWith } from "../support/deployments.ts";
import { destinations } from "../support/router.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const SAP: DestinationConfig = {
  module: "http",
  owner: "finance",
  url: { env: "SAP_URL" },
  secrets: { signing: "CRM_SIGNING_SECRET" },
  via: { binding: "SAP_VPC" },
};
const CONFIG = { destinations: { ...router.destinations, sap: SAP } };

/** What a VPC service binding is to the Worker: something with `fetch`. */
function service() {
  const requests: string[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    requests.push(`${init?.method ?? "GET"} ${input instanceof Request ? input.url : input.toString()}`);
    return Response.json({ ok: true });
  };
  return { requests, binding: { fetch } };
}

const staged = (more: object): Env => ({ ...env, ENVIRONMENT: "staging", ...more }) as unknown as Env;

async function ask(bindings: Env, from: Env = bindings) {
  const target = deploymentWith(CONFIG, from).target("sap");
  if (!target.ok) throw new Error(target.failure);
  return talkTo(bindings, "sap", target.value).send({ method: "GET", url: `${target.value.connection.baseUrl}/orders`, headers: {} });
}

describe("a destination that is reached through a binding", () => {
  it("is asked through it and never over the internet, at a host that only its network knows", async () => {
    const posts = destinations();
    const sap = service();
    const answer = await ask(staged({ SAP_VPC: sap.binding, SAP_URL: "http://sap.corp.internal:8000/api" }));
    expect(answer).toMatchObject({ ok: true, value: { status: 200, body: '{"ok":true}' } });
    expect(sap.requests).toEqual(["GET http://sap.corp.internal:8000/api/orders"]);
    expect(posts).toEqual([]);
  });

  it("is misconfigured while the binding is not there, and healthz says so by name", () => {
    const { problems, target } = deploymentWith(CONFIG, staged({ SAP_URL: "https://sap.example.com" }));
    const problem = 'destinations.sap: the binding "SAP_VPC" is not there, so nothing is sent; see docs/on-premises.md';
    expect(problems).toContain(problem);
    expect(target("sap")).toEqual({ ok: false, failure: problem });
  });

  it.each([
    ["a variable", "https://sap.example.com"],
    ["a bucket", env.BODIES],
  ])("is misconfigured where the name is that of %s", (_what, value) => {
    const { target } = deploymentWith(CONFIG, staged({ SAP_VPC: value, SAP_URL: "https://sap.example.com" }));
    expect(target("sap").ok).toBe(false);
  });

  it("fails without a request where the binding has gone since", async () => {
    const posts = destinations();
    const bound = staged({ SAP_VPC: service().binding, SAP_URL: "https://sap.example.com" });
    const answer = await ask(staged({ SAP_URL: "https://sap.example.com" }), bound);
    expect(answer).toMatchObject({ ok: false, failure: { detail: expect.stringContaining("is not bound") } });
    expect(posts).toEqual([]);
  });

  it.each([
    ["http://10.1.2.3/api", true],
    ["https://erp/api", true],
    ["https://sap.example.com", true],
    ["http://sap.example.com", false],
    ["ftp://10.1.2.3", false],
    ["no url", false],
  ])("may have the base URL %s: %s", (url, may) => {
    expect(deploymentWith(CONFIG, staged({ SAP_VPC: service().binding, SAP_URL: url })).target("sap").ok).toBe(may);
  });

  it.each(["http://10.1.2.3/api", "https://10.1.2.3", "https://erp/api", "https://sap.internal"])(
    "without one, it may not have the base URL %s",
    (url) => {
      const { via: _via, ...direct } = SAP;
      expect(deploymentWith({ destinations: { sap: direct } }, staged({ SAP_URL: url })).target("sap").ok).toBe(false);
    },
  );
});

describe("a destination of files", () => {
  const legacy: DestinationConfig = { module: "file", owner: "finance", via: { bucket: "FILES" } };

  it("is misconfigured without its bucket, and where the name is that of a service", () => {
    const failure = 'destinations.legacy: the R2 bucket "FILES" is not bound; add it to r2_buckets in wrangler.toml';
    for (const FILES of [undefined, service().binding])
      expect(deploymentWith({ destinations: { legacy } }, staged({ FILES })).target("legacy")).toEqual({ ok: false, failure });
  });

  it("writes below pending/ only", async () => {
    const target = deploymentWith({ destinations: { legacy } }).target("legacy");
    if (!target.ok) throw new Error(target.failure);
    const talk = talkTo(env, "legacy", target.value);
    const put = async (path: string) =>
      talk.send({ method: "PUT", url: new URL(path, target.value.connection.baseUrl).href, headers: {}, body: "{}" });
    expect(await put("/pending/legacy/order/a/1")).toMatchObject({ ok: true, value: { status: 204 } });
    expect(await put("/pending/../inbox/legacy-customers/a.csv")).toMatchObject({ ok: true, value: { status: 403 } });
    expect(await env.FILES.head("inbox/legacy-customers/a.csv")).toBeNull();
    expect(await (await env.FILES.get("pending/legacy/order/a/1"))?.text()).toBe("{}");
  });
});
