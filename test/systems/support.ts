import { newSecret } from "../../sandbox/sign/secrets.ts";
import { sampleRequest, signRequest, type SignedRequest } from "../../sandbox/sign.ts";
import type { RejectionReason } from "../../src/domain/failure.ts";
import { fail, type Result } from "../../src/domain/result.ts";
import {
  mergeObjects,
  type DecodeFailure,
  type ObjectMaps,
  type Part,
  type Sample,
  type SourceDefinition,
  type SourceItem,
} from "../../src/sources/define.ts";
import type { KeySets, LiveSecret, Proof, Verification } from "../../src/verification/define.ts";
import { verify } from "../../src/verification/index.ts";

export const NOW_MS = Date.UTC(2026, 10, 24, 12, 0, 0);
export const URL_TEXT = "https://edge.example.test/in/source";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A secret in the form that a scheme wants, another one for every seed: as a deployment holds it. */
export const secretFor = (verification: Verification, seed = "first"): string => newSecret(verification, seed).secret;

/** The same as its sender holds it. */
const signingKeyFor = (verification: Verification, seed: string): string => {
  const made = newSecret(verification, seed);
  return made.signingKey ?? made.secret;
};

/** No issuer is asked in these tests. */
const NO_KEY_SETS: KeySets = { keyFor: () => Promise.resolve(fail("keys_unavailable")) };

export interface Posted {
  readonly verification: Verification;
  readonly body: Uint8Array;
  readonly signed: SignedRequest;
  readonly nowMs?: number;
  readonly secrets?: readonly LiveSecret[];
  /** The sample's own headers, beneath those of the proof. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Runs the engine over a request as it would arrive. */
export const prove = (posted: Posted): Promise<Result<Proof, RejectionReason>> =>
  verify(
    {
      verification: posted.verification,
      secrets: posted.secrets ?? [{ id: "A", value: secretFor(posted.verification) }],
      body: posted.signed.body ?? posted.body,
      method: "POST",
      headers: headersOf(posted),
      url: new URL(posted.signed.url),
      clientCertificate: posted.signed.clientCertificate ?? null,
      nowMs: posted.nowMs ?? NOW_MS,
    },
    NO_KEY_SETS,
  );

/** A list of pairs keeps headers that are given twice. */
function headersOf({ headers = {}, signed }: Posted): Headers {
  const proof: readonly (readonly [string, string])[] = Array.isArray(signed.headers) ? signed.headers : Object.entries(signed.headers);
  const own = Object.entries(headers).filter(([name]) => !proof.some(([other]) => other.toLowerCase() === name.toLowerCase()));
  return new Headers([...own, ...proof].map(([name, value]) => [name, value] as [string, string]));
}

export interface Changes {
  readonly nowMs?: number;
  /** Another secret, by its seed. */
  readonly seed?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export const signedFor = (verification: Verification, body: Uint8Array, changes: Changes = {}): SignedRequest =>
  signRequest({
    verification,
    secret: signingKeyFor(verification, changes.seed ?? "first"),
    body,
    nowMs: changes.nowMs ?? NOW_MS,
    deliveryId: "msg_1",
    url: `${URL_TEXT}${changes.query ?? ""}`,
    method: "POST",
    headers: changes.headers ?? {},
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

export interface Read {
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
}

export function decodeWith(
  source: SourceDefinition,
  live: Live,
  body: Uint8Array,
  read: Read | string = {},
): Result<readonly Part[], DecodeFailure> {
  const { contentType = "application/json", headers = {}, query = "" } = typeof read === "string" ? { contentType: read } : read;
  return source.decode(
    {
      body,
      headers: new Headers({ ...headers, "content-type": contentType }),
      contentType,
      url: new URL(`${URL_TEXT}${query}`),
      receivedAtMs: NOW_MS,
    },
    live,
  );
}

/** What must come of a body that is understood, every part of it. */
export function itemsOf(decoded: Result<readonly Part[], DecodeFailure>): readonly SourceItem[] {
  if (!decoded.ok) throw new Error(`not understood: ${JSON.stringify(decoded.failure)}`);
  return decoded.value.map((part) => {
    if ("odd" in part) throw new Error(`not understood: ${JSON.stringify(part)}`);
    return part;
  });
}

/** A sample as it arrives, with the secret that its body may hold. */
export const filledSample = (sample: Sample, verification: Verification, id = "01JDFW5T8Q0000000000000AAA") =>
  sampleRequest(sample, { nowMs: NOW_MS, id, secret: secretFor(verification) });
