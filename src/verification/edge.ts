import { fail, ok } from "../domain/result.ts";
import type { Checked, Proof, Unproven, Verification } from "./define.ts";

type CertificateRule = Extract<Verification, { readonly kind: "clientCertificate" }>;

const plainFingerprint = (text: string): string => text.replaceAll(":", "").toLowerCase();

/**
 * A client certificate that the edge has verified against the zone's authority (request.cf.tlsClientAuth):
 * https://developers.cloudflare.com/workers/runtime-apis/request/#incomingrequestcfproperties
 */
export function verifyClientCertificate(request: Unproven, rule: CertificateRule): Checked<Proof> {
  const certificate = request.clientCertificate;
  if (certificate === null || certificate.certPresented !== "1") return fail("certificate_missing");
  if (certificate.certVerified !== "SUCCESS") return fail("certificate_refused");
  const fingerprint = plainFingerprint(certificate.certFingerprintSHA256);
  const known = rule.fingerprints.length === 0 || (fingerprint !== "" && rule.fingerprints.map(plainFingerprint).includes(fingerprint));
  const named =
    (rule.subject === undefined || certificate.certSubjectDNRFC2253 === rule.subject) &&
    (rule.issuer === undefined || certificate.certIssuerDNRFC2253 === rule.issuer);
  return known && named ? authenticated("client certificate") : fail("certificate_refused");
}

const authenticated = (secretId: string): Checked<Proof> => ok({ verdict: "authenticated", secretId, timestampMs: null, deliveryId: null });

/** The sender's address, which the edge itself writes into this header whatever the sender put there. */
export function verifyIpRange(request: Unproven, ranges: readonly string[]): Checked<Proof> {
  const address = addressBits(request.headers.get("cf-connecting-ip") ?? "");
  if (address === null) return fail("address_not_allowed");
  return ranges.some((range) => inRange(address, range)) ? authenticated("address") : fail("address_not_allowed");
}

function inRange(address: Address, range: string): boolean {
  const network = readRange(range);
  return network !== null && network.family === address.family && address.bits >> network.hostBits === network.bits >> network.hostBits;
}

interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

/** Reads `192.0.2.0/24` or `2001:db8::/32`, or a single address; null if it is none. */
export function readRange(range: string): (Address & { readonly hostBits: bigint }) | null {
  const [text = "", length, ...more] = range.split("/");
  const address = addressBits(text);
  if (address === null || more.length > 0) return null;
  const most = address.family === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  return bits < 0 || bits > most ? null : { ...address, hostBits: BigInt(most - bits) };
}

/** The number of an address. An IPv4 address written in IPv6 (`::ffff:192.0.2.1`) is the IPv4 one. */
function addressBits(text: string): Address | null {
  const v4 = v4Bits(text);
  if (v4 !== null) return { family: 4, bits: v4 };
  const mapped = /^::ffff:([\d.]+)$/i.exec(text)?.[1];
  if (mapped !== undefined) return addressBits(mapped);
  const v6 = v6Bits(text);
  return v6 === null ? null : { family: 6, bits: v6 };
}

function v4Bits(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function v6Bits(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2 || text === "") return null;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}
