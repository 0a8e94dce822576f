import type { ClientCertificate, Verification } from "../../src/verification/define.ts";

export interface SignRequest {
  readonly verification: Verification;
  /** As the sender holds it: the shared secret, or its private half (`newSecret` makes both). */
  readonly secret: string;
  /** Where several checks are made with different secrets: those that are not `secret`. */
  readonly secrets?: Partial<Readonly<Record<Verification["kind"], string>>>;
  readonly body: Uint8Array | string;
  /** The sender's clock. */
  readonly nowMs: number;
  readonly deliveryId?: string;
  readonly url: string;
  readonly method?: string;
  /** The other headers, of which some schemes sign some. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body's, unless `headers` says it. */
  readonly contentType?: string;
}

export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the proof wraps the body, what is sent instead of it. */
  readonly body?: Uint8Array;
  /** What the edge would tell of the connection. */
  readonly clientCertificate?: ClientCertificate;
}

/** The request's other headers, its content type among them. */
export const headersOf = ({ headers, contentType }: SignRequest): Headers => {
  const all = new Headers(headers);
  if (contentType !== undefined && !all.has("content-type")) all.set("content-type", contentType);
  return all;
};

export type OfKind<K extends Verification["kind"]> = Extract<Verification, { readonly kind: K }>;

export const timestampText = (nowMs: number, format: "s" | "ms" | "iso"): string =>
  format === "iso" ? new Date(nowMs).toISOString() : String(format === "s" ? Math.floor(nowMs / 1000) : nowMs);
