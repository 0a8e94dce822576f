import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fail } from "../../src/domain/result.ts";
import type { ClientCertificate, Verification } from "../../src/verification/define.ts";
import { readRange } from "../../src/verification/edge.ts";
import { verify } from "../../src/verification/index.ts";
import { Authentication, verificationOf } from "../../src/verification/settings.ts";

interface Connection {
  readonly address?: string;
  readonly certificate?: Partial<ClientCertificate>;
  readonly headers?: Readonly<Record<string, string>>;
}

const FINGERPRINT = "ab".repeat(32);
const CERTIFICATE: ClientCertificate = {
  certPresented: "1",
  certVerified: "SUCCESS",
  certFingerprintSHA256: FINGERPRINT,
  certSubjectDNRFC2253: "CN=sender.example.com,O=Acme",
  certIssuerDNRFC2253: "CN=Acme CA",
};

const prove = (verification: Verification, connection: Connection) =>
  verify(
    {
      verification,
      secrets: [{ id: "A", value: "user:pass" }],
      body: new TextEncoder().encode("{}"),
      method: "POST",
      headers: new Headers({
        ...connection.headers,
        ...(connection.address === undefined ? {} : { "cf-connecting-ip": connection.address }),
      }),
      url: new URL("https://edge.example.test/in/source"),
      clientCertificate: connection.certificate === undefined ? null : { ...CERTIFICATE, ...connection.certificate },
      nowMs: 0,
    },
    { keyFor: () => Promise.resolve(fail("keys_unavailable")) },
  );

describe("addresses that may send", () => {
  const ranges: Verification = { kind: "ipRanges", ranges: ["192.0.2.0/24", "203.0.113.7", "2001:db8:1::/48"] };

  it.each(["192.0.2.0", "192.0.2.255", "203.0.113.7", "::ffff:192.0.2.9", "2001:db8:1::1", "2001:DB8:1:ffff::"])(
    "%s is inside",
    async (address) => {
      expect(await prove(ranges, { address })).toMatchObject({ ok: true, value: { verdict: "authenticated", secretId: "address" } });
    },
  );

  it.each([
    "192.0.3.0",
    "192.0.1.255",
    "203.0.113.8",
    "2001:db8:2::1",
    "::192.0.2.9",
    "",
    "192.0.2",
    "192.0.2.256",
    "192.0.02.1",
    "2001:db8:1",
    "x",
  ])("%s is outside, or none", async (address) => {
    expect(await prove(ranges, { address })).toEqual({ ok: false, failure: "address_not_allowed" });
  });

  it("a range holds exactly the addresses that share its first bits", async () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const number = (parts: readonly number[]): bigint => parts.reduce((bits, part) => bits * 256n + BigInt(part), 0n);
    await fc.assert(
      fc.asyncProperty(octets, octets, fc.integer({ min: 0, max: 32 }), async (network, address, length) => {
        const shift = BigInt(32 - length);
        const inside = number(network) >> shift === number(address) >> shift;
        const proof = await prove({ kind: "ipRanges", ranges: [`${network.join(".")}/${length}`] }, { address: address.join(".") });
        expect(proof.ok).toBe(inside);
      }),
    );
  });

  it.each(["192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/24/8", "2001:db8::/129", "1::2::3", "example.com"])(
    "%s is no range",
    (range) => {
      expect(readRange(range)).toBeNull();
    },
  );
});

describe("client certificates, as the edge reports them", () => {
  const byFingerprint: Verification = { kind: "clientCertificate", fingerprints: [FINGERPRINT.toUpperCase().replace(/(..)(?!$)/g, "$1:")] };
  const byName: Verification = {
    kind: "clientCertificate",
    fingerprints: [],
    subject: CERTIFICATE.certSubjectDNRFC2253,
    issuer: CERTIFICATE.certIssuerDNRFC2253,
  };

  it("prove the sender by fingerprint or by names", async () => {
    for (const rule of [byFingerprint, byName])
      expect(await prove(rule, { certificate: {} })).toMatchObject({ ok: true, value: { verdict: "authenticated" } });
  });

  it.each<[string, Verification, Partial<ClientCertificate>]>([
    ["another certificate", byFingerprint, { certFingerprintSHA256: "cd".repeat(32) }],
    ["no fingerprint", byFingerprint, { certFingerprintSHA256: "" }],
    ["an unverified one", byFingerprint, { certVerified: "FAILED:self signed certificate" }],
    ["a revoked one", byName, { certVerified: "FAILED:certificate revoked" }],
    ["another subject", byName, { certSubjectDNRFC2253: "CN=sender.example.com,O=Other" }],
    ["another issuer", byName, { certIssuerDNRFC2253: "CN=Other CA" }],
  ])("refuse %s", async (_case, rule, certificate) => {
    expect(await prove(rule, { certificate })).toEqual({ ok: false, failure: "certificate_refused" });
  });

  it("are missed where none came", async () => {
    expect(await prove(byName, {})).toEqual({ ok: false, failure: "certificate_missing" });
    expect(await prove(byName, { certificate: { certPresented: "0" } })).toEqual({ ok: false, failure: "certificate_missing" });
  });

  it("cannot be configured so that every certificate of the authority would do", () => {
    expect(Authentication.safeParse({ type: "clientCertificate" }).success).toBe(false);
  });
});

describe("several checks together", () => {
  const both = verificationOf(Authentication.parse([{ type: "basic" }, { type: "ipRanges", ranges: ["192.0.2.0/24"] }]));
  const basic = { authorization: `Basic ${btoa("user:pass")}` };

  it("must all hold", async () => {
    expect(await prove(both, { address: "192.0.2.1", headers: basic })).toMatchObject({ ok: true, value: { secretId: "A" } });
    expect(await prove(both, { address: "198.51.100.1", headers: basic })).toEqual({ ok: false, failure: "address_not_allowed" });
    expect(await prove(both, { address: "192.0.2.1" })).toEqual({ ok: false, failure: "token_missing" });
  });

  it("that are alternatives tell of the one that had something to look at", async () => {
    const either: Verification = { kind: "anyOf", of: [{ kind: "queryToken", parameter: "code" }, { kind: "basic" }] };
    expect(await prove(either, { headers: basic })).toMatchObject({ ok: true });
    expect(await prove(either, { headers: { authorization: "Basic d3Jvbmc=" } })).toEqual({ ok: false, failure: "token_mismatch" });
  });

  it("nothing at all proves nothing, and says so", async () => {
    expect(await prove({ kind: "none" }, {})).toMatchObject({ ok: true, value: { verdict: "unattempted" } });
  });
});
