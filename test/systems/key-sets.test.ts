import { generateKeyPairSync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keySets } from "../../src/adapters/key-sets.ts";
import { NOW_MS } from "./support.ts";

const jwk = (kid: string): object => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }),
  kid,
  alg: "ES256",
  use: "sig",
});
const published = (...kids: readonly string[]): Response => Response.json({ keys: kids.map(jwk) });

let serial = 0;
let url = "";
const fetched = vi.fn<typeof fetch>();
const ask = (kid?: string, at = url) => keySets.keyFor(at, { alg: "ES256", ...(kid === undefined ? {} : { kid }) });
const refused = (failure: string) => ({ ok: false, failure });
const FOUND = { ok: true, value: { type: "public" } };

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS, toFake: ["Date"] });
  vi.stubGlobal("fetch", fetched);
  fetched.mockReset();
  url = `https://issuer.test/jwks/${++serial}`;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

describe("an issuer's keys", () => {
  it("are fetched once, without following a redirect, and kept for ten minutes", async () => {
    fetched.mockImplementation(async () => published("k1"));
    expect(await ask("k1")).toMatchObject(FOUND);
    later(599_000);
    expect(await ask("k1")).toMatchObject(FOUND);
    expect(await ask()).toMatchObject(FOUND);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(fetched).toHaveBeenCalledWith(url, expect.objectContaining({ method: "GET", redirect: "manual" }));
    later(2_000);
    expect(await ask("k1")).toMatchObject(FOUND);
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("are asked for again for a key that is not known, once in thirty seconds at most", async () => {
    fetched.mockImplementation(async () => published("k1"));
    expect(await ask("k1")).toMatchObject(FOUND);
    for (let attempt = 0; attempt < 5; attempt++) expect(await ask(`made-up-${attempt}`)).toEqual(refused("key_unknown"));
    expect(fetched).toHaveBeenCalledTimes(1);
    fetched.mockImplementation(async () => published("k1", "k2"));
    later(31_000);
    expect(await ask("k2")).toMatchObject(FOUND);
    for (let attempt = 0; attempt < 5; attempt++) expect(await ask(`made-up-${attempt}`)).toEqual(refused("key_unknown"));
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it("are not guessed at: without a key id there must be one key only", async () => {
    fetched.mockImplementation(async () => published("k1", "k2"));
    expect(await ask()).toEqual(refused("key_unknown"));
  });

  it.each([
    ["an error", async () => new Response("no", { status: 500 })],
    ["a redirect", async () => new Response(null, { status: 302, headers: { location: "https://elsewhere.test/" } })],
    ["no JSON", async () => new Response("<html>")],
    ["no key set", async () => Response.json({ keys: "none" })],
    ["nothing", () => Promise.reject(new TypeError("no route"))],
    ["nothing in time", () => Promise.reject(new DOMException("too late", "TimeoutError"))],
  ])("cannot be had where the issuer answers %s, and it is then left alone for five seconds", async (_what, answer: typeof fetch) => {
    fetched.mockImplementation(answer);
    for (let attempt = 0; attempt < 3; attempt++) expect(await ask("k1")).toEqual(refused("keys_unavailable"));
    expect(fetched).toHaveBeenCalledTimes(1);
    later(5_000);
    fetched.mockImplementation(async () => published("k1"));
    expect(await ask("k1")).toMatchObject(FOUND);
  });

  it("that are at hand are used while the issuer does not answer for others", async () => {
    fetched.mockImplementation(async () => published("k1"));
    expect(await ask("k1")).toMatchObject(FOUND);
    later(31_000);
    fetched.mockImplementation(async () => new Response("no", { status: 503 }));
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(await ask("k2")).toEqual(refused("keys_unavailable"));
      expect(await ask("k1")).toMatchObject(FOUND);
    }
    expect(fetched).toHaveBeenCalledTimes(2);
    later(600_000);
    for (let attempt = 0; attempt < 3; attempt++) expect(await ask("k1")).toEqual(refused("keys_unavailable"));
    expect(fetched).toHaveBeenCalledTimes(3);
  });

  it("are held for no more than 64 addresses, the oldest forgotten first", async () => {
    fetched.mockImplementation(async () => published("k1"));
    for (let at = 0; at <= 64; at++) await ask("k1", `${url}/${at}`);
    await ask("k1", `${url}/1`);
    expect(fetched).toHaveBeenCalledTimes(65);
    await ask("k1", `${url}/0`);
    expect(fetched).toHaveBeenCalledTimes(66);
  });

  it.each(["http://issuer.test/jwks", "https://127.0.0.1/jwks", "https://[::1]/jwks", "https://keys.internal/jwks", "not a url"])(
    "are never asked for at %s",
    async (address) => {
      expect(await ask("k1", address)).toEqual(refused("keys_unavailable"));
      expect(fetched).not.toHaveBeenCalled();
    },
  );
});
