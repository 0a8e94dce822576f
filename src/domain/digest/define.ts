/** The source under which the digest goes, as routes name it. No deployment may call a source of its own so. */
export const DIGEST_SOURCE = "digest";

/** Every day at this time an event tells what happened; routes with `from: ["digest"]` say where it goes. */
export interface DigestConfig<Owner extends string = string> {
  /** Who looks after it; of what it lists, each owner is named. */
  readonly owner: Owner;
  /** Time of day as "HH:MM", by the clocks of the time zone. */
  readonly at: string;
  /** IANA name, such as "Europe/Berlin". */
  readonly timezone: string;
}
