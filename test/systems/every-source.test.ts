import { readdirSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SignedRequest } from "../../sandbox/sign.ts";
import { ENTITIES } from "../../src/domain/entities/index.ts";
import { REJECTION_REASONS } from "../../src/domain/failure.ts";
import { parseJson, type JsonValue } from "../../src/domain/json.ts";
import type { Reply, Sample, SourceDefinition, StatusSet } from "../../src/sources/define.ts";
import { SOURCES } from "../../src/sources/index.ts";
import type { Verification } from "../../src/verification/define.ts";
import { needsSecret, verdictOf } from "../../src/verification/index.ts";
import { NOW_MS, bytes, decodeWith, filledSample, itemsOf, liveFor, prove, secretFor, signedFor, type Changes } from "./support.ts";

const NON_ASCII = /[^\p{ASCII}]|\\u[0-9a-f]{4}|%[C-F][0-9A-F]%/u;
const MANY_DIGITS = /\d{18,}/;

interface Case {
  readonly verification: Verification;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string;
}

function caseOf(source: SourceDefinition, sample: Sample): Case {
  const verification = source.verification(liveFor(source, sample).settings);
  const filled = filledSample(sample, verification);
  return { verification, body: bytes(filled.body), headers: filled.headers, query: sample.query ?? "" };
}

/** How far away a signed time may be; null where none is signed. */
function windowOf(verification: Verification): number | null {
  if (verification.kind === "anyOf" || verification.kind === "allOf") return windowOf(verification.of[0] ?? { kind: "none" });
  if (verification.kind === "hmac" && verification.timestamp === undefined && !verification.template.includes("{timestamp}")) return null;
  return "windowMs" in verification ? verification.windowMs : null;
}

const listsSignatures = (verification: Verification): boolean =>
  verification.kind === "hmac" && verification.form.type === "pairs" && verification.form.timestamp === undefined;

const sameStatus = (status: number, set: StatusSet): boolean =>
  set.some((entry) => entry === status || entry === `${Math.floor(status / 100)}xx`);

/** The request with one character of one header, or of the URL's query, replaced. */
function* tampered(signed: SignedRequest, unsigned: string) {
  const other = (character: string): string => (character === "0" ? "1" : "0");
  const { search } = new URL(signed.url);
  const query = search === unsigned ? 0 : search.length;
  for (let at = signed.url.length - query + (query > 0 ? 1 : 0); at < signed.url.length; at++) {
    const url = `${signed.url.slice(0, at)}${other(signed.url[at] ?? "")}${signed.url.slice(at + 1)}`;
    yield { ...signed, url };
  }
  for (const [name, value] of Object.entries(signed.headers)) {
    for (let at = 0; at < value.length; at++) {
      for (const character of new Set([other(value[at] ?? ""), swapCase(value[at] ?? ""), next(value[at] ?? "")])) {
        if (character === value[at]) continue;
        // The name of an authentication scheme may be written in any case.
        if (name.toLowerCase() === "authorization" && at < value.indexOf(" ")) continue;
        yield { ...signed, headers: { ...signed.headers, [name]: `${value.slice(0, at)}${character}${value.slice(at + 1)}` } };
      }
    }
  }
}

const swapCase = (character: string): string => (character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase());
const next = (character: string): string => String.fromCharCode(character.charCodeAt(0) === 0x7e ? 0x21 : character.charCodeAt(0) + 1);

it("registers every source under its own scheme, which is its file's name", () => {
  const files = readdirSync(path.join(import.meta.dirname, "..", "..", "src", "sources")).map((file) => file.replace(/\.ts$/, ""));
  expect(Object.keys(SOURCES).toSorted()).toEqual(files.filter((name) => name !== "define" && name !== "index").toSorted());
  for (const [scheme, source] of Object.entries(SOURCES)) expect(source.scheme).toBe(scheme);
});

describe.each(Object.entries(SOURCES))("source %s", (_scheme, source) => {
  it("has dated samples of different names: other scripts, a number of 18 digits, a field nobody maps", () => {
    const bodies = source.samples.map((sample) => new TextDecoder().decode(caseOf(source, sample).body));
    expect(source.samples.length).toBeGreaterThanOrEqual(2);
    expect(new Set(source.samples.map(({ name }) => name)).size).toBe(source.samples.length);
    for (const { provenance } of source.samples) expect(provenance).toMatch(/\d{4}-\d{2}-\d{2}/);
    expect(bodies.some((body) => NON_ASCII.test(body))).toBe(true);
    expect(bodies.some((body) => MANY_DIGITS.test(body))).toBe(true);
    expect(source.samples.some(({ expect: { data } }) => JSON.stringify(data).includes('"extra"'))).toBe(true);
  });

  it("refuses settings it does not know, by name", () => {
    const [sample] = source.samples;
    const parsed = source.settings.safeParse({ ...sample?.settings, noSuchSetting: 1 });
    expect(JSON.stringify(parsed.error?.issues)).toContain("noSuchSetting");
  });

  it("answers what makes this sender do the right thing: it comes again for what was not stored, and is never harmed", () => {
    const { statusPolicy, behaviour } = source;
    const status = (answer: Reply | "accepted"): number => (answer === "accepted" ? 202 : answer.status);
    const { retries, harmful, harmlessExceptions = [], succeeds } = behaviour;
    for (const answer of [statusPolicy.stored, statusPolicy.notUnderstood]) {
      expect(status(answer)).toBeGreaterThanOrEqual(200);
      expect(status(answer)).toBeLessThan(300);
      if (succeeds !== undefined) expect(succeeds).toContain(status(answer));
    }
    const { cannotStore, rateLimited, notVerified, tooLarge, wrongEncoding } = statusPolicy;
    if (retries.length > 0) for (const refusal of [cannotStore, rateLimited]) expect(sameStatus(refusal, retries), `${refusal}`).toBe(true);
    for (const refusal of [cannotStore, rateLimited, notVerified, tooLarge, wrongEncoding]) {
      expect(refusal).toBeGreaterThanOrEqual(400);
      expect(sameStatus(refusal, harmful) && !harmlessExceptions.includes(refusal), `${refusal} harms it`).toBe(false);
    }
    expect(behaviour.source).toMatch(/\d{4}-\d{2}-\d{2}|depends/);
  });

  it("says how to set the sender up, with the address and, where there is one, the secret", () => {
    const steps = source.setup.join("\n");
    expect(source.setup.length).toBeGreaterThanOrEqual(2);
    expect(steps).toContain("{url}");
    const [sample] = source.samples;
    if (sample !== undefined && needsSecret(source.verification(liveFor(source, sample).settings))) expect(steps).toContain("{secret}");
  });

  describe.each(source.samples.map((sample) => [sample.name, sample] as const))("given the sample %s", (_name, sample) => {
    const { verification, body, headers, query } = caseOf(source, sample);
    const windowMs = windowOf(verification);
    const signedAs = (changes: Changes = {}, content = body) => signedFor(verification, content, { headers, query, ...changes });
    const proven = (posted: Omit<Parameters<typeof prove>[0], "verification" | "body"> & { readonly body?: Uint8Array }) =>
      prove({ verification, body, headers, ...posted });
    /** What came over the wire, where the proof wraps the body. */
    const wire = signedAs().body ?? body;
    const proofless = Object.keys(signedAs().headers).length === 0 && signedAs().url.endsWith(query) && signedAs().body === undefined;

    it("is proven when it is signed as the sender does, and the proof names the secret and how much it covers", async () => {
      const proof = await proven({ signed: signedAs() });
      expect(proof).toMatchObject({ ok: true, value: { verdict: verdictOf(verification) } });
      if (proof.ok && needsSecret(verification)) expect(proof.value.secretId).toBe("A");
      if (proof.ok && windowMs !== null) expect(proof.value.timestampMs).toBe(NOW_MS);
    });

    if (needsSecret(verification) && verification.kind !== "tokenInBody")
      it("is proven by the second of two secrets, and refused with another or with none", async () => {
        const [first, second] = ["first", "second"].map((seed) => ({ id: seed, value: secretFor(verification, seed) }));
        if (first === undefined || second === undefined) throw new Error("two secrets");
        const signed = signedAs({ seed: "second" });
        expect(await proven({ signed, secrets: [first, second] })).toMatchObject({ ok: true, value: { secretId: "second" } });
        expect((await proven({ signed, secrets: [first] })).ok).toBe(false);
        expect(await proven({ signed, secrets: [] })).toEqual({ ok: false, failure: "misconfigured" });
      });

    // Where the sender signs no body there is nothing to refuse.
    if (verdictOf(verification) === "verified")
      it("is refused with any one byte of the body changed, left out or added", async () => {
        const signed = signedAs();
        const with_ = (changed: Uint8Array) =>
          proven({ body: changed, signed: { ...signed, ...(signed.body === undefined ? {} : { body: changed }) } });
        for (let at = 0; at < wire.length; at += 7) {
          const flipped = wire.slice();
          flipped[at] = (flipped[at] ?? 0) ^ 1;
          expect((await with_(flipped)).ok, `byte ${at}`).toBe(false);
        }
        for (const changed of [wire.slice(1), wire.slice(0, -1), bytes(`${new TextDecoder().decode(wire)} `), new Uint8Array()]) {
          expect((await with_(changed)).ok).toBe(false);
        }
      });

    if (!proofless)
      it("is refused with any one character of signature, time, id or token changed", async () => {
        let tried = 0;
        for (const signed of tampered(signedAs(), query)) {
          const proof = await proven({ signed });
          expect(proof.ok, JSON.stringify(signed)).toBe(false);
          if (!proof.ok) expect(REJECTION_REASONS).toContain(proof.failure);
          tried++;
        }
        if (wire === body) expect(tried).toBeGreaterThan(20);
      });

    if (!proofless)
      it("is refused when a header or the token is missing, empty, cut short or given twice", async () => {
        const signed = signedAs();
        const parameter = verification.kind === "queryToken" ? verification.parameter : null;
        const list = Object.entries(signed.headers);
        const variants = list.flatMap(([name, value]) => [
          list.filter(([other]) => other !== name),
          ...["", value.slice(0, -1), `${value}0`].map((changed) => Object.entries({ ...signed.headers, [name]: changed })),
          // Where a header is a list of signatures, the same one twice is such a list.
          ...(listsSignatures(verification) ? [] : [[...list, [name, value] as [string, string]]]),
          [...list, [name, "x"] as [string, string]],
        ]);
        for (const changed of variants)
          expect(
            (await proven({ signed: { ...signed, headers: changed as unknown as Record<string, string> } })).ok,
            JSON.stringify(changed),
          ).toBe(false);
        const { search } = new URL(signed.url);
        for (const changed of parameter === null
          ? []
          : [
              "",
              `?${parameter}=`,
              `${search}&${parameter}=x`,
              search.slice(0, -1),
              search.repeat(2).replaceAll("?", "&").replace("&", "?"),
            ]) {
          expect((await proven({ signed: { ...signed, url: `${signed.url.split("?")[0]}${changed}` } })).ok, changed).toBe(false);
        }
      });

    // Where no time is signed there is no window.
    if (windowMs !== null)
      it("is accepted exactly at the window, and refused one second beyond it, both ways", async () => {
        const at = (offsetMs: number) => proven({ signed: signedAs({ nowMs: NOW_MS + offsetMs }) });
        expect(await at(-windowMs)).toMatchObject({ ok: true });
        expect(await at(windowMs)).toMatchObject({ ok: true });
        expect(await at(-windowMs - 1000)).toEqual({ ok: false, failure: "stale" });
        expect(await at(windowMs + 1000)).toEqual({ ok: false, failure: "future" });
      });

    const read = { contentType: sample.contentType, headers, query };

    it("normalises to what is expected, with what nobody maps kept in extra", () => {
      const [item] = itemsOf(decodeWith(source, liveFor(source, sample), body, read));
      expect(item?.type).toBe(sample.expect.type);
      expect(item?.entity).toMatchObject({ kind: sample.expect.kind, key: sample.expect.key, data: sample.expect.data });
      expect(ENTITIES[item?.entity.kind ?? "case"].schema.safeParse(item?.entity.data).success).toBe(true);
      // Without a version or a time only a hint may go: what is delivered is read back.
      if (item?.nature !== "hint") expect(item?.order.kind).not.toBe("none");
    });

    it("has the same identity however often it is read, and with a byte order mark", () => {
      const live = liveFor(source, sample);
      const once = itemsOf(decodeWith(source, live, body, read));
      expect(itemsOf(decodeWith(source, live, body, read))).toEqual(once);
      const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...body]);
      expect(itemsOf(decodeWith(source, live, marked, read))).toEqual(once);
    });

    if (verification.kind !== "twilio")
      it("is proven with the byte order mark that was sent, since the mark is signed too", async () => {
        const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...body]);
        expect(await proven({ body: marked, signed: signedAs({}, marked) })).toMatchObject({ ok: true });
      });
  });

  it("never throws while reading, whatever the bytes, and says in words what it cannot read", () => {
    const lives = source.samples.map((sample) => {
      const { body, headers, query } = caseOf(source, sample);
      const read = { contentType: sample.contentType, headers, query };
      return { live: liveFor(source, sample), body: new TextDecoder().decode(body), read };
    });
    const deep = "[".repeat(100_000);
    const fixed = [
      deep,
      `{"type":"a.b","data":${deep}`,
      `{"data":${"[".repeat(500)}${"]".repeat(500)}}`,
      "<a>".repeat(50_000),
      "null",
      "[]",
      '"x"',
      "{}",
      "<",
      "",
    ];
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(bytes),
      fc.constantFrom(...fixed).map(bytes),
      fc
        .tuple(fc.constantFrom(...lives), fc.nat(), fc.nat(20), fc.string({ unit: "binary", maxLength: 10 }))
        .map(([{ body }, at, length, text]) => {
          const start = at % body.length;
          return bytes(`${body.slice(0, start)}${text}${body.slice(start + length)}`);
        }),
      mutatedDocument(lives.map(({ body }) => body)),
    );
    fc.assert(
      fc.property(fc.constantFrom(...lives), hostile, ({ live, read }, body) => {
        const decoded = decodeWith(source, live, body, read);
        if (decoded.ok) {
          expect(decoded.value.length).toBeGreaterThan(0);
          for (const part of decoded.value) {
            if ("odd" in part) expect(part.detail.length).toBeGreaterThan(5);
            else expect(part.entity.key).toMatch(/^\P{Cc}{1,256}$/u);
          }
        } else if (decoded.failure.kind !== "rejected") {
          expect(decoded.failure.detail.length).toBeGreaterThan(5);
          expect(decoded.failure.detail.length).toBeLessThanOrEqual(400);
        }
        expect(() => JSON.stringify(decoded)).not.toThrow();
      }),
      { numRuns: 400 },
    );
  });
});

/** JSON samples with one value anywhere replaced by another; XML ones are left alone. */
function mutatedDocument(bodies: readonly string[]): fc.Arbitrary<Uint8Array> {
  const documents = bodies.flatMap((body) => {
    const parsed = parseJson(body);
    return parsed.ok ? [parsed.value] : [];
  });
  if (documents.length === 0) return fc.constant(bytes("<a/>"));
  const odd = fc.oneof(
    fc.jsonValue() as fc.Arbitrary<JsonValue>,
    fc.constantFrom<JsonValue>("constructor", "__proto__", "1e400", -0, "-1", "9".repeat(300), "\u0000", []),
  );
  return fc
    .tuple(fc.constantFrom(...documents), fc.array(fc.nat(30), { maxLength: 5 }), odd)
    .map(([document, path, value]) => bytes(JSON.stringify(replaced(document, path, value))));
}

function replaced(document: JsonValue, path: readonly number[], value: JsonValue): JsonValue {
  const [step, ...rest] = path;
  if (step === undefined || typeof document !== "object" || document === null) return value;
  const names = Object.keys(document);
  const name = names[step % Math.max(1, names.length)];
  if (name === undefined) return value;
  const copy: Record<string, JsonValue> | JsonValue[] = Array.isArray(document)
    ? [...(document as readonly JsonValue[])]
    : { ...(document as Record<string, JsonValue>) };
  (copy as Record<string, JsonValue>)[name] = replaced((document as Record<string, JsonValue>)[name] ?? null, rest, value);
  return copy as JsonValue;
}
