/** Crockford base 32: no I, L, O, U, so an id survives being read aloud. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ULID_LENGTH = 26;
const TIME_LENGTH = 10;
const EVENT_ID = /^evt_([0-9A-HJKMNP-TV-Z]{26})([0-9A-HJKMNP-TV-Z]{2})$/;

/** A ULID (github.com/ulid/spec): 48 bits of milliseconds, then 80 bits of randomness, sortable as text. */
export function ulid(timeMs: number, random: Uint8Array): string {
  let time = "";
  for (let rest = timeMs, i = 0; i < TIME_LENGTH; i++, rest = Math.floor(rest / 32)) time = (ALPHABET[rest % 32] ?? "0") + time;
  let tail = "";
  for (let i = 0; i < ULID_LENGTH - TIME_LENGTH; i++) tail += ALPHABET[(random[i] ?? 0) % 32] ?? "0";
  return time + tail;
}

/**
 * An event id is `evt_`, a ULID and two check characters. The check makes our ids recognisable, so that one which is
 * not in the index yet is answered "pending" and a mistyped one "not found".
 */
export const eventId = (timeMs: number, random: Uint8Array): string => withCheck(ulid(timeMs, random));

export const correlationIdOf = (id: string): string => `cor_${id.slice("evt_".length)}`;

/** The event id that a correlation id of our own making was derived from; null for a foreign one. */
export function eventIdOfCorrelation(correlationId: string): string | null {
  const id = `evt_${correlationId.slice("cor_".length)}`;
  return correlationId.startsWith("cor_") && isEventId(id) ? id : null;
}

export function isEventId(text: string): boolean {
  const match = EVENT_ID.exec(text);
  return match?.[1] !== undefined && withCheck(match[1]) === text;
}

/** When the event was received, in milliseconds since 1970. */
export function eventTimeMs(id: string): number {
  let ms = 0;
  for (const character of id.slice(4, 4 + TIME_LENGTH)) ms = ms * 32 + ALPHABET.indexOf(character);
  return ms;
}

/** The smallest id an event received at `timeMs` can have: the bound for reading the index by time. */
export const firstEventIdAt = (timeMs: number): string => `evt_${ulid(timeMs, new Uint8Array(16))}`;

function withCheck(text: string): string {
  let sum = 7;
  for (const character of text) sum = (sum * 33 + ALPHABET.indexOf(character) + 1) % 1024;
  return `evt_${text}${ALPHABET[sum >> 5] ?? ""}${ALPHABET[sum & 31] ?? ""}`;
}
