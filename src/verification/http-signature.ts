import type { RejectionReason } from "../domain/failure.ts";
import { fail, ok } from "../domain/result.ts";
import type { Checked, HttpSignatureScheme, Proof, Unproven } from "./define.ts";
import { secretThatSigned } from "./http-signature-keys.ts";
import { digestOf } from "./keys.ts";
import { decodeBytes, equalBytes } from "./signature.ts";
import { signatureBase } from "./signature-base.ts";
import { readByteSequences, readSignatureInputs, type InnerList } from "./structured-fields.ts";

/** Signatures of one request that are looked at, of those that name our key and algorithm. */
const LABELS_TRIED = 4;

/**
 * HTTP Message Signatures (RFC 9421). Any label whose key and algorithm fit may prove the request; it must cover what
 * the scheme asks for. The signature covers only the digest's header, so the digest itself is computed anew over the body.
 * A nonce is no id of a delivery, since every attempt has its own: what came before is told by the source's ids.
 */
export async function verifyHttpSignature(request: Unproven, scheme: HttpSignatureScheme): Promise<Checked<Proof>> {
  const labels = readLabels(request.headers);
  if (!labels.ok) return labels;
  if (request.secrets.length === 0) return fail("misconfigured");
  const problems = labels.value.map((label) => choiceProblem(label, request, scheme));
  const ours = labels.value.filter((_label, at) => problems[at] === null).slice(0, LABELS_TRIED);
  let told: RejectionReason | null = null;
  for (const label of ours) {
    const proof = await proveLabel(request, scheme, label);
    if (proof.ok) return proof;
    told ??= proof.failure;
  }
  return fail(told ?? problems[0] ?? "signature_missing");
}

interface Label {
  readonly input: InnerList;
  readonly signature: string;
}

/** The signatures that are in both headers. */
function readLabels(headers: Headers): Checked<readonly Label[]> {
  const [inputText, signatureText] = [headers.get("signature-input"), headers.get("signature")];
  if (inputText === null || inputText === "" || signatureText === null || signatureText === "") return fail("signature_missing");
  const [inputs, signatures] = [readSignatureInputs(inputText), readByteSequences(signatureText)];
  if (inputs === null || signatures === null) return fail("signature_malformed");
  return ok(
    [...inputs].flatMap(([label, input]) => {
      const signature = signatures.get(label);
      return signature === undefined ? [] : [{ input, signature }];
    }),
  );
}

/** Why a signature cannot be by a key of ours; null if it can. */
function choiceProblem({ input }: Label, { secrets }: Unproven, { algorithm }: HttpSignatureScheme): RejectionReason | null {
  const [alg = algorithm, keyId] = [input.parameters.get("alg"), input.parameters.get("keyid")];
  if (alg !== algorithm) return "algorithm_not_allowed";
  return secrets.some((secret) => secret.keyId === undefined || secret.keyId === keyId) ? null : "key_unknown";
}

async function proveLabel(request: Unproven, scheme: HttpSignatureScheme, label: Label): Promise<Checked<Proof>> {
  const { input } = label;
  const signature = decodeBytes(label.signature, "base64");
  if (signature === null || signature.length === 0) return fail("signature_malformed");
  const createdMs = readCreated(input, request.nowMs, scheme.windowMs);
  if (!createdMs.ok) return createdMs;
  const base = signatureBase(request, input);
  if (!base.ok) return base;
  const { text: message, covered } = base.value;
  if (!scheme.components.every((component) => covered.has(component))) return fail("components_missing");
  const keyId = input.parameters.get("keyid");
  const named = request.secrets.filter((secret) => secret.keyId === undefined || secret.keyId === keyId);
  const secretId = await secretThatSigned(named, { scheme, message, signature });
  if (!secretId.ok) return secretId;
  const digested = covered.has("content-digest");
  if (digested && !(await digestHolds(request))) return fail("digest_mismatch");
  return ok({ verdict: digested ? "verified" : "authenticated", secretId: secretId.value, timestampMs: createdMs.value, deliveryId: null });
}

/** `created` must be within the window, and `expires`, where it is given, not be over. */
function readCreated({ parameters }: InnerList, nowMs: number, windowMs: number): Checked<number> {
  const [created, expires = Infinity] = [parameters.get("created"), parameters.get("expires")];
  if (created === undefined) return fail("timestamp_missing");
  if (typeof created !== "number" || typeof expires !== "number") return fail("timestamp_malformed");
  if (nowMs - created * 1000 > windowMs) return fail("stale");
  if (created * 1000 - nowMs > windowMs) return fail("future");
  return expires * 1000 < nowMs ? fail("token_expired") : ok(created * 1000);
}

const DIGESTS = { "sha-256": "SHA-256", "sha-512": "SHA-512" } as const;

/** RFC 9530: of the algorithms that we know every digest must hold, and one must be there. */
async function digestHolds({ headers, body }: Unproven): Promise<boolean> {
  const digests = readByteSequences(headers.get("content-digest") ?? "");
  const known = Object.entries(DIGESTS).filter(([name]) => digests?.has(name) === true);
  for (const [name, algorithm] of known) {
    const claimed = decodeBytes(digests?.get(name) ?? "", "base64");
    if (claimed === null || !equalBytes(claimed, await digestOf(algorithm, body))) return false;
  }
  return known.length > 0;
}
