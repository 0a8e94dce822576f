import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditKeys, auditSigner, type AuditSigner } from "../../src/adapters/audit-signing.ts";
import { beginLine, chainLine, entryLine, manifestOf, runWithin } from "../../src/domain/audit/export.ts";
import { GENESIS, chain, leftDigest, type ChainHead, type Entry } from "../../src/domain/timeline.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const SCRIPT = path.join(import.meta.dirname, "..", "..", "docs", "verify-audit-export.mjs");

const folder = mkdtempSync(path.join(tmpdir(), "signalbox-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

function chained(bodies: readonly object[], from: ChainHead = GENESIS): Entry[] {
  const entries: Entry[] = [];
  for (const [index, body] of bodies.entries())
    entries.push(chain(entries.at(-1) ?? from, { atMs: 1_000 + index, eventId: `evt_${index}`, body: JSON.stringify(body) }, sha256));
  return entries;
}

interface Signing {
  readonly signer: AuditSigner;
  readonly keys: object;
}

async function signing(alg: "ES256" | "EdDSA"): Promise<Signing> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, ...(alg === "EdDSA" ? { crv: "Ed25519" } : {}) });
  const text = JSON.stringify(await exportJWK(privateKey));
  const signer = await auditSigner(text);
  if (!signer.ok) throw new Error(signer.failure);
  return { signer: signer.value, keys: await auditKeys(text, undefined) };
}

/** An export of these chains, one a part. */
async function exported(chains: Readonly<Record<string, readonly Entry[]>>, { signer }: Signing): Promise<string> {
  let text = "";
  let before = "0".repeat(64);
  const names = Object.keys(chains);
  for (const [index, name] of names.entries()) {
    const entries = chains[name] ?? [];
    const part = { from: "2026-11-01T00:00:00.000Z", to: "2026-12-01T00:00:00.000Z", part: index + 1, before };
    const base = { seq: (entries[0]?.seq ?? 1) - 1, hash: entries[0]?.prev ?? GENESIS.hash };
    const { seq = 0, hash = "" } = entries.at(-1) ?? {};
    const lines = [
      beginLine(part),
      chainLine({ chain: name, base, head: { seq, hash } }),
      ...entries.map((entry) => entryLine(name, entry)),
    ];
    const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const digest = sha256(body);
    const manifest = manifestOf(part, {
      sha256: digest,
      lines: lines.length,
      last: index === names.length - 1,
      at: "2026-12-01T00:00:00.000Z",
    });
    text += `${body}${JSON.stringify({ line: "end", next: null, signature: await signer.sign(manifest) })}\n`;
    before = digest;
  }
  return text;
}

/** Runs the script of the docs as anybody would. */
function checked(text: string, keys: object): { readonly code: number | null; readonly said: string } {
  const [file, keyFile] = [path.join(folder, "export.ndjson"), path.join(folder, "keys.json")];
  writeFileSync(file, text);
  writeFileSync(keyFile, JSON.stringify(keys));
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, file, keyFile], { encoding: "utf8" });
  return { code: status, said: `${stdout}${stderr}`.trim() };
}

const HISTORY = chained([
  { type: "event", source: "stripe" },
  { type: "lane", status: "retrying" },
  { type: "lane", status: "delivered" },
]);
const ACTIONS = chained([{ actor: "ada", action: "pause", subject: "erp", reason: "books" }], { seq: 41, hash: "a".repeat(64) });

let own: Signing;
let whole = "";
beforeAll(async () => {
  own = await signing("ES256");
  whole = await exported({ "order/SO-1": HISTORY, operators: ACTIONS }, own);
});

describe("the script in the docs", () => {
  it("is plain Node and short enough to be read before it is trusted", () => {
    const source = readFileSync(SCRIPT, "utf8");
    expect(source.trimEnd().split("\n").length).toBeLessThan(60);
    expect([...source.matchAll(/^import .* from "(.*)";$/gm)].map((match) => match[1])).toEqual(["node:fs", "node:url"]);
  });

  it.each(["ES256", "EdDSA"] as const)("says that an export signed with %s is intact, and what is in it", async (alg) => {
    const other = await signing(alg);
    const text = await exported({ "order/SO-1": HISTORY, operators: ACTIONS }, other);
    expect(checked(text, other.keys)).toEqual({ code: 0, said: 'intact: {"parts":2,"chains":2,"entries":4,"erased":0}' });
  });

  const edit = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);
  const lines = (change: (all: string[]) => string[]) => (text: string) => `${change(text.trimEnd().split("\n")).join("\n")}\n`;
  it.each<[string, (text: string) => string]>([
    ["a word of a line", edit("stripe", "shopify")],
    ["a time", edit('"atMs":1000', '"atMs":1001')],
    ["a hash", edit(/"hash":"../, '"hash":"zz')],
    ["the base of a chain", edit(`"base":{"seq":0`, `"base":{"seq":1`)],
    ["the head that a chain had", edit(/"head":\{"seq":3/, '"head":{"seq":4')],
    ["the head that the last part's chain had", edit('"head":{"seq":42', '"head":{"seq":43')],
    ["the period", edit("2026-11-01", "2026-11-02")],
    ["the signature", edit(/"signature":"(.{60})./, '"signature":"$1A')],
    ["a space at a line's end", edit("}\n", "} \n")],
    ["a line less", lines((all) => all.filter((_line, index) => index !== 3))],
    ["a line twice", lines((all) => all.toSpliced(3, 0, all[3] ?? ""))],
    ["two lines in each other's place", lines((all) => [...all.slice(0, 2), all[3] ?? "", all[2] ?? "", ...all.slice(4)])],
    ["the first part less", lines((all) => all.slice(all.findIndex((line) => line.includes('"end"')) + 1))],
    ["the last part less", lines((all) => all.slice(0, all.findIndex((line) => line.includes('"end"')) + 1))],
    ["the last signature less", lines((all) => all.slice(0, -1))],
    ["the parts in each other's place", lines((all) => [...all.slice(6), ...all.slice(0, 6)])],
    ["a part twice", (text) => text + text],
    ["half a file", (text) => text.slice(0, text.length / 2)],
    ["nothing", () => ""],
  ])("finds it when an export has another: %s", (_what, change) => {
    const changed = change(whole);
    expect(changed).not.toBe(whole);
    const { code, said } = checked(changed, own.keys);
    expect([code, said.slice(0, 10)]).toEqual([1, "NOT INTACT"]);
  });

  it("takes no key but the deployment's own", async () => {
    const other = await signing("ES256");
    expect(checked(whole, other.keys)).toMatchObject({ code: 1, said: expect.stringContaining("there is no public key") });
  });

  it("takes a line that was erased if a later one vouches for what is left, and not otherwise", async () => {
    const before = chained([{ type: "event", lanes: [{ reason: "Ada is taken" }] }]);
    const [first] = before as [Entry];
    const left = { ...first, body: JSON.stringify({ type: "event", lanes: [{ reason: "•••" }], erased: "era_1" }) };
    const erasure = { type: "erasure", id: "era_1", subject: "s", lines: [{ seq: 1, digest: leftDigest(left, sha256) }] };
    const vouching = chain(first, { atMs: 9, eventId: "", body: JSON.stringify(erasure) }, sha256);
    const good = await exported({ "customer/C-1": [left, vouching] }, own);
    expect(checked(good, own.keys)).toEqual({ code: 0, said: 'intact: {"parts":1,"chains":1,"entries":2,"erased":1}' });
    const another = { ...left, body: left.body.replace("•••", "Eve") };
    for (const bad of [[left], [another, vouching]]) {
      const text = await exported({ "customer/C-1": bad }, own);
      expect(checked(text, own.keys)).toEqual({ code: 1, said: "NOT INTACT: customer/C-1: line 1 was changed" });
    }
  });
});

describe("the lines of a chain that are of a period", () => {
  it("are one run, and go on to the line that vouches for an erased one", () => {
    const entries = chained([{ type: "a" }, { type: "b" }, { type: "c" }, { type: "d" }]);
    const seqs = (fromMs: number, toMs: number, of = entries): number[] => runWithin(of, { fromMs, toMs }).map(({ seq }) => seq);
    expect(seqs(1_001, 1_003)).toEqual([2, 3]);
    expect(seqs(0, 9_999)).toEqual([1, 2, 3, 4]);
    expect(seqs(2_000, 3_000)).toEqual([]);
    expect(seqs(0, 10)).toEqual([]);
    const erased = entries.map((entry) => (entry.seq === 2 ? { ...entry, body: '{"type":"b","erased":"era_1"}' } : entry));
    const vouching = chain(
      entries.at(-1) ?? GENESIS,
      { atMs: 2_000, eventId: "", body: '{"type":"erasure","id":"era_1","subject":"s","lines":[]}' },
      sha256,
    );
    expect(seqs(1_001, 1_003, [...erased, vouching])).toEqual([2, 3, 4, 5]);
    expect(seqs(1_002, 1_003, [...erased, vouching])).toEqual([3]);
  });
});

describe("the key that signs", () => {
  it("must be a private JWK of a curve that is known, and shows only its public half", async () => {
    for (const bad of [undefined, "nonsense", "{}", '{"kty":"EC","crv":"P-256","x":"a","y":"b"}', '{"kty":"RSA","d":"x"}'])
      expect((await auditSigner(bad)).ok).toBe(false);
    const retired = await signing("EdDSA");
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const { keys } = await auditKeys(JSON.stringify(await exportJWK(privateKey)), JSON.stringify(retired.keys));
    expect(keys.map(({ alg }) => alg)).toEqual(["ES256", "EdDSA"]);
    expect(keys.every((key) => !("d" in key))).toBe(true);
  });
});
