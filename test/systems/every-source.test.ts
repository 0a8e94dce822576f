import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleRequest } from "../../sandbox/sign.ts";
import { ENTITIES } from "../../src/domain/entities/index.ts";
import { REJECTION_REASONS } from "../../src/domain/failure.ts";
import { parseJson, type JsonValue } from "../../src/domain/json.ts";
import type { Sample, SourceDefinition, Verification } from "../../src/sources/define.ts";
import { SOURCES } from "../../src/sources/index.ts";
import { NOW_MS, bytes, decodeWith, itemsOf, liveFor, prove, secretFor, signedFor } from "./support.ts";

const FILL = { nowMs: NOW_MS, id: "01JDFW5T8Q0000000000000AAA" };
const NON_ASCII = /[^\p{ASCII}]/u;
const MANY_DIGITS = /[:>]\d{18,}[,}<]/;

interface Case {
  readonly verification: Verification;
  readonly body: Uint8Array;
  readonly sample: Sample;
}

function caseOf(source: SourceDefinition, sample: Sample): Case {
  const { settings } = liveFor(source, sample);
  return { verification: source.verification(settings), body: bytes(sampleRequest(sample, FILL).body), sample };
}

/** The request with one character of one header, or of the URL's query, replaced. */
function* tampered(signed: { readonly url: string; readonly headers: Readonly<Record<string, string>> }) {
  const other = (character: string): string => (character === "0" ? "1" : "0");
  const query = new URL(signed.url).search.length;
  for (let at = signed.url.length - query + 1; at < signed.url.length; at++) {
    const url = `${signed.url.slice(0, at)}${other(signed.url[at] ?? "")}${signed.url.slice(at + 1)}`;
    yield { ...signed, url };
  }
  for (const [name, value] of Object.entries(signed.headers)) {
    for (let at = 0; at < value.length; at++) {
      for (const character of new Set([other(value[at] ?? ""), swapCase(value[at] ?? ""), next(value[at] ?? "")])) {
        if (character === value[at]) continue;
        yield { ...signed, headers: { ...signed.headers, [name]: `${value.slice(0, at)}${character}${value.slice(at + 1)}` } };
      }
    }
  }
}

const swapCase = (character: string): string => (character === character.toLowerCase() ? character.toUpperCase() : character.toLowerCase());
const next = (character: string): string => String.fromCharCode(character.charCodeAt(0) === 0x7e ? 0x21 : character.charCodeAt(0) + 1);

it("registers every source under its own scheme", () => {
  expect(Object.keys(SOURCES).toSorted()).toEqual(["hmac", "salesforce-outbound-message", "standard-webhooks", "stripe", "zendesk"]);
  for (const [scheme, source] of Object.entries(SOURCES)) expect(source.scheme).toBe(scheme);
});

describe.each(Object.entries(SOURCES))("source %s", (_scheme, source) => {
  it("has dated samples of different names: other scripts, a number of 18 digits, a field nobody maps", () => {
    const bodies = source.samples.map((sample) => sampleRequest(sample, FILL).body);
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

  it("answers a success for what it stores and what it cannot understand, and refusals by status", () => {
    const { stored, notUnderstood, notVerified, cannotStore } = source.statusPolicy;
    for (const answer of [stored, notUnderstood]) if (answer !== "accepted") expect(answer.status).toBe(200);
    expect(notVerified).toBeGreaterThanOrEqual(400);
    expect(cannotStore).toBeGreaterThanOrEqual(500);
  });

  describe.each(source.samples.map((sample) => [sample.name, sample] as const))("given the sample %s", (_name, sample) => {
    const { verification, body } = caseOf(source, sample);
    const windowMs = "windowMs" in verification ? verification.windowMs : null;

    it("is proven when it is signed as the sender does, and the proof names the secret", async () => {
      const proof = await prove({ verification, body, signed: signedFor(verification, body) });
      expect(proof).toMatchObject({ ok: true, value: { secretId: "A", timestampMs: windowMs === null ? null : NOW_MS } });
    });

    it("is proven by the second of two secrets, and refused with another or with none", async () => {
      const [first, second] = ["first", "second"].map((seed) => ({ id: seed, value: secretFor(verification, seed) }));
      if (first === undefined || second === undefined) throw new Error("two secrets");
      const signed = signedFor(verification, body, { secret: second.value });
      expect(await prove({ verification, body, signed, secrets: [first, second] })).toMatchObject({
        ok: true,
        value: { secretId: "second" },
      });
      expect(await prove({ verification, body, signed, secrets: [first] })).toMatchObject({
        ok: false,
        failure: expect.stringMatching(/_mismatch$/),
      });
      expect(await prove({ verification, body, signed, secrets: [] })).toEqual({ ok: false, failure: "misconfigured" });
    });

    // Where the sender signs no body there is nothing to refuse.
    if (source.verdict === "verified")
      it("is refused with any one byte of the body changed, left out or added", async () => {
        const signed = signedFor(verification, body);
        for (let at = 0; at < body.length; at += 7) {
          const flipped = body.slice();
          flipped[at] = (flipped[at] ?? 0) ^ 1;
          expect(await prove({ verification, body: flipped, signed })).toEqual({ ok: false, failure: "signature_mismatch" });
        }
        for (const changed of [body.slice(1), body.slice(0, -1), bytes(`${new TextDecoder().decode(body)} `), new Uint8Array()]) {
          expect(await prove({ verification, body: changed, signed })).toEqual({ ok: false, failure: "signature_mismatch" });
        }
      });

    it("is refused with any one character of signature, time, id or token changed", async () => {
      let tried = 0;
      for (const signed of tampered(signedFor(verification, body))) {
        const proof = await prove({ verification, body, signed });
        expect(proof.ok, JSON.stringify(signed)).toBe(false);
        if (!proof.ok) expect(REJECTION_REASONS).toContain(proof.failure);
        tried++;
      }
      expect(tried).toBeGreaterThan(20);
    });

    it("is refused when a header or the token is missing, empty, cut short or given twice", async () => {
      const { url, headers } = signedFor(verification, body);
      const parameter = verification.kind === "queryToken" ? verification.parameter : null;
      const variants = Object.entries(headers).flatMap(([name, value]) => [
        Object.entries(headers).filter(([other]) => other !== name),
        ...["", value.slice(0, -1), `${value}0`].map((changed) => Object.entries({ ...headers, [name]: changed })),
        [...Object.entries(headers), [name, value] as [string, string]],
        [...Object.entries(headers), [name, "x"] as [string, string]],
      ]);
      for (const list of variants)
        expect(
          (await prove({ verification, body, signed: { url, headers: list as unknown as Record<string, string> } })).ok,
          JSON.stringify(list),
        ).toBe(false);
      for (const query of parameter === null
        ? []
        : [
            "",
            `?${parameter}=`,
            `${new URL(url).search}&${parameter}=x`,
            new URL(url).search.slice(0, -1),
            new URL(url).search.repeat(2).replaceAll("?", "&").replace("&", "?"),
          ]) {
        expect((await prove({ verification, body, signed: { url: `${url.split("?")[0]}${query}`, headers } })).ok, query).toBe(false);
      }
    });

    // Where no time is signed there is no window.
    if (windowMs !== null)
      it("is accepted exactly at the window, and refused one second beyond it, both ways", async () => {
        const at = (offsetMs: number) => prove({ verification, body, signed: signedFor(verification, body, { nowMs: NOW_MS + offsetMs }) });
        expect(await at(-windowMs)).toMatchObject({ ok: true });
        expect(await at(windowMs)).toMatchObject({ ok: true });
        expect(await at(-windowMs - 1000)).toEqual({ ok: false, failure: "stale" });
        expect(await at(windowMs + 1000)).toEqual({ ok: false, failure: "future" });
      });

    it("normalises to what is expected, with what nobody maps kept in extra", () => {
      const [item, ...more] = itemsOf(decodeWith(source, liveFor(source, sample), body, sample.contentType));
      expect(more).toEqual([]);
      expect(item?.type).toBe(sample.expect.type);
      expect(item?.entity).toMatchObject({ kind: sample.expect.kind, key: sample.expect.key, data: sample.expect.data });
      expect(ENTITIES[item?.entity.kind ?? "case"].schema.safeParse(item?.entity.data).success).toBe(true);
      expect(item?.order.kind).not.toBe("none");
    });

    it("has the same identity however often it is read, and with a byte order mark", () => {
      const live = liveFor(source, sample);
      const once = itemsOf(decodeWith(source, live, body, sample.contentType));
      expect(itemsOf(decodeWith(source, live, body, sample.contentType))).toEqual(once);
      const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...body]);
      expect(itemsOf(decodeWith(source, live, marked, sample.contentType))).toEqual(once);
    });

    it("is proven with the byte order mark that was sent, since the mark is signed too", async () => {
      const marked = new Uint8Array([0xef, 0xbb, 0xbf, ...body]);
      expect(await prove({ verification, body: marked, signed: signedFor(verification, marked) })).toMatchObject({ ok: true });
    });
  });

  it("never throws while reading, whatever the bytes, and says in words what it cannot read", () => {
    const lives = source.samples.map((sample) => ({ live: liveFor(source, sample), body: sampleRequest(sample, FILL).body }));
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
      fc.property(fc.constantFrom(...lives), hostile, ({ live }, body) => {
        const decoded = decodeWith(source, live, body);
        if (decoded.ok) {
          for (const item of decoded.value) expect(item.entity.key).toMatch(/^\P{Cc}{1,256}$/u);
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
