import { sampleRequest, signRequest } from "../../sandbox/sign.ts";
import { newSecret } from "../../sandbox/sign/secrets.ts";
import { fail } from "../../src/domain/result.ts";
import { SOURCES } from "../../src/sources/index.ts";
import type { HmacScheme, Unproven } from "../../src/verification/define.ts";
import { verify } from "../../src/verification/index.ts";
import { judged, number, type Row, type SuiteResult } from "../report.ts";
import { median } from "../statistics.ts";
import type { Scope } from "./suite.ts";

const BODY_BYTES = 4_096;
const URL_TEXT = "https://edge.example.test/in/source";

interface Contest {
  readonly scheme: string;
  readonly ours: () => Promise<boolean>;
  readonly bare: () => Promise<boolean>;
}

/** Senders that sign with HMAC, each with a genuine request of 4 KB, and the one call that WebCrypto needs for as many bytes. */
async function contests(): Promise<readonly Contest[]> {
  const senders = Object.values(SOURCES).flatMap((source) => {
    const [sample] = source.samples;
    const verification = sample === undefined ? null : source.verification(source.settings.parse(sample.settings ?? {}));
    if (sample === undefined || verification?.kind !== "hmac" || verification.construction === "hash") return [];
    const { headers } = sampleRequest(sample, { nowMs: Date.now(), id: "bench" });
    return [{ scheme: source.scheme, verification, headers }];
  });
  return Promise.all(senders.map((sender) => contest(sender)));
}

interface Sender {
  readonly scheme: string;
  readonly verification: HmacScheme;
  readonly headers: Readonly<Record<string, string>>;
}

async function contest({ scheme, verification, headers }: Sender): Promise<Contest> {
  const nowMs = Date.now();
  const body = new Uint8Array(BODY_BYTES).fill(0x61);
  const secret = newSecret(verification, "bench").secret;
  const signed = signRequest({ verification, secret, body, nowMs, url: URL_TEXT, headers });
  const request: Unproven = {
    verification,
    secrets: [{ id: "A", value: secret }],
    body,
    method: "POST",
    headers: new Headers({ ...headers, ...signed.headers }),
    url: new URL(signed.url),
    clientCertificate: null,
    nowMs,
  };
  const keySets = { keyFor: () => Promise.resolve(fail("keys_unavailable" as const)) };
  const algorithm = { name: "HMAC", hash: verification.algorithm };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode("as long a key as any"), algorithm, false, ["sign", "verify"]);
  const signature = await crypto.subtle.sign("HMAC", key, body);
  return {
    scheme,
    ours: async () => (await verify(request, keySets)).ok,
    bare: () => crypto.subtle.verify("HMAC", key, signature, body),
  };
}

/** CPU of all threads: the wall's time is mostly waiting for the pool that WebCrypto works in. */
async function microsEach(calls: number, call: () => Promise<boolean>): Promise<number> {
  const before = process.cpuUsage();
  for (let at = 0; at < calls; at++) if (!(await call())) throw new Error("a genuine request was refused");
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** Both in turns, ours before and after, so that what else the machine does falls on both. */
async function round({ ours, bare }: Contest, calls: number): Promise<{ readonly ours: number; readonly bare: number }> {
  const first = await microsEach(calls, ours);
  const floor = await microsEach(calls, bare);
  const floorAgain = await microsEach(calls, bare);
  const second = await microsEach(calls, ours);
  return { ours: (first + second) / 2, bare: (floor + floorAgain) / 2 };
}

/** What proving a 4 KB body costs beyond the one WebCrypto call that it cannot do without. */
export async function proving({ quick }: Scope): Promise<SuiteResult> {
  const calls = quick ? 1_000 : 4_000;
  const rows: Row[] = [];
  const data: Record<string, unknown> = {};
  for (const one of await contests()) {
    await round(one, 200);
    const rounds = [];
    for (let at = 0; at < (quick ? 5 : 11); at++) rounds.push(await round(one, calls));
    const [ours, bare] = [median(rounds.map((each) => each.ours)), median(rounds.map((each) => each.bare))];
    const ratio = median(rounds.map((each) => each.ours / each.bare));
    data[one.scheme] = rounds;
    const measured = { what: `proving 4 KB, ${one.scheme}, us of CPU`, ours: number(ours, 1), floor: number(bare, 1), ratio };
    rows.push(judged(measured, ratio, { atMost: 1.3, unit: "x", limitedBy: "reading headers, and putting the signed text together" }));
  }
  return { rows, notes: ["floor: crypto.subtle.verify over 4 KB with the key at hand; both in Node"], data };
}
