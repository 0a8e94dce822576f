import type { ClientCertificate, Verification } from "../../src/verification/define.ts";

export interface SignRequest {
  readonly verification: Verification;
  /** As the sender holds it: the shared secret, or its private half (`newSecret` makes both). */
  readonly secret: string;
  readonly body: Uint8Array | string;
  /** The sender's clock. */
  readonly nowMs: number;
  readonly deliveryId?: string;
  readonly url: string;
  readonly method?: string;
  /** The other headers, of which some schemes sign some. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SignedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the proof wraps the body, what is sent instead of it. */
  readonly body?: Uint8Array;
  /** What the edge would tell of the connection. */
  readonly clientCertificate?: ClientCertificate;
}

export type OfKind<K extends Verification["kind"]> = Extract<Verification, { readonly kind: K }>;

export const timestampText = (nowMs: number, format: "s" | "ms" | "iso"): string =>
  format === "iso" ? new Date(nowMs).toISOString() : String(format === "s" ? Math.floor(nowMs / 1000) : nowMs);
