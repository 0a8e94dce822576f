import type { Departure, Mark } from "../../domain/sequencing.ts";
import type { Book } from "./book.ts";

/** Of what is under way in one stream so many are told apart: more than come in one call and are not collapsed. */
const KEPT = 16;

/** Nothing of a request can come in so late, whatever a destination's timeout. */
const OVER_AFTER_MS = 3_600_000;

/** What was under way in a stream when its mark was moved, and what moved it; oldest first. */
export const departuresOf = (mark: Mark | undefined): readonly Departure[] =>
  mark?.atMs === undefined ? [] : [...(mark.behind ?? []), { key: mark.key, eventId: mark.eventId, atMs: mark.atMs }];

/** The newest of them that have no line: their first attempts are being made, or their object died of them not long ago. */
export const openDepartures = (book: Book, mark: Mark | undefined): readonly Departure[] =>
  departuresOf(mark)
    .filter(({ key, atMs }) => atMs > book.nowMs - OVER_AFTER_MS && (book.isInFlight(key) || !book.isOnRecord(key)))
    .slice(-KEPT);
