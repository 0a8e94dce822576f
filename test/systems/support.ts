import { signRequest, type SignedRequest } from "../../sandbox/sign.ts";
import type { RejectionReason } from "../../src/domain/failure.ts";
import type { Result } from "../../src/domain/result.ts";
import {
  mergeObjects,
  type DecodeFailure,
  type ObjectMaps,
  type Sample,
  type SourceDefinition,
  type SourceItem,
  type Verification,
} from "../../src/sources/define.ts";
import { verify, type Proof } from "../../src/sources/verify.ts";

export const NOW_MS = Date.UTC(2026, 10, 24, 12, 0, 0);
export const URL_TEXT = "https://edge.example.test/in/source";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A secret in the form that a scheme wants, another one for every seed. */
export function secretFor(verification: Verification, seed = "first"): string {
  const material = Buffer.from(`${seed} secret, thirty-two bytes or more long`);
  if (verification.kind === "standardWebhooks") return `whsec_${material.toString("base64")}`;
  return verification.kind === "hmac" ? material.toString(verification.secretEncoding) : `${seed}-unguessable+word/é`;
}

export interface Posted {
  readonly verification: Verification;
  readonly body: Uint8Array;
  readonly signed: SignedRequest;
  readonly nowMs?: number;
  readonly secrets?: readonly { readonly id: string; readonly value: string }[];
}

/** Runs the engine over a request as it would arrive. */
export const prove = (posted: Posted): Promise<Result<Proof, RejectionReason>> =>
  verify({
    verification: posted.verification,
    secrets: posted.secrets ?? [{ id: "A", value: secretFor(posted.verification) }],
    body: posted.body,
    headers: new Headers(posted.signed.headers),
    url: new URL(posted.signed.url),
    nowMs: posted.nowMs ?? NOW_MS,
  });

export const signedFor = (
  verification: Verification,
  body: Uint8Array,
  changes: { readonly nowMs?: number; readonly secret?: string } = {},
): SignedRequest =>
  signRequest({
    verification,
    secret: changes.secret ?? secretFor(verification),
    body,
    nowMs: changes.nowMs ?? NOW_MS,
    deliveryId: "msg_1",
    url: URL_TEXT,
  });

export interface Live {
  readonly settings: unknown;
  readonly objects: ObjectMaps;
}

/** A source with the settings and objects that a sample needs. */
export function liveFor(source: SourceDefinition, given: Pick<Sample, "settings" | "objects">): Live {
  const settings = source.settings.parse(given.settings ?? {});
  return { settings, objects: mergeObjects(source.objects(settings), given.objects ?? {}) };
}

export const decodeWith = (
  source: SourceDefinition,
  live: Live,
  body: Uint8Array,
  contentType = "application/json",
): Result<readonly SourceItem[], DecodeFailure> =>
  source.decode({ body, headers: new Headers({ "content-type": contentType }), contentType, receivedAtMs: NOW_MS }, live);

/** What must come of a body that is understood. */
export function itemsOf(decoded: Result<readonly SourceItem[], DecodeFailure>): readonly SourceItem[] {
  if (!decoded.ok) throw new Error(`not understood: ${JSON.stringify(decoded.failure)}`);
  return decoded.value;
}
