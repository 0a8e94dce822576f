/** The failure classes used everywhere from delivery to dashboard. An unknown failure is `transient`. */
export const FAILURE_CLASSES = ["transient", "throttled", "ambiguous", "auth", "conflict", "business", "config", "poison"] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** What a person does next about a dead letter of each class; shown with the letter. */
export const NEXT_STEP: Readonly<Record<FailureClass, string>> = {
  transient: "The destination kept failing. Check that it is up, then retry.",
  throttled: "The destination refused for load longer than the maximum age. Raise its limit or lower ours, then retry.",
  ambiguous: "It is not known whether the destination applied this. Look the record up there, then retry or skip.",
  auth: "The destination refuses our credentials. Renew them as secrets, then retry.",
  conflict: "The record changed in the destination meanwhile. Compare both versions, then retry or skip.",
  business: "The destination refused the data. Correct the record in the system that owns it or in the destination, then retry.",
  config: "The destination's address, rights or fields are wrong. Correct router.config.ts or the destination, then retry.",
  poison: "This message cannot be processed as it is. Read the reason, mend the mapping or the sender, then retry or skip.",
};

/** Why a request was not let in. The sender hears only "401"; the rejection log keeps this. */
export const REJECTION_REASONS = [
  "unknown_source",
  "method_not_allowed",
  "body_too_large",
  "unsupported_encoding",
  "rate_limited",
  "signature_missing",
  "signature_malformed",
  "signature_mismatch",
  "no_supported_version",
  "timestamp_missing",
  "timestamp_malformed",
  "stale",
  "future",
  "duplicate_header",
  "delivery_id_malformed",
  "token_missing",
  "token_mismatch",
  "token_expired",
  "token_claims",
  "algorithm_not_allowed",
  "key_unknown",
  "keys_unavailable",
  "digest_mismatch",
  "components_missing",
  "certificate_missing",
  "certificate_refused",
  "address_not_allowed",
  "verdict_not_allowed",
  "handshake_refused",
  "unknown_account",
  "sender_not_allowed",
  "doctype_forbidden",
  "misconfigured",
  "cannot_store",
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** Reasons that say nothing of whether the request proved its sender. */
const OTHER_REASONS: ReadonlySet<string> = new Set<RejectionReason>([
  "unknown_source",
  "method_not_allowed",
  "body_too_large",
  "unsupported_encoding",
  "rate_limited",
  "keys_unavailable",
  "misconfigured",
  "cannot_store",
]);

/** Whether a request was not let in because it did not prove its sender. */
export const isUnproven = (reason: string): boolean => !OTHER_REASONS.has(reason);
