import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { SignedRequest } from "../../sandbox/sign.ts";
import { SOURCES } from "../../src/sources/index.ts";
import type { Proof, Verification } from "../../src/verification/define.ts";
import { verdictOf } from "../../src/verification/index.ts";
import { bytes, decodeWith, filledSample, liveFor, prove, signedFor } from "./support.ts";

/** At least this many single changes of valid requests are tried, over all senders and recipes together. */
const MUTATIONS_WANTED = 100_000;
const DECODINGS_WANTED = 100_000;

interface Target {
  readonly name: string;
  readonly verification: Verification;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
}

const targets: readonly Target[] = Object.values(SOURCES).flatMap((source) =>
  source.samples.map((sample): Target => {
    const verification = source.verification(liveFor(source, sample).settings);
    const { body, headers } = filledSample(sample, verification);
    return { name: `${source.scheme} ${sample.name}`, verification, body: bytes(body), headers, query: sample.query ?? "" };
  }),
);

/** What an attacker has: a request that was valid, and one change to it. */
interface Forged {
  readonly body: Uint8Array;
  readonly signed: SignedRequest;
  readonly what: "body" | "header" | "url";
}

const at = (position: number, length: number): number => (length === 0 ? 0 : position % length);

function changedText(text: string, [position, kind, code]: readonly [number, number, number]): string {
  const here = at(position, text.length);
  const character = String.fromCharCode(0x21 + (code % 0x5e));
  const rest = text.slice(here + 1);
  switch (kind % 5) {
    case 0:
      return text.slice(0, here) + character + rest;
    case 1:
      return text.slice(0, here) + rest;
    case 2:
      return text.slice(0, here) + character + text.slice(here);
    case 3:
      return text.slice(0, here) + (text[here + 1] ?? "") + (text[here] ?? "") + text.slice(here + 2);
    default:
      return text.slice(0, here);
  }
}

function changedBytes(body: Uint8Array, [position, kind, code]: readonly [number, number, number]): Uint8Array {
  const here = at(position, body.length);
  const [before, after] = [[...body.subarray(0, here)], [...body.subarray(here + 1)]];
  switch (kind % 4) {
    case 0:
      return new Uint8Array([...before, (body[here] ?? 0) ^ (1 << (code % 8)), ...after]);
    case 1:
      return new Uint8Array([...before, ...after]);
    case 2:
      return new Uint8Array([...before, code % 256, ...body.subarray(here)]);
    default:
      return body.slice(0, here);
  }
}

type Choice = readonly [where: number, change: readonly [number, number, number]];

/** One change: of the body, of one header of the proof, or of the part of the URL that is proven. */
function forge(target: Target, genuine: SignedRequest, [where, change]: Choice): Forged {
  const wire = genuine.body ?? target.body;
  const names = Object.keys(genuine.headers);
  const inUrl =
    new URL(genuine.url).search !== target.query ||
    JSON.stringify(target.verification).includes("{url}") ||
    target.verification.kind === "twilio";
  const places: Forged["what"][] = [
    ...(verdictOf(target.verification) === "verified" || target.verification.kind === "tokenInBody" ? (["body", "body"] as const) : []),
    ...(names.length > 0 ? (["header", "header"] as const) : []),
    ...(inUrl ? (["url"] as const) : []),
  ];
  const what = places[where % Math.max(1, places.length)] ?? "body";
  if (what === "body") {
    const body = changedBytes(wire, change);
    return { what, body, signed: genuine.body === undefined ? genuine : { ...genuine, body } };
  }
  if (what === "header") {
    const name = names[change[2] % names.length] ?? "";
    return {
      what,
      body: target.body,
      signed: { ...genuine, headers: { ...genuine.headers, [name]: changedText(genuine.headers[name] ?? "", change) } },
    };
  }
  const origin = new URL(genuine.url).origin.length;
  const url = `${genuine.url.slice(0, origin + 1)}${changedText(genuine.url.slice(origin + 1), change)}`;
  return { what, body: target.body, signed: { ...genuine, url } };
}

/** Spellings that mean the very same: blanks, and the case of an authentication scheme's name. */
const spelled = (headers: Readonly<Record<string, string>>): string =>
  JSON.stringify(
    Object.entries(headers).map(([name, value]) => {
      const plain = value.replace(/[ \t]+/g, "");
      return [name, name.toLowerCase() === "authorization" ? plain.replace(/^(basic|bearer)/i, (scheme) => scheme.toLowerCase()) : plain];
    }),
  );

const same = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0;

/** Whether what was accepted is not what was proven. */
function isFalse(
  target: Target,
  genuine: SignedRequest,
  forged: Forged,
  proofs: { readonly before: Proof; readonly after: Proof },
): boolean {
  const { before, after } = proofs;
  if (before.secretId !== after.secretId || before.timestampMs !== after.timestampMs || before.deliveryId !== after.deliveryId) return true;
  if (forged.what === "body") return bodyMatters(target, forged, genuine);
  if (forged.what === "url")
    return new URL(forged.signed.url).href !== new URL(genuine.url).href && urlMatters(target, genuine.url, forged.signed.url);
  return spelled(forged.signed.headers) !== spelled(genuine.headers);
}

/** Twilio signs what a form means, not how it is written; a token in the body proves the sender alone. */
function bodyMatters(target: Target, forged: Forged, genuine: SignedRequest): boolean {
  if (target.verification.kind === "tokenInBody") return false;
  const [before, after] = [genuine.body ?? target.body, forged.signed.body ?? forged.body];
  if (same(before, after)) return false;
  if (target.verification.kind !== "twilio") return true;
  const fields = (body: Uint8Array): string =>
    [...new URLSearchParams(new TextDecoder().decode(body))]
      .map(([name, value]) => name + value)
      .toSorted()
      .join("");
  return fields(before) !== fields(after);
}

/** A token in the query proves the sender under any path: the path only chose the source. */
const urlMatters = (target: Target, before: string, after: string): boolean => {
  const { verification } = target;
  if (verification.kind !== "queryToken") return true;
  const token = (url: string): string | null => new URL(url).searchParams.get(verification.parameter);
  return token(before) !== token(after);
};

const choice: fc.Arbitrary<Choice> = fc.tuple(fc.nat(), fc.tuple(fc.nat(), fc.nat(), fc.nat()));
const counts = { mutations: 0, refused: 0, sameMeaning: 0, falseAccepts: 0, decodings: 0, crashes: 0 };

afterAll(() => {
  console.log(
    `fuzz: ${counts.mutations} single changes of valid requests over ${targets.length} samples: ${counts.refused} refused, ` +
      `${counts.sameMeaning} accepted that mean the same, ${counts.falseAccepts} false accepts; ` +
      `${counts.decodings} hostile bodies decoded: ${counts.crashes} crashes`,
  );
});

describe("a request that was changed after it was signed", () => {
  const each = Math.ceil(MUTATIONS_WANTED / targets.length);

  it.each(targets.map((target) => [target.name, target] as const))("is never accepted: %s", { timeout: 120_000 }, async (_name, target) => {
    const { verification, body, headers, query } = target;
    const genuine = signedFor(verification, body, { headers, query });
    const before = await prove({ verification, body, headers, signed: genuine });
    if (!before.ok) throw new Error(`the genuine request is refused: ${before.failure}`);
    for (const picked of fc.sample(choice, { numRuns: each, seed: 20_261_124 })) {
      const forged = forge(target, genuine, picked);
      const after = await prove({ verification, body: forged.body, headers, signed: forged.signed }).catch(() => null);
      counts.mutations++;
      if (after === null) throw new Error(`the engine threw at ${JSON.stringify(forged)}`);
      if (!after.ok) counts.refused++;
      else if (isFalse(target, genuine, forged, { before: before.value, after: after.value })) counts.falseAccepts++;
      else counts.sameMeaning++;
      if (counts.falseAccepts > 0)
        throw new Error(
          `accepted: ${forged.what} ${JSON.stringify({ from: genuine, to: forged.signed, body: new TextDecoder().decode(forged.body) })}`,
        );
    }
  });

  it(`was tried ${MUTATIONS_WANTED} times at least, with no false accept`, () => {
    expect(counts.mutations).toBeGreaterThanOrEqual(MUTATIONS_WANTED);
    expect(counts.falseAccepts).toBe(0);
    expect(counts.refused).toBeGreaterThan(counts.mutations * 0.9);
  });
});

describe("a body that nobody would send", () => {
  const sources = Object.values(SOURCES);
  const each = Math.ceil(DECODINGS_WANTED / sources.length);

  it.each(sources.map((source) => [source.scheme, source] as const))(
    "never makes the reader throw: %s",
    { timeout: 120_000 },
    (_scheme, source) => {
      const samples = source.samples.map((sample) => {
        const verification = source.verification(liveFor(source, sample).settings);
        const filled = filledSample(sample, verification);
        return {
          live: liveFor(source, sample),
          body: bytes(filled.body),
          read: { contentType: sample.contentType, headers: filled.headers, query: sample.query ?? "" },
        };
      });
      const hostile = fc.tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }),
      );
      for (const [{ live, body, read }, changes] of fc.sample(hostile, { numRuns: each, seed: 20_261_124 })) {
        const changed = changes.reduce<Uint8Array>(changedBytes, body);
        counts.decodings++;
        try {
          JSON.stringify(decodeWith(source, live, changed, read));
        } catch (error) {
          counts.crashes++;
          throw new Error(`threw at ${new TextDecoder().decode(changed)}`, { cause: error });
        }
      }
    },
  );

  it(`was tried ${DECODINGS_WANTED} times at least, without a crash`, () => {
    expect(counts.decodings).toBeGreaterThanOrEqual(DECODINGS_WANTED);
    expect(counts.crashes).toBe(0);
  });
});
