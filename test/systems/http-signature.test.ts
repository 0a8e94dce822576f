import { constants, createHash, createHmac, createPublicKey, generateKeyPairSync, verify as verifyBytes } from "node:crypto";
import fc from "fast-check";
import { createSigner, httpbis, type SigningKey } from "http-message-signatures";
import { describe, expect, it } from "vitest";
import { newSecret } from "../../sandbox/sign/secrets.ts";
import { signRequest } from "../../sandbox/sign.ts";
import { REJECTION_REASONS } from "../../src/domain/failure.ts";
import { HTTP_SIGNATURE_ALGORITHMS, type HttpSignatureScheme, type LiveSecret } from "../../src/verification/define.ts";
import { verifyHttpSignature } from "../../src/verification/http-signature.ts";
import { readByteSequences, readSignatureInputs } from "../../src/verification/structured-fields.ts";
import { NOW_MS, bytes } from "./support.ts";

const URL_TEXT = "https://edge.example.test/in/custom?tenant=acme&q=a%20b";
const BODY = '{"name":"Größe 東京 🚂"}';
const SECRET = "shared-key-for-tests";
const NOW_S = NOW_MS / 1000;

const schemeOf = (changes: Partial<HttpSignatureScheme> = {}): HttpSignatureScheme => ({
  kind: "httpSignature",
  algorithm: "hmac-sha256",
  keyEncoding: "utf8",
  components: ["@method", "@target-uri", "content-digest"],
  windowMs: 300_000,
  ...changes,
});
const LAX = schemeOf({ components: [] });

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly url?: string;
  readonly body?: string | Uint8Array;
  readonly nowMs?: number;
  readonly secrets?: readonly LiveSecret[];
  readonly scheme?: HttpSignatureScheme;
}

const prove = ({ headers, method = "POST", url = URL_TEXT, body = BODY, scheme = schemeOf(), ...sent }: Sent) =>
  verifyHttpSignature(
    {
      verification: scheme,
      secrets: sent.secrets ?? [{ id: "A", value: SECRET }],
      body: typeof body === "string" ? bytes(body) : body,
      method,
      headers: new Headers(headers),
      url: new URL(url),
      clientCertificate: null,
      nowMs: sent.nowMs ?? NOW_MS,
    },
    scheme,
  );

const refused = (failure: string) => ({ ok: false, failure });
const digest = (body: string, name: "sha256" | "sha512" = "sha256"): string =>
  `sha-${name.slice(3)}=:${createHash(name).update(body).digest("base64")}:`;
const hmac = (text: string, secret = SECRET): string => createHmac("sha256", secret).update(text).digest("base64");

interface Message {
  readonly fields?: readonly string[];
  readonly key?: SigningKey;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly params?: readonly string[];
  readonly values?: Readonly<Record<string, Date | string>>;
}

/** Signed by another implementation. */
async function signed(message: Message = {}): Promise<Record<string, string>> {
  const { headers } = await httpbis.signMessage(
    {
      key: message.key ?? createSigner(SECRET, "hmac-sha256", "k1"),
      name: "sig1",
      fields: [...(message.fields ?? ["@method", "@target-uri", "content-type", "content-digest"])],
      params: [...(message.params ?? ["created", "keyid", "alg"])],
      paramValues: { created: new Date(NOW_MS), ...message.values },
    },
    {
      method: "POST",
      url: message.url ?? URL_TEXT,
      headers: { "content-type": "application/json", "content-digest": digest(BODY), ...message.headers },
    },
  );
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Signed by hand: these lines, with these parameters behind them. */
function byHand(lines: readonly string[], parameters: string, headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const base = [...lines, `"@signature-params": ${parameters}`].join("\n");
  return { ...headers, "signature-input": `s=${parameters}`, signature: `s=:${hmac(base)}:` };
}

describe("the examples of RFC 9421, appendix B.2", () => {
  const headers = {
    date: "Tue, 20 Apr 2021 02:07:55 GMT",
    "content-type": "application/json",
    "content-digest": "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
    "content-length": "18",
  };
  const example = { url: "https://example.com/foo?param=Value&Pet=dog", body: '{"hello": "world"}', nowMs: 1_618_884_473_000 };

  it("5, an HMAC: it covers no digest, so it proves the sender and not the body", async () => {
    const proof = await prove({
      ...example,
      headers: {
        ...headers,
        "signature-input": 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
        signature: "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
      },
      scheme: schemeOf({ keyEncoding: "base64", components: [] }),
      secrets: [{ id: "B", value: "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==" }],
    });
    const value = { verdict: "authenticated", secretId: "B", timestampMs: 1_618_884_473_000, deliveryId: null };
    expect(proof).toEqual({ ok: true, value });
  });

  it("6, an Ed25519 signature, with the key in PEM", async () => {
    const pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n";
    const covered = '("date" "@method" "@path" "@authority" "content-type" "content-length")';
    const proof = await prove({
      ...example,
      headers: {
        ...headers,
        "signature-input": `sig-b26=${covered};created=1618884473;keyid="test-key-ed25519"`,
        signature: "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
      },
      scheme: schemeOf({ algorithm: "ed25519", components: ["@method"] }),
      secrets: [{ id: "E", value: pem }],
    });
    expect(proof).toMatchObject({ ok: true, value: { verdict: "authenticated", secretId: "E" } });
  });
});

describe("the http-message-signatures package", () => {
  const derived = ["@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query"];

  it.each([URL_TEXT, "https://Edge.example.test:443/", "http://edge.example.test:8080/a/b", "https://edge.example.test/%7Ex?y=%C3%A9"])(
    "signs what we prove, with all that a request to %s has",
    async (text) => {
      const url = new URL(text).href;
      const fields = [...derived, "content-type", "content-digest", "x-spaced"];
      const headers = await signed({ fields, url, headers: { "x-spaced": "  a,  b " } });
      const value = { verdict: "verified", secretId: "A", timestampMs: NOW_MS, deliveryId: null };
      expect(await prove({ headers, url, scheme: schemeOf({ components: fields }) })).toEqual({ ok: true, value });
      expect(await prove({ headers, url, method: "PUT" })).toEqual(refused("signature_mismatch"));
    },
  );

  it("signs a query parameter as we do", async () => {
    const component = '@query-param;name="tenant"';
    const headers = await signed({ fields: [component, "content-digest"] });
    expect(await prove({ headers, scheme: schemeOf({ components: [component] }) })).toMatchObject({ ok: true });
    expect(await prove({ headers, scheme: schemeOf({ components: ['@query-param;name="q"'] }) })).toEqual(refused("components_missing"));
  });

  it.each(HTTP_SIGNATURE_ALGORITHMS)("proves what the sandbox signs with %s, as we do", async (algorithm) => {
    const scheme = schemeOf({ algorithm });
    const { secret, signingKey = secret } = newSecret(scheme, "first");
    const { headers } = signRequest({ verification: scheme, secret: signingKey, body: BODY, nowMs: NOW_MS, url: URL_TEXT });
    expect(await prove({ headers, scheme, secrets: [{ id: "A", value: secret }] })).toMatchObject({
      ok: true,
      value: { verdict: "verified" },
    });
    const verify = async (data: Buffer, signature: Buffer): Promise<boolean> => verifiesByNode(algorithm, secret, { data, signature });
    const lookup = { notAfter: new Date(NOW_MS + 1), keyLookup: async () => ({ id: "k1", algs: [algorithm], verify }) };
    expect(await httpbis.verifyMessage(lookup, { method: "POST", url: URL_TEXT, headers: { ...headers } })).toBe(true);
  });
});

function verifiesByNode(
  algorithm: string,
  key: string,
  { data, signature }: { readonly data: Buffer; readonly signature: Buffer },
): boolean {
  if (algorithm === "hmac-sha256") return createHmac("sha256", key).update(data).digest().equals(signature);
  if (algorithm === "ed25519") return verifyBytes(null, data, key, signature);
  if (algorithm === "ecdsa-p256-sha256") return verifyBytes("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature);
  if (algorithm === "rsa-v1_5-sha256") return verifyBytes("sha256", data, key, signature);
  return verifyBytes("sha512", data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }, signature);
}

describe("query parameters", () => {
  it("are signed decoded and encoded anew, as in the example of section 2.2.8", async () => {
    const query = "var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=";
    const url = `https://www.example.com/parameters?${query}`;
    const names = ["var", "bar", "fa%C3%A7ade%22%3A%20", "qux"].map((name) => `"@query-param";name="${name}"`);
    const values = ["this%20is%20a%20big%0Amultiline%20value", "with%20plus%20whitespace", "something", ""];
    const headers = byHand(
      names.map((name, at) => `${name}: ${values[at]}`),
      `(${names.join(" ")});created=${NOW_S}`,
    );
    expect(await prove({ url, headers, scheme: schemeOf({ components: ['@query-param;name="var"'] }) })).toMatchObject({ ok: true });
    expect(await prove({ url: url.replace("something", "anything"), headers, scheme: LAX })).toEqual(refused("signature_mismatch"));
    expect(await prove({ url: `${url}&bar=2`, headers, scheme: LAX })).toEqual(refused("components_missing"));
  });

  it("keep only what forms leave unescaped", async () => {
    const headers = byHand([`"@query-param";name="a": %7E%21%27%28%29*-._`], `("@query-param";name="a");created=${NOW_S}`);
    expect(await prove({ url: "https://x.test/?a=~!'()*-._", headers, scheme: LAX })).toMatchObject({ ok: true });
  });
});

describe("what a signature must say", () => {
  const at = async (nowMs: number, expires?: number) =>
    prove({
      nowMs,
      headers: await signed({
        params: expires === undefined ? ["created"] : ["created", "expires"],
        ...(expires === undefined ? {} : { values: { expires: new Date(expires) } }),
      }),
    });

  it("its time lies in the window, both ways to the second", async () => {
    expect(await at(NOW_MS + 300_000)).toMatchObject({ ok: true });
    expect(await at(NOW_MS - 300_000)).toMatchObject({ ok: true });
    expect(await at(NOW_MS + 301_000)).toEqual(refused("stale"));
    expect(await at(NOW_MS - 301_000)).toEqual(refused("future"));
  });

  it("and is not over by its own word", async () => {
    expect(await at(NOW_MS + 60_000, NOW_MS + 60_000)).toMatchObject({ ok: true });
    expect(await at(NOW_MS + 61_000, NOW_MS + 60_000)).toEqual(refused("token_expired"));
  });

  it.each([
    ["()", "timestamp_missing"],
    ["();created", "timestamp_malformed"],
    [`();created="${NOW_S}"`, "timestamp_malformed"],
    [`();created=${NOW_S}.0`, "timestamp_malformed"],
    [`();created=${NOW_S};expires=never`, "timestamp_malformed"],
    [`();created=-${NOW_S}`, "stale"],
    ["();created=999999999999999", "future"],
    ["();created=9999999999999999", "signature_malformed"],
  ])("%s is %s", async (parameters, failure) => {
    expect(await prove({ headers: byHand([], parameters), scheme: LAX })).toEqual(refused(failure));
  });

  it("every component that the source asks for is covered", async () => {
    for (const left of ["@method", "@target-uri", "content-digest"]) {
      const fields = ["@method", "@target-uri", "content-digest"].filter((field) => field !== left);
      expect(await prove({ headers: await signed({ fields }) })).toEqual(refused("components_missing"));
    }
  });

  it("its algorithm, where it names one, is the source's: a key never serves another", async () => {
    const headers = await signed({ values: { alg: "ed25519" } });
    expect(await prove({ headers })).toEqual(refused("algorithm_not_allowed"));
    expect(await prove({ headers: await signed({ params: ["created"] }) })).toMatchObject({ ok: true });
  });

  it("its key is one of ours, where our keys have names", async () => {
    const secrets = [
      { id: "A", value: SECRET, keyId: "k0" },
      { id: "B", value: SECRET, keyId: "k1" },
    ];
    expect(await prove({ headers: await signed(), secrets })).toMatchObject({ ok: true, value: { secretId: "B" } });
    expect(await prove({ headers: await signed({ values: { keyid: "k2" } }), secrets })).toEqual(refused("key_unknown"));
    expect(await prove({ headers: await signed({ params: ["created"] }), secrets })).toEqual(refused("key_unknown"));
    expect(await prove({ headers: await signed(), secrets: [] })).toEqual(refused("misconfigured"));
  });
});

describe("components", () => {
  const created = `;created=${NOW_S}`;
  const json = { "content-type": "application/json" };

  it.each([
    ["one twice", ['"@method": POST', '"@method": POST'], '("@method" "@method")'],
    ["a derived one of responses", ['"@status": 200'], '("@status")'],
    ["one that nobody defined", ['"@everything": x'], '("@everything")'],
    ["the parameters as one", ['"@signature-params": x'], '("@signature-params")'],
    ["one reserialised", ['"content-type";sf: application/json'], '("content-type";sf)'],
    ["one wrapped in bytes", [`"content-type";bs: :${Buffer.from("application/json").toString("base64")}:`], '("content-type";bs)'],
    ["one of the request behind a response", ['"@method";req: POST'], '("@method";req)'],
    ["a trailer", ['"content-type";tr: application/json'], '("content-type";tr)'],
    ["a member of a dictionary", ['"content-digest";key="sha-256": x'], '("content-digest";key="sha-256")'],
    ["one in capitals", ['"Content-Type": application/json'], '("Content-Type")'],
    ["a name that no header can have", ['"a b": x'], '("a b")'],
    ["a name beyond ASCII", ['"": x'], '("")'],
    ["a query parameter without its name", ['"@query-param": acme'], '("@query-param")'],
    ["a query parameter with an unencoded name", ['"@query-param";name="a b": x'], '("@query-param";name="a b")'],
  ])("are refused where there is %s, though it is signed", async (_what, lines, list) => {
    expect(await prove({ headers: byHand(lines, list + created, json), scheme: LAX })).toEqual(refused("signature_malformed"));
  });

  it.each([
    ["a header", '"x-none": ', '("x-none")'],
    ["a query parameter", '"@query-param";name="none": ', '("@query-param";name="none")'],
  ])("are refused where the request lacks %s that is signed", async (_what, line, list) => {
    expect(await prove({ headers: byHand([line], list + created), scheme: LAX })).toEqual(refused("components_missing"));
  });

  it("of a header that came several times are its values, joined", async () => {
    const headers = new Headers([
      ["x-many", "a"],
      ["x-many", " b "],
    ]);
    const all = { ...Object.fromEntries(headers), ...byHand(['"x-many": a, b'], `("x-many")${created}`) };
    expect(await prove({ headers: all, scheme: LAX })).toMatchObject({ ok: true });
  });

  it("may be the host, also where the runtime keeps that header to itself", async () => {
    const headers = byHand(['"host": edge.example.test'], `("host")${created}`);
    expect(await prove({ headers, scheme: LAX })).toMatchObject({ ok: true });
    expect(await prove({ headers: { ...headers, host: "other.test" }, scheme: LAX })).toEqual(refused("signature_mismatch"));
  });
});

describe("the digest", () => {
  it("is computed anew: an intact signature does not save a changed body", async () => {
    const headers = await signed();
    expect(await prove({ headers, body: `${BODY} ` })).toEqual(refused("digest_mismatch"));
    expect(await prove({ headers, body: "" })).toEqual(refused("digest_mismatch"));
    expect(await prove({ headers, scheme: LAX, body: "x" })).toEqual(refused("digest_mismatch"));
  });

  it.each([
    ["SHA-512", true, digest(BODY, "sha512")],
    ["two that hold", true, `${digest(BODY, "sha512")}, ${digest(BODY)}`],
    ["one beside an algorithm that we do not know", true, `md5=:AAAA:, ${digest(BODY)}`],
    ["two of which one does not hold", false, `${digest("x", "sha512")}, ${digest(BODY)}`],
    ["none that we know", false, "md5=:AAAA:"],
    ["no bytes", false, "sha-256=abc"],
    ["one twice", false, `${digest(BODY)}, ${digest(BODY)}`],
    ["half of one", false, `${digest(BODY).slice(0, 30)}:`],
  ])("with %s: proven %s", async (_what, holds, value) => {
    const proof = await prove({ headers: await signed({ headers: { "content-digest": value } }) });
    expect(proof).toMatchObject(holds ? { ok: true } : refused("digest_mismatch"));
  });

  it("counts for nothing where it is not signed", async () => {
    const headers = { ...(await signed({ fields: ["@method"] })), "content-digest": digest("another body") };
    expect(await prove({ headers, scheme: LAX })).toMatchObject({ ok: true, value: { verdict: "authenticated" } });
  });
});

describe("several signatures", () => {
  const merged = (...all: readonly Record<string, string>[]): Record<string, string> => {
    const renamed = all.map((headers, at) =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replace(/^(sig1|s)=/, `l${at}=`)])),
    );
    const joined = (name: string): string => renamed.map((headers) => headers[name]).join(", ");
    return { ...renamed[0], "signature-input": joined("signature-input"), signature: joined("signature") };
  };
  const by = (secret: string, keyid: string) => signed({ key: createSigner(secret, "hmac-sha256", keyid) });

  it("are tried until one proves, at most four that could be by our key", async () => {
    const [right, wrong] = [await signed(), await by("another", "k9")];
    expect(await prove({ headers: merged(wrong, right) })).toMatchObject({ ok: true });
    expect(await prove({ headers: merged(wrong, wrong, wrong, right) })).toMatchObject({ ok: true });
    expect(await prove({ headers: merged(wrong, wrong, wrong, wrong, right) })).toEqual(refused("signature_mismatch"));
    const secrets = [{ id: "A", value: SECRET, keyId: "k1" }];
    expect(await prove({ headers: merged(wrong, wrong, wrong, wrong, wrong, right), secrets })).toMatchObject({ ok: true });
  });

  it("that are by others do not hide what is wrong with the one by us", async () => {
    const other = await signed({ values: { alg: "ed25519" } });
    const ours = await signed({ fields: ["@method"] });
    expect(await prove({ headers: merged(other, ours) })).toEqual(refused("components_missing"));
    expect(await prove({ headers: merged(other, other) })).toEqual(refused("algorithm_not_allowed"));
  });

  it("need a label in both headers", async () => {
    const headers = await signed();
    expect(await prove({ headers: { ...headers, signature: headers["signature"]?.replace("sig1", "sig2") ?? "" } })).toEqual(
      refused("signature_missing"),
    );
    for (const name of ["signature", "signature-input"]) {
      expect(await prove({ headers: { ...headers, [name]: "" } })).toEqual(refused("signature_missing"));
      expect(await prove({ headers: { ...headers, [name]: `${headers[name]}, ${headers[name]}` } })).toEqual(
        refused("signature_malformed"),
      );
    }
  });
});

describe("keys", () => {
  const { publicKey } = generateKeyPairSync("ed25519");
  const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "pem", type: "spki" }).toString();

  it.each(HTTP_SIGNATURE_ALGORITHMS.filter((name) => name !== "hmac-sha256"))(
    "of %s may be PEM or JWK, and another's does not prove",
    async (algorithm) => {
      const scheme = schemeOf({ algorithm });
      const made = newSecret(scheme, "first");
      const { headers } = signRequest({ verification: scheme, secret: made.signingKey ?? "", body: BODY, nowMs: NOW_MS, url: URL_TEXT });
      const jwk = JSON.stringify(createPublicKey(made.secret).export({ format: "jwk" }));
      const other = { id: "B", value: newSecret(scheme, "second").secret };
      for (const value of [made.secret, made.secret.replaceAll("\n", "\r\n"), jwk]) {
        expect(await prove({ headers, scheme, secrets: [other, { id: "A", value }] })).toMatchObject({
          ok: true,
          value: { secretId: "A" },
        });
      }
      expect(await prove({ headers, scheme, secrets: [other] })).toEqual(refused("signature_mismatch"));
      // What was signed with the public key's text as if it were a secret.
      const forged = await signed({ key: { ...createSigner(made.secret, "hmac-sha256", "k1"), alg: algorithm } });
      expect(await prove({ headers: forged, scheme, secrets: [{ id: "A", value: made.secret }] })).toEqual(refused("signature_mismatch"));
    },
  );

  it.each([
    ["nothing", ""],
    ["text", "no key"],
    ["JSON that is no key", '{"kty":"OKP"}'],
    ["the private half", JSON.stringify(generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }))],
    ["a private key in PEM", generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString()],
    ["another curve's", JSON.stringify(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }))],
  ])("cannot be %s: misconfigured, and others still work", async (_what, value) => {
    const scheme = schemeOf({ algorithm: "ed25519" });
    const made = newSecret(scheme, "first");
    const { headers } = signRequest({ verification: scheme, secret: made.signingKey ?? "", body: BODY, nowMs: NOW_MS, url: URL_TEXT });
    const unusable = { id: "X", value };
    expect(await prove({ headers, scheme, secrets: [unusable] })).toEqual(refused("misconfigured"));
    expect(await prove({ headers, scheme, secrets: [unusable, { id: "A", value: made.secret }] })).toMatchObject({
      ok: true,
      value: { secretId: "A" },
    });
  });

  it("of RSA are not taken below 2048 bits", async () => {
    const scheme = schemeOf({ algorithm: "rsa-v1_5-sha256" });
    const { signingKey = "" } = newSecret(scheme, "first");
    const { headers } = signRequest({ verification: scheme, secret: signingKey, body: BODY, nowMs: NOW_MS, url: URL_TEXT });
    expect(await prove({ headers, scheme, secrets: [{ id: "A", value: short }] })).toEqual(refused("misconfigured"));
  });

  it("of HMAC are read as they are encoded", async () => {
    const value = Buffer.from(SECRET).toString("base64");
    const scheme = schemeOf({ keyEncoding: "base64" });
    expect(await prove({ headers: await signed(), scheme, secrets: [{ id: "A", value }] })).toMatchObject({ ok: true });
    expect(await prove({ headers: await signed(), scheme, secrets: [{ id: "A", value: SECRET }] })).toEqual(refused("misconfigured"));
  });

  it("of Ed25519 with a signature of another length are refused, not stumbled over", async () => {
    const scheme = schemeOf({ algorithm: "ed25519", components: [] });
    const secrets = [{ id: "A", value: publicKey.export({ format: "pem", type: "spki" }).toString() }];
    expect(await prove({ headers: byHand([], `();created=${NOW_S}`), scheme, secrets })).toEqual(refused("signature_mismatch"));
  });
});

describe("any change", () => {
  it("of one character of signature, what it covers or the address is refused", async () => {
    const headers = await signed({
      params: ["created", "expires", "keyid", "alg", "nonce"],
      values: { nonce: "n-1", expires: new Date(NOW_MS + 60_000) },
    });
    const changed = (text: string, at: number, character: string): string => `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
    const visible = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(headers)), fc.nat(), visible, async (name, where, character) => {
        const value = headers[name] ?? "";
        const text = changed(value, where % value.length, character);
        // Spaces around a header's value belong to the transport.
        fc.pre(text.trim() !== value);
        const proof = await prove({ headers: { ...headers, [name]: text } });
        expect(proof.ok, `${name}: ${text}`).toBe(false);
        if (!proof.ok) expect(REJECTION_REASONS).toContain(proof.failure);
      }),
      { numRuns: 3_000 },
    );
    for (const url of [
      `${URL_TEXT}&x=1`,
      URL_TEXT.replace("acme", "acmf"),
      URL_TEXT.replace("https", "http"),
      URL_TEXT.replace("edge", "edgf"),
    ])
      expect(await prove({ headers, url })).toEqual(refused("signature_mismatch"));
  });

  it("of a byte of the body is refused", async () => {
    const [headers, body] = [await signed(), bytes(BODY)];
    for (let at = 0; at < body.length; at++) {
      const flipped = body.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect(await prove({ headers, body: flipped })).toEqual(refused("digest_mismatch"));
    }
  });
});

describe("whatever the headers say", () => {
  it("nothing throws, and nothing unsigned is proven", async () => {
    const pieces = fc.constantFrom(
      "sig1=",
      "(",
      ")",
      '"@method"',
      '"a b"',
      ";created=",
      String(NOW_S),
      ";alg=",
      '"x\\""',
      ", ",
      ";;",
      "?1",
      ":AAAA:",
      "1.5",
      "tok/en",
      "\\",
      "é",
    );
    const text = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((list) => list.join("")),
      fc.string({ maxLength: 30 }),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, async (input, signature, contentDigest) => {
        const sound = [input, signature, contentDigest].map((value) => value.replace(/[^\x20-\x7e]/g, ""));
        const headers = { "signature-input": sound[0] ?? "", signature: sound[1] ?? "", "content-digest": sound[2] ?? "" };
        expect((await prove({ headers, scheme: LAX })).ok).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it("structured fields are read strictly", () => {
    for (const text of ['a=("x" "y");b;c=1;d="\\"";e=t/o;f=1.5;g=:AA==:;h=?0', "a=()", "a=();b=-1,b=()", "a=(  )", 'a=( "x"  "y" )'])
      expect(readSignatureInputs(text), text).not.toBeNull();
    for (const text of [
      "a",
      "a=",
      "a=1",
      'a=("x""y")',
      "a=(x)",
      "a=(1)",
      'a=("x"',
      "a=())",
      "a=(),",
      ",a=()",
      "a=() b=()",
      "A=()",
      "a=();B",
      "a=();b;b",
      "a=();b=",
      "a=(),a=()",
      'a=("\\x")',
      "a=();b=1.",
      "a=();b=?2",
      "a=();b=1.2345",
    ])
      expect(readSignatureInputs(text), text).toBeNull();
    for (const text of ["a=:AA==:", "a=::", "a=:AA==:,\tb=:AA==:", ""]) expect(readByteSequences(text), text).not.toBeNull();
    for (const text of ["a=AA==", "a=:AA", "a=:A*:", "a=:AA==:;p", "a=:AA==:,", 'a="x"']) expect(readByteSequences(text), text).toBeNull();
    expect(readSignatureInputs('l=("a";b="c" "d");e=1 , m=()')?.get("l")?.raw).toBe('("a";b="c" "d");e=1');
  });
});
