interface Limit {
  readonly value: number;
  readonly why: string;
}

const KIB = 1024;
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Every bound of the router, with its reason. Units are in the names. */
const LIMIT_TABLE = {
  bodyBytes: { value: 10 * KIB * KIB, why: "the contract: larger bodies get 413; twenty times the largest body a sender documents" },
  messageBytes: { value: 120_000, why: "a Cloudflare Queues message holds 128,000 bytes with its metadata; the rest is head room" },
  inlineRawBytes: {
    value: 40 * KIB,
    why: "raw bodies above this, all copies of a batch counted, go to R2: as JSON text they may double, and must fit a message",
  },
  inlineDataBytes: { value: 32 * KIB, why: "canonical data above this goes to R2, so that message and ledger row stay small" },
  outlineCharacters: { value: 512, why: "fields up to this stay with the message of a large entity, so that routes can look at them" },
  messageBatchBytes: { value: 240_000, why: "sendBatch takes 256 KB in all" },
  bundleBytes: { value: 64_000, why: "a queue operation is billed by 64 KB: envelopes share a message up to that" },
  bundleEvents: {
    value: 8,
    why: "envelopes in a message: a batch of 100 messages then stays within what one invocation may hold and call",
  },
  sendsAtOnce: {
    value: 4,
    why: "sends to one queue under way in an isolate: what comes meanwhile shares the next one, so few requests never wait and many cost one send",
  },
  bulkGatherMs: { value: 50, why: "bulk waits so long for others to share a message with: little to a sender that gives seconds" },
  bulkSendsAtOnce: { value: 1, why: "bulk may wait for the send before it, and so fills its messages, which are what a queue bills" },
  messageBatchCount: { value: 100, why: "sendBatch takes 100 messages" },
  itemsPerRequest: {
    value: 1_000,
    why: "a batch is split into one message an item; more than this in one request is an attack or a mistake",
  },
  queueSendMs: { value: 2_000, why: "a queue that takes longer counts as refusing: senders give 5 s, and the spill path needs its share" },
  answerWithinMs: { value: 10_000, why: "the longest a sequencer keeps a consumer waiting for a first attempt; then it goes on by alarm" },
  laneSpreadMs: { value: 500, why: "how long an event's finished lanes wait for its slow ones before the outcome is written without them" },
  deliveryTimeoutMs: { value: 10_000, why: "default for one attempt; enterprise APIs answer well within, and the next retry is cheap" },
  leaseTtlMs: { value: 60_000, why: "a lease whose holder died is given back after this; longer than any attempt" },
  heldRecheckMs: { value: 30_000, why: "how often held work asks again when nobody can say when the hold ends" },
  alarmBatch: { value: 50, why: "attempts per alarm: keeps one alarm well under its wall time, the rest follows in the next" },
  attemptsKept: { value: 20, why: "attempts kept with an event for display; the chain keeps all" },
  responseBytesRead: { value: 64 * KIB, why: "of a destination's answer: enough for any error body, little enough for memory" },
  pageBytesRead: { value: 8 * KIB * KIB, why: "of a page of records that is read: an invocation has 128 MB for all that it holds" },
  detailCharacters: { value: 500, why: "of a failure's words kept in rows; the third part of a Tryton error alone can be megabytes" },
  bucketEntries: { value: 4_000, why: "rows scanned at most when an object wakes to find its chain's head" },
  pageItems: { value: 200, why: "largest page of a list" },
  scanRows: { value: 20_000, why: "rows one filtered page may look at before it hands back a cursor" },
  rejectionFlushMs: { value: 5_000, why: "rejections are counted in memory and written at most this often for each source and reason" },
  accountCacheMs: {
    value: 30_000,
    why: "an account's secrets are remembered this long in an isolate: a revocation takes effect within it",
  },
  accountsCached: { value: 2_000, why: "accounts remembered in one isolate: a few hundred bytes each" },
  registrationMs: { value: 900_000, why: "a window in which a sender may bring its own secret: as long as setting it up takes" },
  consumerRetrySeconds: { value: 10, why: "before a message whose batch could not be recorded comes again" },
  replayPerSecond: {
    value: 50,
    why: "default rate of a replay: a tenth of what a destination is granted by default, so live traffic keeps its share",
  },
  replayPerSecondMax: { value: 500, why: "what one step of one second reads from the archive and sends, with room to spare" },
  replayApprovalAbove: {
    value: 1_000,
    why: "events of a replay above which a second person must approve, unless configuration says otherwise",
  },
  replayRangeRows: {
    value: 500_000,
    why: "index rows a replay's time range may hold: one query counts them within D1's 30 s; larger ones are split by time",
  },
  replaySample: { value: 20, why: "entities that a plan shows one by one" },
  replayEntitiesLooked: { value: 100, why: "entities whose objects a plan asks for their newest states: one call each" },
  replayEventsLooked: { value: 2_000, why: "events that a plan holds against those states" },
  replayReadsAtOnce: {
    value: 6,
    why: "archive reads under way at once: as many connections as an invocation has, and their bodies must fit memory",
  },
  replayStepMs: { value: 1_000, why: "a step's time: the rate is events a second, and a cancellation takes effect with the next step" },
  replayRetryMs: { value: 10_000, why: "before a replay's step that met an unreachable part of the router is done again" },
  replayStepAttempts: { value: 5, why: "times a step is done again before the events that hold it up are counted as failed" },
  replayProblemsKept: { value: 20, why: "different problems of single events that a replay names; further ones are only counted" },
  joinWithinMs: {
    value: 30_000,
    why: "how long an object that is joined to another waits for its own attempts to end; longer than any of them",
  },
  joinRetryMs: { value: 2_000, why: "before an entity asks again for what came under its other key: that object was busy or out of reach" },
  rereadAfterMs: { value: 10_000, why: "before a record is read again that could not be read when a change was missing" },
  overviewCounted: { value: 10_000, why: 'index rows the overview counts of one status before it says "at least"' },
  overviewEvents: { value: 300, why: "newest events the overview sums up: a page's worth of rows, yet enough for a percentile" },
  overviewCacheMs: { value: 5_000, why: "an isolate answers the overview from memory this long: many open dashboards cost as much as one" },
  versionsLooked: { value: 2_000, why: "timeline lines looked back over for an event's earlier version" },
  importRowBytes: {
    value: 1_048_576,
    why: "one row of a file: more is a quote that is never closed, and the rest of the file would be read as one row",
  },
  importChunkRows: { value: 100, why: "rows of a file that are taken in at once: as many as one queue call takes" },
  importChunkBytes: { value: 1_048_576, why: "and no more than this, so that a chunk of long rows fits memory many times over" },
  importRunMs: { value: 40_000, why: "a minute's cron reads files this long; the rest of the minute is for what else it does" },
  exportRows: {
    value: 5_000,
    why: "pending rows of one exported file, about: one read a record, and an invocation has 10,000 subrequests; the next minute writes the next file",
  },
  exportReadsAtOnce: { value: 6, why: "pending rows read at once: as many connections as an invocation has" },
  fileLeaseMs: {
    value: 120_000,
    why: "an import or export whose worker has stored nothing for so long is taken over: longer than any chunk takes",
  },
  opsRateSeconds: {
    value: 60,
    why: "the period over which wrangler.toml's OPS_CALLS and OPS_FAILURES count, and for which an address that failed too often is not listened to",
  },
  opsTurnedAway: { value: 1_000, why: "addresses not listened to that an isolate remembers: a few dozen bytes each" },
  verifiedOutcomes: {
    value: 20_000,
    why: "newest deliveries of one record whose outcomes are held against its lines: about 40 MB of an object's 128",
  },
  indexBehindMs: {
    value: 900_000,
    why: "a row of the index that is not there, or not up to date, for longer than this is one that somebody took away or changed",
  },
  auditRows: {
    value: 200,
    why: "rows of the index that one call of a wide verification holds against their records: a call to each record's object",
  },
  auditAnchors: { value: 100, why: "records that one call of a wide verification looks at which it knows from an earlier walk alone" },
  erasureRows: {
    value: 200,
    why: "events that one step of an erasure goes over: with each one's body, which may lie in an object of its own",
  },
  actionsListed: { value: 10, why: "actions brought to the index by one statement: eight values each, and D1 binds 100" },
  keyDays: { value: 366, why: "the longest an API key may live: who renews it once a year knows what it is for" },
  keyDaysDefault: { value: 90, why: "how long an API key lives unless told otherwise" },
  keyUsedMs: { value: 3_600_000, why: "when a key was last used is kept this coarsely: one row an hour and key, not one a request" },
  auditRetryMs: { value: 10_000, why: "before an object offers an outcome to the index again that the index refused" },
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof LIMIT_TABLE;

export const LIMITS = Object.fromEntries(Object.entries(LIMIT_TABLE).map(([name, limit]) => [name, limit.value])) as Readonly<
  Record<LimitName, number>
>;

export const DEFAULT_RETRY = {
  maxAttempts: 12,
  firstDelayMs: SECOND_MS,
  maxDelayMs: 15 * MINUTE_MS,
  maxAgeMs: 3 * DAY_MS,
};

export const RETRY_AFTER_CAP_MS = 6 * HOUR_MS;

/** A month is paid for storage at most three times before deleting a row has cost less; and a quarter is what people ask about. */
export const INDEX_DAYS = 90;

/** Longer than any sender retries or redelivers by itself: a copy that comes later than this is not known any more. */
export const LEDGER_DAYS_LEAST = 30;
