/** Made from the OpenAPI description by `npm run docs`; `npm run check` says when it is stale. */

/** A body that is not JSON. */
export interface Bytes {
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/** What each call takes and answers. */
export interface Operations {
  /** Events, newest first. Role: viewer. */
  listEvents: {
    readonly params: {};
    readonly query: {
      readonly entity?: string | undefined;
      readonly source?: string | undefined;
      readonly type?: string | undefined;
      readonly status?:
        | "delivered"
        | "superseded"
        | "ignored"
        | "dead"
        | "cancelled"
        | "pending"
        | "retrying"
        | "held"
        | "quarantined"
        | undefined;
      readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
      readonly destination?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly id: string;
        readonly status: "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";
        readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
        readonly reason: string | null;
        /** The event that made this one unnecessary */
        readonly of: string | null;
        readonly source: string | null;
        readonly type: string | null;
        readonly entity: { readonly kind: string; readonly key: string } | null;
        readonly priority: string | null;
        readonly deliveryId: string | null;
        readonly syntheticDeliveryId: boolean | null;
        readonly correlationId: string | null;
        readonly traceparent: string | null;
        readonly nature: string | null;
        readonly order: unknown;
        readonly verdict: string | null;
        readonly secretId: string | null;
        readonly contentHash: string | null;
        readonly configVersion: string | null;
        readonly receivedAt: string;
        readonly occurredAt: string | null;
        readonly updatedAt: string | null;
        readonly destinations: readonly {
          readonly destination: string;
          readonly route: string;
          readonly status: "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";
          readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
          readonly reason?: string | undefined;
          readonly fields?: readonly { readonly field: string; readonly message: string }[] | undefined;
          readonly nextAttemptAt?: string | undefined;
          readonly remote?:
            | { readonly id: string; readonly number?: string | undefined; readonly version?: string | undefined }
            | undefined;
          readonly attempts: readonly {
            readonly startedAt: string;
            readonly durationMs: number;
            readonly result: string;
            readonly httpStatus?: number | undefined;
            readonly detail?: string | undefined;
          }[];
        }[];
        readonly routing: readonly { readonly route: string; readonly matched: boolean; readonly because: string }[];
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** One event with its attempts and why it was routed so. Role: viewer. */
  getEvent: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly id: string;
      readonly status: "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";
      readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
      readonly reason: string | null;
      /** The event that made this one unnecessary */
      readonly of: string | null;
      readonly source: string | null;
      readonly type: string | null;
      readonly entity: { readonly kind: string; readonly key: string } | null;
      readonly priority: string | null;
      readonly deliveryId: string | null;
      readonly syntheticDeliveryId: boolean | null;
      readonly correlationId: string | null;
      readonly traceparent: string | null;
      readonly nature: string | null;
      readonly order: unknown;
      readonly verdict: string | null;
      readonly secretId: string | null;
      readonly contentHash: string | null;
      readonly configVersion: string | null;
      readonly receivedAt: string;
      readonly occurredAt: string | null;
      readonly updatedAt: string | null;
      readonly destinations: readonly {
        readonly destination: string;
        readonly route: string;
        readonly status: "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";
        readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
        readonly reason?: string | undefined;
        readonly fields?: readonly { readonly field: string; readonly message: string }[] | undefined;
        readonly nextAttemptAt?: string | undefined;
        readonly remote?: { readonly id: string; readonly number?: string | undefined; readonly version?: string | undefined } | undefined;
        readonly attempts: readonly {
          readonly startedAt: string;
          readonly durationMs: number;
          readonly result: string;
          readonly httpStatus?: number | undefined;
          readonly detail?: string | undefined;
        }[];
      }[];
      readonly routing: readonly { readonly route: string; readonly matched: boolean; readonly because: string }[];
    };
  };
  /** The raw body as it came. Role: operator. */
  getRaw: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: Bytes;
  };
  /** The event's data as today's mapping reads it, and what it changed; personal data only from operator on. Role: viewer. */
  getPayload: {
    readonly params: { readonly id: string };
    readonly query: {
      /** The event to compare with; default: the one before it from the same source */
      readonly against?: string | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly eventId: string;
      readonly entity: { readonly kind: string; readonly key: string };
      readonly nature: string;
      readonly deleted: boolean;
      readonly data: Readonly<Record<string, unknown>>;
      readonly cleared: readonly string[];
      /** Whether personal data is hidden from this role */
      readonly masked: boolean;
      readonly comparedWith: string | null;
      readonly changes: readonly { readonly field: string; readonly before?: unknown; readonly after?: unknown }[];
    };
  };
  /** An entity: its timeline, lanes and linked ids. Role: viewer. */
  getEntity: {
    readonly params: { readonly kind: string; readonly key: string };
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly entity: { readonly kind: string; readonly key: string };
      readonly head: { readonly seq: number; readonly hash: string };
      /** The newest state from each source */
      readonly sources: Readonly<Record<string, { readonly eventId: string; readonly order: unknown }>>;
      /** What is still owed, by destination */
      readonly lanes: readonly {
        readonly destination: string;
        readonly route: string;
        readonly status: "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";
        readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
        readonly reason?: string | undefined;
        readonly fields?: readonly { readonly field: string; readonly message: string }[] | undefined;
        readonly nextAttemptAt?: string | undefined;
        readonly remote?: { readonly id: string; readonly number?: string | undefined; readonly version?: string | undefined } | undefined;
        readonly attempts: readonly {
          readonly startedAt: string;
          readonly durationMs: number;
          readonly result: string;
          readonly httpStatus?: number | undefined;
          readonly detail?: string | undefined;
        }[];
        readonly eventId: string;
        readonly position: number;
      }[];
      readonly links: readonly { readonly term: string; readonly system: string }[];
      /** Its record in each destination */
      readonly records: readonly { readonly destination: string; readonly id: string; readonly number: string | null }[];
      /** Other keys whose events come here; not joined yet: what began under that key is still there */
      readonly aliases: readonly { readonly key: string; readonly joined: boolean }[];
      /** The entity that this key turned out to be another name of */
      readonly movedTo: string | null;
      readonly timeline: readonly {
        readonly seq: number;
        readonly at: string;
        readonly eventId: string;
        readonly prev: string;
        readonly hash: string;
        readonly body: unknown;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Walks the entity's hash chain. Role: viewer. */
  verifyEntity: {
    readonly params: { readonly kind: string; readonly key: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly intact: boolean;
      readonly entries: number;
      readonly head?: string | undefined;
      /** Lines of which an erasure took personal data; another line says what it left */
      readonly erased?: number | undefined;
      readonly brokenAtSeq?: number | undefined;
      readonly reason?: string | undefined;
    };
  };
  /** Every hop of a correlation id, event id, remote id or business number. Role: viewer. */
  trace: {
    readonly params: { readonly anyKey: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly key: string;
      readonly entities: readonly { readonly kind: string; readonly key: string; readonly system: string }[];
      readonly events: readonly {
        readonly id: string;
        readonly status: "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";
        readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
        readonly reason: string | null;
        /** The event that made this one unnecessary */
        readonly of: string | null;
        readonly source: string | null;
        readonly type: string | null;
        readonly entity: { readonly kind: string; readonly key: string } | null;
        readonly priority: string | null;
        readonly deliveryId: string | null;
        readonly syntheticDeliveryId: boolean | null;
        readonly correlationId: string | null;
        readonly traceparent: string | null;
        readonly nature: string | null;
        readonly order: unknown;
        readonly verdict: string | null;
        readonly secretId: string | null;
        readonly contentHash: string | null;
        readonly configVersion: string | null;
        readonly receivedAt: string;
        readonly occurredAt: string | null;
        readonly updatedAt: string | null;
        readonly destinations: readonly {
          readonly destination: string;
          readonly route: string;
          readonly status: "delivered" | "superseded" | "ignored" | "dead" | "cancelled" | "pending" | "retrying" | "held" | "quarantined";
          readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
          readonly reason?: string | undefined;
          readonly fields?: readonly { readonly field: string; readonly message: string }[] | undefined;
          readonly nextAttemptAt?: string | undefined;
          readonly remote?:
            | { readonly id: string; readonly number?: string | undefined; readonly version?: string | undefined }
            | undefined;
          readonly attempts: readonly {
            readonly startedAt: string;
            readonly durationMs: number;
            readonly result: string;
            readonly httpStatus?: number | undefined;
            readonly detail?: string | undefined;
          }[];
        }[];
        readonly routing: readonly { readonly route: string; readonly matched: boolean; readonly because: string }[];
      }[];
    };
  };
  /** What needs a person: `business` letters concern data and systems, `platform` ones our own processing. Role: viewer. */
  listDeadLetters: {
    readonly params: {};
    readonly query: {
      readonly list?: "business" | "platform" | undefined;
      readonly status?: "open" | "resolved" | "skipped" | undefined;
      readonly owner?: string | undefined;
      readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
      readonly destination?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly id: string;
        readonly list: "business" | "platform";
        readonly status: "open" | "resolved" | "skipped";
        readonly eventId: string;
        readonly destination: string;
        readonly entity: { readonly kind: string; readonly key: string } | null;
        readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison";
        readonly reason: string;
        readonly fields: readonly { readonly field: string; readonly message: string }[];
        readonly owner: {
          readonly name: string;
          readonly team: string | null;
          readonly contact: string | null;
          readonly runbook: string | null;
        };
        /** Who is called first for failures of this class */
        readonly incidentOwner: {
          readonly name: string;
          readonly team: string | null;
          readonly contact: string | null;
          readonly runbook: string | null;
        };
        readonly nextStep: string;
        readonly attempts: number;
        readonly createdAt: string;
        readonly updatedAt: string;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** One dead letter. Role: viewer. */
  getDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly id: string;
      readonly list: "business" | "platform";
      readonly status: "open" | "resolved" | "skipped";
      readonly eventId: string;
      readonly destination: string;
      readonly entity: { readonly kind: string; readonly key: string } | null;
      readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison";
      readonly reason: string;
      readonly fields: readonly { readonly field: string; readonly message: string }[];
      readonly owner: {
        readonly name: string;
        readonly team: string | null;
        readonly contact: string | null;
        readonly runbook: string | null;
      };
      /** Who is called first for failures of this class */
      readonly incidentOwner: {
        readonly name: string;
        readonly team: string | null;
        readonly contact: string | null;
        readonly runbook: string | null;
      };
      readonly nextStep: string;
      readonly attempts: number;
      readonly createdAt: string;
      readonly updatedAt: string;
    };
  };
  /** Tries it again. Role: operator. */
  retryDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly force?: boolean | undefined };
    readonly answer: { readonly id: string; readonly status: string; readonly eventIds: readonly string[] };
  };
  /** Mends the data by a JSON Merge Patch, or an unreadable body by another one, and tries it again; the original is kept. Role: operator. */
  editDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: {
      readonly reason: string;
      readonly force?: boolean | undefined;
      readonly patch?: Readonly<Record<string, unknown>> | undefined;
      readonly body?: string | undefined;
    };
    readonly answer: { readonly id: string; readonly status: string; readonly eventIds: readonly string[] };
  };
  /** Gives it up. Role: operator. */
  skipDeadLetter: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly force?: boolean | undefined };
    readonly answer: { readonly id: string; readonly status: string; readonly eventIds: readonly string[] };
  };
  /** Destinations and their health. Role: viewer. */
  listDestinations: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly name: string;
        readonly title: string;
        readonly module: string;
        readonly owner: string;
        /** Of the breaker, unless paused, quiet or misconfigured */
        readonly state: "open" | "halfOpen" | "closed" | "paused" | "quiet" | "misconfigured";
        readonly problem: string | null;
        readonly pausedBy: string | null;
        readonly until: string | null;
        readonly running: number;
        readonly limits: {
          readonly perSecond: number;
          readonly perMinute: number | null;
          readonly perHour: number | null;
          readonly concurrency: number;
          /** The classes' parts of it under contention */
          readonly weights: Readonly<Record<string, number>>;
        };
        /** Attempts that the rates would grant now */
        readonly tokens: number;
        /** Permits refused in the last minute, by class, and the senders that were refused most */
        readonly refusedLately: {
          readonly classes: Readonly<Record<string, number>>;
          readonly keys: readonly { readonly key: string; readonly refused: number }[];
        };
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Holds everything for it, in order. Role: operator. */
  pauseDestination: {
    readonly params: { readonly name: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly force?: boolean | undefined };
    readonly answer: {
      readonly name: string;
      readonly title: string;
      readonly module: string;
      readonly owner: string;
      /** Of the breaker, unless paused, quiet or misconfigured */
      readonly state: "open" | "halfOpen" | "closed" | "paused" | "quiet" | "misconfigured";
      readonly problem: string | null;
      readonly pausedBy: string | null;
      readonly until: string | null;
      readonly running: number;
      readonly limits: {
        readonly perSecond: number;
        readonly perMinute: number | null;
        readonly perHour: number | null;
        readonly concurrency: number;
        /** The classes' parts of it under contention */
        readonly weights: Readonly<Record<string, number>>;
      };
      /** Attempts that the rates would grant now */
      readonly tokens: number;
      /** Permits refused in the last minute, by class, and the senders that were refused most */
      readonly refusedLately: {
        readonly classes: Readonly<Record<string, number>>;
        readonly keys: readonly { readonly key: string; readonly refused: number }[];
      };
    };
  };
  /** Lets what is held go on, in order. Role: operator. */
  resumeDestination: {
    readonly params: { readonly name: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly force?: boolean | undefined };
    readonly answer: {
      readonly name: string;
      readonly title: string;
      readonly module: string;
      readonly owner: string;
      /** Of the breaker, unless paused, quiet or misconfigured */
      readonly state: "open" | "halfOpen" | "closed" | "paused" | "quiet" | "misconfigured";
      readonly problem: string | null;
      readonly pausedBy: string | null;
      readonly until: string | null;
      readonly running: number;
      readonly limits: {
        readonly perSecond: number;
        readonly perMinute: number | null;
        readonly perHour: number | null;
        readonly concurrency: number;
        /** The classes' parts of it under contention */
        readonly weights: Readonly<Record<string, number>>;
      };
      /** Attempts that the rates would grant now */
      readonly tokens: number;
      /** Permits refused in the last minute, by class, and the senders that were refused most */
      readonly refusedLately: {
        readonly classes: Readonly<Record<string, number>>;
        readonly keys: readonly { readonly key: string; readonly refused: number }[];
      };
    };
  };
  /** Replays, newest first. Role: viewer. */
  listReplays: {
    readonly params: {};
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        /** Null of a dry run, which is not kept */
        readonly id: string | null;
        readonly state: "planned" | "waitingForApproval" | "running" | "done" | "cancelled" | "dryRun";
        readonly query: {
          readonly source?: string | undefined;
          readonly type?: string | undefined;
          readonly status?:
            | "delivered"
            | "superseded"
            | "ignored"
            | "dead"
            | "cancelled"
            | "pending"
            | "retrying"
            | "held"
            | "quarantined"
            | undefined;
          readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
          readonly destination?: string | undefined;
          readonly entity?: string | undefined;
          readonly from: string;
          readonly to: string;
        };
        readonly destinations: readonly string[] | null;
        readonly force: boolean;
        readonly ratePerSecond: number;
        readonly window: {
          readonly from: string;
          readonly to: string;
          readonly days?: readonly ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[] | undefined;
        } | null;
        readonly reason: string;
        readonly plan: {
          readonly events: number;
          /** Of them, what will be put in */
          readonly replayable: number;
          readonly byStatus: Readonly<Record<string, number>>;
          readonly bySource: Readonly<Record<string, number>>;
          readonly byKind: Readonly<Record<string, number>>;
          readonly entities: number;
          readonly notReplayable: readonly { readonly why: string; readonly events: number }[];
          readonly sample: readonly {
            readonly entity: string;
            readonly events: number;
            readonly newestOrder: unknown;
            /** The newest state taken from the same source */
            readonly appliedOrder: unknown;
            /** Events that a newer state keeps out, unless forced */
            readonly refused: number;
          }[];
          readonly movedOn: {
            /** Events that newer states keep out */
            readonly events: number;
            readonly entitiesAsked: number;
            /** Whether all entities and events were looked at */
            readonly complete: boolean;
          };
          /** At its rate, windows not counted */
          readonly estimatedSeconds: number;
          /** If it began now; windows counted */
          readonly estimatedEnd: string | null;
          readonly needsApproval: boolean;
        };
        readonly progress: {
          readonly done: number;
          readonly refused: number;
          readonly failed: number;
          readonly total: number;
          /** The original that was dealt with last */
          readonly cursor: string | null;
          readonly startedAt: string;
          readonly etaSeconds: number | null;
          /** When its window opens */
          readonly waitsUntil: string | null;
          readonly problems: readonly { readonly why: string; readonly events: number; readonly example: string }[];
        } | null;
        readonly askedBy: string;
        readonly approvedBy: string | null;
        readonly cancelledBy: string | null;
        readonly createdAt: string | null;
        readonly updatedAt: string | null;
        readonly nextStep: string;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Plans a replay, and unless it is a dry run starts it or lets it wait for an approver. Role: operator. */
  createReplay: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      readonly query: {
        readonly source?: string | undefined;
        readonly type?: string | undefined;
        readonly status?:
          | "delivered"
          | "superseded"
          | "ignored"
          | "dead"
          | "cancelled"
          | "pending"
          | "retrying"
          | "held"
          | "quarantined"
          | undefined;
        readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
        readonly destination?: string | undefined;
        readonly entity?: string | undefined;
        readonly from: string;
        readonly to: string;
      };
      /** Where alone the events go; default: the query's destination */
      readonly destinations?: readonly string[] | undefined;
      /** Over newer states too; needs an approver */
      readonly force?: boolean | undefined;
      readonly ratePerSecond?: number | undefined;
      /** Hours in which it may run, UTC; `to` before `from` is on the next day */
      readonly window?:
        | {
            readonly from: string;
            readonly to: string;
            readonly days?: readonly ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[] | undefined;
          }
        | undefined;
      readonly dryRun?: boolean | undefined;
      readonly reason: string;
    };
    readonly answer: {
      /** Null of a dry run, which is not kept */
      readonly id: string | null;
      readonly state: "planned" | "waitingForApproval" | "running" | "done" | "cancelled" | "dryRun";
      readonly query: {
        readonly source?: string | undefined;
        readonly type?: string | undefined;
        readonly status?:
          | "delivered"
          | "superseded"
          | "ignored"
          | "dead"
          | "cancelled"
          | "pending"
          | "retrying"
          | "held"
          | "quarantined"
          | undefined;
        readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
        readonly destination?: string | undefined;
        readonly entity?: string | undefined;
        readonly from: string;
        readonly to: string;
      };
      readonly destinations: readonly string[] | null;
      readonly force: boolean;
      readonly ratePerSecond: number;
      readonly window: {
        readonly from: string;
        readonly to: string;
        readonly days?: readonly ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[] | undefined;
      } | null;
      readonly reason: string;
      readonly plan: {
        readonly events: number;
        /** Of them, what will be put in */
        readonly replayable: number;
        readonly byStatus: Readonly<Record<string, number>>;
        readonly bySource: Readonly<Record<string, number>>;
        readonly byKind: Readonly<Record<string, number>>;
        readonly entities: number;
        readonly notReplayable: readonly { readonly why: string; readonly events: number }[];
        readonly sample: readonly {
          readonly entity: string;
          readonly events: number;
          readonly newestOrder: unknown;
          /** The newest state taken from the same source */
          readonly appliedOrder: unknown;
          /** Events that a newer state keeps out, unless forced */
          readonly refused: number;
        }[];
        readonly movedOn: {
          /** Events that newer states keep out */
          readonly events: number;
          readonly entitiesAsked: number;
          /** Whether all entities and events were looked at */
          readonly complete: boolean;
        };
        /** At its rate, windows not counted */
        readonly estimatedSeconds: number;
        /** If it began now; windows counted */
        readonly estimatedEnd: string | null;
        readonly needsApproval: boolean;
      };
      readonly progress: {
        readonly done: number;
        readonly refused: number;
        readonly failed: number;
        readonly total: number;
        /** The original that was dealt with last */
        readonly cursor: string | null;
        readonly startedAt: string;
        readonly etaSeconds: number | null;
        /** When its window opens */
        readonly waitsUntil: string | null;
        readonly problems: readonly { readonly why: string; readonly events: number; readonly example: string }[];
      } | null;
      readonly askedBy: string;
      readonly approvedBy: string | null;
      readonly cancelledBy: string | null;
      readonly createdAt: string | null;
      readonly updatedAt: string | null;
      readonly nextStep: string;
    };
  };
  /** A replay: its plan and how far it is. Role: viewer. */
  getReplay: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      /** Null of a dry run, which is not kept */
      readonly id: string | null;
      readonly state: "planned" | "waitingForApproval" | "running" | "done" | "cancelled" | "dryRun";
      readonly query: {
        readonly source?: string | undefined;
        readonly type?: string | undefined;
        readonly status?:
          | "delivered"
          | "superseded"
          | "ignored"
          | "dead"
          | "cancelled"
          | "pending"
          | "retrying"
          | "held"
          | "quarantined"
          | undefined;
        readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
        readonly destination?: string | undefined;
        readonly entity?: string | undefined;
        readonly from: string;
        readonly to: string;
      };
      readonly destinations: readonly string[] | null;
      readonly force: boolean;
      readonly ratePerSecond: number;
      readonly window: {
        readonly from: string;
        readonly to: string;
        readonly days?: readonly ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[] | undefined;
      } | null;
      readonly reason: string;
      readonly plan: {
        readonly events: number;
        /** Of them, what will be put in */
        readonly replayable: number;
        readonly byStatus: Readonly<Record<string, number>>;
        readonly bySource: Readonly<Record<string, number>>;
        readonly byKind: Readonly<Record<string, number>>;
        readonly entities: number;
        readonly notReplayable: readonly { readonly why: string; readonly events: number }[];
        readonly sample: readonly {
          readonly entity: string;
          readonly events: number;
          readonly newestOrder: unknown;
          /** The newest state taken from the same source */
          readonly appliedOrder: unknown;
          /** Events that a newer state keeps out, unless forced */
          readonly refused: number;
        }[];
        readonly movedOn: {
          /** Events that newer states keep out */
          readonly events: number;
          readonly entitiesAsked: number;
          /** Whether all entities and events were looked at */
          readonly complete: boolean;
        };
        /** At its rate, windows not counted */
        readonly estimatedSeconds: number;
        /** If it began now; windows counted */
        readonly estimatedEnd: string | null;
        readonly needsApproval: boolean;
      };
      readonly progress: {
        readonly done: number;
        readonly refused: number;
        readonly failed: number;
        readonly total: number;
        /** The original that was dealt with last */
        readonly cursor: string | null;
        readonly startedAt: string;
        readonly etaSeconds: number | null;
        /** When its window opens */
        readonly waitsUntil: string | null;
        readonly problems: readonly { readonly why: string; readonly events: number; readonly example: string }[];
      } | null;
      readonly askedBy: string;
      readonly approvedBy: string | null;
      readonly cancelledBy: string | null;
      readonly createdAt: string | null;
      readonly updatedAt: string | null;
      readonly nextStep: string;
    };
  };
  /** Lets a replay begin that someone else asked for. Role: approver. Not for API keys. */
  approveReplay: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      /** Null of a dry run, which is not kept */
      readonly id: string | null;
      readonly state: "planned" | "waitingForApproval" | "running" | "done" | "cancelled" | "dryRun";
      readonly query: {
        readonly source?: string | undefined;
        readonly type?: string | undefined;
        readonly status?:
          | "delivered"
          | "superseded"
          | "ignored"
          | "dead"
          | "cancelled"
          | "pending"
          | "retrying"
          | "held"
          | "quarantined"
          | undefined;
        readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
        readonly destination?: string | undefined;
        readonly entity?: string | undefined;
        readonly from: string;
        readonly to: string;
      };
      readonly destinations: readonly string[] | null;
      readonly force: boolean;
      readonly ratePerSecond: number;
      readonly window: {
        readonly from: string;
        readonly to: string;
        readonly days?: readonly ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[] | undefined;
      } | null;
      readonly reason: string;
      readonly plan: {
        readonly events: number;
        /** Of them, what will be put in */
        readonly replayable: number;
        readonly byStatus: Readonly<Record<string, number>>;
        readonly bySource: Readonly<Record<string, number>>;
        readonly byKind: Readonly<Record<string, number>>;
        readonly entities: number;
        readonly notReplayable: readonly { readonly why: string; readonly events: number }[];
        readonly sample: readonly {
          readonly entity: string;
          readonly events: number;
          readonly newestOrder: unknown;
          /** The newest state taken from the same source */
          readonly appliedOrder: unknown;
          /** Events that a newer state keeps out, unless forced */
          readonly refused: number;
        }[];
        readonly movedOn: {
          /** Events that newer states keep out */
          readonly events: number;
          readonly entitiesAsked: number;
          /** Whether all entities and events were looked at */
          readonly complete: boolean;
        };
        /** At its rate, windows not counted */
        readonly estimatedSeconds: number;
        /** If it began now; windows counted */
        readonly estimatedEnd: string | null;
        readonly needsApproval: boolean;
      };
      readonly progress: {
        readonly done: number;
        readonly refused: number;
        readonly failed: number;
        readonly total: number;
        /** The original that was dealt with last */
        readonly cursor: string | null;
        readonly startedAt: string;
        readonly etaSeconds: number | null;
        /** When its window opens */
        readonly waitsUntil: string | null;
        readonly problems: readonly { readonly why: string; readonly events: number; readonly example: string }[];
      } | null;
      readonly askedBy: string;
      readonly approvedBy: string | null;
      readonly cancelledBy: string | null;
      readonly createdAt: string | null;
      readonly updatedAt: string | null;
      readonly nextStep: string;
    };
  };
  /** Stops a replay within a second; what was put in already goes on. Role: operator. */
  cancelReplay: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      /** Null of a dry run, which is not kept */
      readonly id: string | null;
      readonly state: "planned" | "waitingForApproval" | "running" | "done" | "cancelled" | "dryRun";
      readonly query: {
        readonly source?: string | undefined;
        readonly type?: string | undefined;
        readonly status?:
          | "delivered"
          | "superseded"
          | "ignored"
          | "dead"
          | "cancelled"
          | "pending"
          | "retrying"
          | "held"
          | "quarantined"
          | undefined;
        readonly class?: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | undefined;
        readonly destination?: string | undefined;
        readonly entity?: string | undefined;
        readonly from: string;
        readonly to: string;
      };
      readonly destinations: readonly string[] | null;
      readonly force: boolean;
      readonly ratePerSecond: number;
      readonly window: {
        readonly from: string;
        readonly to: string;
        readonly days?: readonly ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[] | undefined;
      } | null;
      readonly reason: string;
      readonly plan: {
        readonly events: number;
        /** Of them, what will be put in */
        readonly replayable: number;
        readonly byStatus: Readonly<Record<string, number>>;
        readonly bySource: Readonly<Record<string, number>>;
        readonly byKind: Readonly<Record<string, number>>;
        readonly entities: number;
        readonly notReplayable: readonly { readonly why: string; readonly events: number }[];
        readonly sample: readonly {
          readonly entity: string;
          readonly events: number;
          readonly newestOrder: unknown;
          /** The newest state taken from the same source */
          readonly appliedOrder: unknown;
          /** Events that a newer state keeps out, unless forced */
          readonly refused: number;
        }[];
        readonly movedOn: {
          /** Events that newer states keep out */
          readonly events: number;
          readonly entitiesAsked: number;
          /** Whether all entities and events were looked at */
          readonly complete: boolean;
        };
        /** At its rate, windows not counted */
        readonly estimatedSeconds: number;
        /** If it began now; windows counted */
        readonly estimatedEnd: string | null;
        readonly needsApproval: boolean;
      };
      readonly progress: {
        readonly done: number;
        readonly refused: number;
        readonly failed: number;
        readonly total: number;
        /** The original that was dealt with last */
        readonly cursor: string | null;
        readonly startedAt: string;
        readonly etaSeconds: number | null;
        /** When its window opens */
        readonly waitsUntil: string | null;
        readonly problems: readonly { readonly why: string; readonly events: number; readonly example: string }[];
      } | null;
      readonly askedBy: string;
      readonly approvedBy: string | null;
      readonly cancelledBy: string | null;
      readonly createdAt: string | null;
      readonly updatedAt: string | null;
      readonly nextStep: string;
    };
  };
  /** Runs of business flows, newest first. Role: viewer. */
  listFlows: {
    readonly params: {};
    readonly query: {
      readonly flow?: string | undefined;
      readonly state?: "running" | "blocked" | "compensating" | "done" | "stopped" | "cancelled" | "uncompensated" | undefined;
      /** Of the record that a run is about */
      readonly key?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly id: string;
        readonly flow: string;
        readonly title: string;
        readonly version: number;
        readonly entity: { readonly kind: string; readonly key: string };
        readonly state: "running" | "blocked" | "compensating" | "done" | "stopped" | "cancelled" | "uncompensated";
        readonly reason: string | null;
        /** The one that it stands at */
        readonly step: string | null;
        readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
        readonly startedAt: string;
        readonly updatedAt: string;
        /** Null where only news or a person make a difference */
        readonly looksAgainAt: string | null;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** A run as a timeline: its steps, waits, deadlines and compensations. Role: viewer. */
  getFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly id: string;
      readonly flow: string;
      readonly title: string;
      readonly version: number;
      readonly entity: { readonly kind: string; readonly key: string };
      readonly state: "running" | "blocked" | "compensating" | "done" | "stopped" | "cancelled" | "uncompensated";
      readonly reason: string | null;
      /** The one that it stands at */
      readonly step: string | null;
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly startedAt: string;
      readonly updatedAt: string;
      /** Null where only news or a person make a difference */
      readonly looksAgainAt: string | null;
      readonly correlationId: string;
      /** The event that began it */
      readonly startedBy: string;
      readonly steps: readonly {
        readonly name: string;
        /** Null of a step that this deployment does not know any more */
        readonly title: string | null;
        readonly state:
          | "pending"
          | "sent"
          | "retrying"
          | "waiting"
          | "failed"
          | "done"
          | "skipped"
          | "compensating"
          | "compensated"
          | "uncompensated";
        readonly attempt: number;
        readonly startedAt: string | null;
        readonly endedAt: string | null;
        readonly deadline: string | null;
        readonly retryAt: string | null;
        readonly reason: string | null;
        readonly effects: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
        readonly compensations: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
      }[];
      readonly timeline: readonly {
        readonly at: string;
        readonly what: string;
        readonly step: string | null;
        readonly words: string | null;
        readonly by: string | null;
      }[];
    };
  };
  /** Goes on from a step, or compensates again what could not be compensated. Role: operator. */
  retryFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly step?: string | undefined };
    readonly answer: {
      readonly id: string;
      readonly flow: string;
      readonly title: string;
      readonly version: number;
      readonly entity: { readonly kind: string; readonly key: string };
      readonly state: "running" | "blocked" | "compensating" | "done" | "stopped" | "cancelled" | "uncompensated";
      readonly reason: string | null;
      /** The one that it stands at */
      readonly step: string | null;
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly startedAt: string;
      readonly updatedAt: string;
      /** Null where only news or a person make a difference */
      readonly looksAgainAt: string | null;
      readonly correlationId: string;
      /** The event that began it */
      readonly startedBy: string;
      readonly steps: readonly {
        readonly name: string;
        /** Null of a step that this deployment does not know any more */
        readonly title: string | null;
        readonly state:
          | "pending"
          | "sent"
          | "retrying"
          | "waiting"
          | "failed"
          | "done"
          | "skipped"
          | "compensating"
          | "compensated"
          | "uncompensated";
        readonly attempt: number;
        readonly startedAt: string | null;
        readonly endedAt: string | null;
        readonly deadline: string | null;
        readonly retryAt: string | null;
        readonly reason: string | null;
        readonly effects: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
        readonly compensations: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
      }[];
      readonly timeline: readonly {
        readonly at: string;
        readonly what: string;
        readonly step: string | null;
        readonly words: string | null;
        readonly by: string | null;
      }[];
    };
  };
  /** Goes past the step that a run stands at. Role: approver. */
  skipFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly step?: string | undefined };
    readonly answer: {
      readonly id: string;
      readonly flow: string;
      readonly title: string;
      readonly version: number;
      readonly entity: { readonly kind: string; readonly key: string };
      readonly state: "running" | "blocked" | "compensating" | "done" | "stopped" | "cancelled" | "uncompensated";
      readonly reason: string | null;
      /** The one that it stands at */
      readonly step: string | null;
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly startedAt: string;
      readonly updatedAt: string;
      /** Null where only news or a person make a difference */
      readonly looksAgainAt: string | null;
      readonly correlationId: string;
      /** The event that began it */
      readonly startedBy: string;
      readonly steps: readonly {
        readonly name: string;
        /** Null of a step that this deployment does not know any more */
        readonly title: string | null;
        readonly state:
          | "pending"
          | "sent"
          | "retrying"
          | "waiting"
          | "failed"
          | "done"
          | "skipped"
          | "compensating"
          | "compensated"
          | "uncompensated";
        readonly attempt: number;
        readonly startedAt: string | null;
        readonly endedAt: string | null;
        readonly deadline: string | null;
        readonly retryAt: string | null;
        readonly reason: string | null;
        readonly effects: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
        readonly compensations: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
      }[];
      readonly timeline: readonly {
        readonly at: string;
        readonly what: string;
        readonly step: string | null;
        readonly words: string | null;
        readonly by: string | null;
      }[];
    };
  };
  /** Ends a run, with everything that it did taken back. Role: operator. */
  cancelFlow: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      readonly id: string;
      readonly flow: string;
      readonly title: string;
      readonly version: number;
      readonly entity: { readonly kind: string; readonly key: string };
      readonly state: "running" | "blocked" | "compensating" | "done" | "stopped" | "cancelled" | "uncompensated";
      readonly reason: string | null;
      /** The one that it stands at */
      readonly step: string | null;
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly startedAt: string;
      readonly updatedAt: string;
      /** Null where only news or a person make a difference */
      readonly looksAgainAt: string | null;
      readonly correlationId: string;
      /** The event that began it */
      readonly startedBy: string;
      readonly steps: readonly {
        readonly name: string;
        /** Null of a step that this deployment does not know any more */
        readonly title: string | null;
        readonly state:
          | "pending"
          | "sent"
          | "retrying"
          | "waiting"
          | "failed"
          | "done"
          | "skipped"
          | "compensating"
          | "compensated"
          | "uncompensated";
        readonly attempt: number;
        readonly startedAt: string | null;
        readonly endedAt: string | null;
        readonly deadline: string | null;
        readonly retryAt: string | null;
        readonly reason: string | null;
        readonly effects: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
        readonly compensations: readonly {
          readonly eventId: string;
          readonly to: string;
          readonly entity: { readonly kind: string; readonly key: string };
          /** Decided, on its way, there, or a dead letter */
          readonly state: "made" | "queued" | "done" | "dead";
          readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison" | null;
          readonly reason: string | null;
        }[];
      }[];
      readonly timeline: readonly {
        readonly at: string;
        readonly what: string;
        readonly step: string | null;
        readonly words: string | null;
        readonly by: string | null;
      }[];
    };
  };
  /** What is compared with the systems of record, how far it is, and what it has found. Role: viewer. */
  listReconciliations: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly name: string;
        readonly kind: "customer" | "opportunity" | "order" | "invoice" | "shipment" | "entitlement" | "case" | "activity";
        readonly system: string;
        readonly owner: string;
        readonly everyMinutes: number;
        readonly fullEveryHours: number;
        readonly fields: readonly string[];
        /** Policy by type of finding; other types are told only */
        readonly repair: Readonly<Record<string, string>>;
        /** Why it cannot run */
        readonly problem: string | null;
        /** By the system's clock */
        readonly readUpTo: string | null;
        /** How far the system's clock is ahead of ours */
        readonly clockAheadMs: number;
        readonly lastChangesAt: string | null;
        readonly lastFullAt: string | null;
        /** By state; ended ones of the last 30 days */
        readonly findings: Readonly<Record<string, number>>;
        /** From open to repaired or healed, of the last 30 days */
        readonly meanRepairMs: number | null;
        readonly lastRun: {
          readonly id: string;
          readonly reconciliation: string;
          /** What has changed, or everything */
          readonly mode: "changes" | "full";
          readonly state: "running" | "done" | "failed";
          readonly phase: "pages" | "sweep" | "trace" | "recheck" | "repair" | "done";
          readonly startedAt: string;
          /** When its last page was stored */
          readonly updatedAt: string;
          readonly startedBy: string;
          readonly window: { readonly from: string | null; readonly until: string };
          readonly progress: {
            readonly pages: number;
            readonly compared: number;
            readonly opened: number;
            readonly healed: number;
            readonly repairs: number;
          };
          readonly problem: string | null;
        } | null;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Compares now: what has changed, or everything. Role: operator. */
  runReconciliation: {
    readonly params: { readonly name: string };
    readonly query: {};
    readonly body: { readonly mode?: "changes" | "full" | undefined; readonly reason: string };
    readonly answer: {
      readonly id: string;
      readonly reconciliation: string;
      /** What has changed, or everything */
      readonly mode: "changes" | "full";
      readonly state: "running" | "done" | "failed";
      readonly phase: "pages" | "sweep" | "trace" | "recheck" | "repair" | "done";
      readonly startedAt: string;
      /** When its last page was stored */
      readonly updatedAt: string;
      readonly startedBy: string;
      readonly window: { readonly from: string | null; readonly until: string };
      readonly progress: {
        readonly pages: number;
        readonly compared: number;
        readonly opened: number;
        readonly healed: number;
        readonly repairs: number;
      };
      readonly problem: string | null;
    };
  };
  /** Findings: where a system of record and what we know of it differ. Role: viewer. */
  listDrift: {
    readonly params: {};
    readonly query: {
      readonly reconciliation?: string | undefined;
      readonly state?: "suspected" | "open" | "repairing" | "repaired" | "healed" | "accepted" | undefined;
      readonly type?: "missingInErp" | "missingHere" | "mismatch" | "late" | "duplicateInErp" | "ownershipViolation" | undefined;
      readonly owner?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly id: string;
        readonly reconciliation: string;
        readonly type: "missingInErp" | "missingHere" | "mismatch" | "late" | "duplicateInErp" | "ownershipViolation";
        readonly severity: "low" | "medium" | "high";
        readonly state: "suspected" | "open" | "repairing" | "repaired" | "healed" | "accepted";
        readonly system: string;
        readonly kind: string;
        readonly key: string;
        readonly remoteId: string | null;
        readonly differences: readonly { readonly field: string; readonly expected: unknown; readonly found: unknown }[];
        readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
        readonly firstSeenAt: string;
        readonly lastSeenAt: string;
        readonly timesSeen: number;
        readonly openedAt: string | null;
        readonly endedAt: string | null;
        readonly repairEventId: string | null;
        readonly reason: string | null;
        readonly acceptedUntil: string | null;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** One finding. Role: viewer. */
  getDrift: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly id: string;
      readonly reconciliation: string;
      readonly type: "missingInErp" | "missingHere" | "mismatch" | "late" | "duplicateInErp" | "ownershipViolation";
      readonly severity: "low" | "medium" | "high";
      readonly state: "suspected" | "open" | "repairing" | "repaired" | "healed" | "accepted";
      readonly system: string;
      readonly kind: string;
      readonly key: string;
      readonly remoteId: string | null;
      readonly differences: readonly { readonly field: string; readonly expected: unknown; readonly found: unknown }[];
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly firstSeenAt: string;
      readonly lastSeenAt: string;
      readonly timesSeen: number;
      readonly openedAt: string | null;
      readonly endedAt: string | null;
      readonly repairEventId: string | null;
      readonly reason: string | null;
      readonly acceptedUntil: string | null;
    };
  };
  /** Puts it right by an event: from what we know to the system (push), or from the system to the rest (pull). Role: operator. */
  repairDrift: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: {
      /** Absent: as the reconciliation's policy says */
      readonly how?: "push" | "pull" | undefined;
      /** Only says what would be done */
      readonly dryRun?: boolean | undefined;
      readonly reason: string;
    };
    readonly answer: {
      readonly finding: {
        readonly id: string;
        readonly reconciliation: string;
        readonly type: "missingInErp" | "missingHere" | "mismatch" | "late" | "duplicateInErp" | "ownershipViolation";
        readonly severity: "low" | "medium" | "high";
        readonly state: "suspected" | "open" | "repairing" | "repaired" | "healed" | "accepted";
        readonly system: string;
        readonly kind: string;
        readonly key: string;
        readonly remoteId: string | null;
        readonly differences: readonly { readonly field: string; readonly expected: unknown; readonly found: unknown }[];
        readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
        readonly firstSeenAt: string;
        readonly lastSeenAt: string;
        readonly timesSeen: number;
        readonly openedAt: string | null;
        readonly endedAt: string | null;
        readonly repairEventId: string | null;
        readonly reason: string | null;
        readonly acceptedUntil: string | null;
      };
      readonly how: "push" | "pull";
      /** Null of a dry run */
      readonly eventId: string | null;
      readonly would: string;
    };
  };
  /** Lets a difference be until a day. Role: operator. */
  acceptDrift: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly until: string; readonly reason: string };
    readonly answer: {
      readonly id: string;
      readonly reconciliation: string;
      readonly type: "missingInErp" | "missingHere" | "mismatch" | "late" | "duplicateInErp" | "ownershipViolation";
      readonly severity: "low" | "medium" | "high";
      readonly state: "suspected" | "open" | "repairing" | "repaired" | "healed" | "accepted";
      readonly system: string;
      readonly kind: string;
      readonly key: string;
      readonly remoteId: string | null;
      readonly differences: readonly { readonly field: string; readonly expected: unknown; readonly found: unknown }[];
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly firstSeenAt: string;
      readonly lastSeenAt: string;
      readonly timesSeen: number;
      readonly openedAt: string | null;
      readonly endedAt: string | null;
      readonly repairEventId: string | null;
      readonly reason: string | null;
      readonly acceptedUntil: string | null;
    };
  };
  /** Sources and whether they are ready. Role: viewer. */
  listSources: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly name: string;
        readonly title: string;
        readonly url: string;
        readonly scheme: string;
        readonly owner: string;
        readonly ready: boolean;
        readonly problem: string | null;
        /** The strongest that its scheme can reach */
        readonly verdict: "verified" | "authenticated" | "failed" | "unattempted";
        /** How its requests are proven */
        readonly check: string;
        readonly handshakes: readonly string[];
        /** Names, never values */
        readonly secrets: readonly {
          readonly name: string;
          readonly present: boolean;
          /** As router.config.ts says; the platform keeps no date */
          readonly since: string | null;
          readonly ageDays: number | null;
          readonly until: string | null;
        }[];
        readonly accounts: boolean;
        /** Among the newest events that the index holds */
        readonly lastAcceptedAt: string | null;
        readonly lastRejectedAt: string | null;
        readonly lastHandshakeAt: string | null;
        readonly rejectionsLastHour: number;
        /** At the sender, where they end unless they are renewed */
        readonly subscriptions: readonly {
          readonly id: string;
          readonly resource: string;
          readonly expiresAt: string;
          readonly renewedAt: string | null;
          readonly problem: string | null;
        }[];
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Accounts of a source that has several. Role: viewer. */
  listAccounts: {
    readonly params: { readonly source: string };
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly source: string;
        readonly account: string;
        readonly url: string;
        readonly state: "active" | "disabled";
        /** Names, never values */
        readonly secrets: readonly { readonly name: string; readonly since: string; readonly until: string | null }[];
        /** Until when the sender may bring its own secret */
        readonly registrationUntil: string | null;
        /** How long an isolate may still act on what it remembers */
        readonly effectiveWithinSeconds: number;
        readonly createdAt: string;
        readonly updatedAt: string;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Makes an account with a URL and a secret of its own. Role: admin. */
  createAccount: {
    readonly params: { readonly source: string };
    readonly query: {};
    readonly body: {
      readonly account: string;
      readonly secret?: string | undefined;
      readonly bringsSecret?: boolean | undefined;
      readonly reason: string;
    };
    readonly answer: {
      readonly source: string;
      readonly account: string;
      readonly url: string;
      readonly state: "active" | "disabled";
      /** Names, never values */
      readonly secrets: readonly { readonly name: string; readonly since: string; readonly until: string | null }[];
      /** Until when the sender may bring its own secret */
      readonly registrationUntil: string | null;
      /** How long an isolate may still act on what it remembers */
      readonly effectiveWithinSeconds: number;
      readonly createdAt: string;
      readonly updatedAt: string;
      /** Only if it was made here, and only this once */
      readonly secret: string | null;
    };
  };
  /** Gives it another secret; the earlier one is accepted for a while. Role: admin. */
  rotateAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly secret?: string | undefined; readonly overlapSeconds?: number | undefined; readonly reason: string };
    readonly answer: {
      readonly source: string;
      readonly account: string;
      readonly url: string;
      readonly state: "active" | "disabled";
      /** Names, never values */
      readonly secrets: readonly { readonly name: string; readonly since: string; readonly until: string | null }[];
      /** Until when the sender may bring its own secret */
      readonly registrationUntil: string | null;
      /** How long an isolate may still act on what it remembers */
      readonly effectiveWithinSeconds: number;
      readonly createdAt: string;
      readonly updatedAt: string;
      /** Only if it was made here, and only this once */
      readonly secret: string | null;
    };
  };
  /** Lets nothing of it in any more. Role: admin. */
  disableAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      readonly source: string;
      readonly account: string;
      readonly url: string;
      readonly state: "active" | "disabled";
      /** Names, never values */
      readonly secrets: readonly { readonly name: string; readonly since: string; readonly until: string | null }[];
      /** Until when the sender may bring its own secret */
      readonly registrationUntil: string | null;
      /** How long an isolate may still act on what it remembers */
      readonly effectiveWithinSeconds: number;
      readonly createdAt: string;
      readonly updatedAt: string;
    };
  };
  /** Lets it in again. Role: admin. */
  enableAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      readonly source: string;
      readonly account: string;
      readonly url: string;
      readonly state: "active" | "disabled";
      /** Names, never values */
      readonly secrets: readonly { readonly name: string; readonly since: string; readonly until: string | null }[];
      /** Until when the sender may bring its own secret */
      readonly registrationUntil: string | null;
      /** How long an isolate may still act on what it remembers */
      readonly effectiveWithinSeconds: number;
      readonly createdAt: string;
      readonly updatedAt: string;
    };
  };
  /** Opens a window in which the sender may bring its own secret, once. Role: admin. */
  registerAccount: {
    readonly params: { readonly source: string; readonly account: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      readonly source: string;
      readonly account: string;
      readonly url: string;
      readonly state: "active" | "disabled";
      /** Names, never values */
      readonly secrets: readonly { readonly name: string; readonly since: string; readonly until: string | null }[];
      /** Until when the sender may bring its own secret */
      readonly registrationUntil: string | null;
      /** How long an isolate may still act on what it remembers */
      readonly effectiveWithinSeconds: number;
      readonly createdAt: string;
      readonly updatedAt: string;
    };
  };
  /** What senders asked beside their events, counted by minute. Role: viewer. */
  listHandshakes: {
    readonly params: {};
    readonly query: {
      readonly source?: string | undefined;
      readonly from?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly minute: string;
        readonly source: string;
        readonly reason: string;
        readonly count: number;
        readonly lastAt: string;
        readonly example: string;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** What waits, what needs a person, how fast events arrive, and how the destinations are. Role: viewer. */
  getOverview: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      /** When it was read: some seconds old at most */
      readonly at: string;
      readonly waiting: readonly {
        readonly status: string;
        readonly events: number;
        /** There may be more */
        readonly atLeast: boolean;
        readonly oldestAt: string | null;
      }[];
      readonly deadLetters: readonly {
        readonly list: "business" | "platform";
        readonly owner: {
          readonly name: string;
          readonly team: string | null;
          readonly contact: string | null;
          readonly runbook: string | null;
        };
        readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison";
        readonly letters: number;
      }[];
      readonly latestFailures: readonly {
        readonly id: string;
        readonly list: "business" | "platform";
        readonly status: "open" | "resolved" | "skipped";
        readonly eventId: string;
        readonly destination: string;
        readonly entity: { readonly kind: string; readonly key: string } | null;
        readonly class: "transient" | "throttled" | "ambiguous" | "auth" | "conflict" | "business" | "config" | "poison";
        readonly reason: string;
        readonly fields: readonly { readonly field: string; readonly message: string }[];
        readonly owner: {
          readonly name: string;
          readonly team: string | null;
          readonly contact: string | null;
          readonly runbook: string | null;
        };
        /** Who is called first for failures of this class */
        readonly incidentOwner: {
          readonly name: string;
          readonly team: string | null;
          readonly contact: string | null;
          readonly runbook: string | null;
        };
        readonly nextStep: string;
        readonly attempts: number;
        readonly createdAt: string;
        readonly updatedAt: string;
      }[];
      readonly recent: {
        /** How many of the newest were looked at */
        readonly events: number;
        readonly since: string | null;
        /** From receipt to the last destination's effect, of those that arrived */
        readonly medianMs: number | null;
        readonly p95Ms: number | null;
        readonly latency: readonly { readonly upToMs: number | null; readonly events: number }[];
        readonly kinds: readonly {
          readonly kind: string | null;
          readonly arrived: number;
          readonly underWay: number;
          readonly needsPerson: number;
          /** Copies, older states and what was given up */
          readonly notNeeded: number;
        }[];
      };
      readonly destinations: readonly {
        readonly name: string;
        readonly title: string;
        readonly module: string;
        readonly owner: string;
        /** Of the breaker, unless paused, quiet or misconfigured */
        readonly state: "open" | "halfOpen" | "closed" | "paused" | "quiet" | "misconfigured";
        readonly problem: string | null;
        readonly pausedBy: string | null;
        readonly until: string | null;
        readonly running: number;
        readonly limits: {
          readonly perSecond: number;
          readonly perMinute: number | null;
          readonly perHour: number | null;
          readonly concurrency: number;
          /** The classes' parts of it under contention */
          readonly weights: Readonly<Record<string, number>>;
        };
        /** Attempts that the rates would grant now */
        readonly tokens: number;
        /** Permits refused in the last minute, by class, and the senders that were refused most */
        readonly refusedLately: {
          readonly classes: Readonly<Record<string, number>>;
          readonly keys: readonly { readonly key: string; readonly refused: number }[];
        };
      }[];
      readonly backlog: {
        readonly classes: readonly {
          readonly class: string;
          /** Of the oldest event that a consumer took lately */
          readonly ageSeconds: number;
          readonly readAt: string | null;
          /** Why its messages stand back now */
          readonly deferred: string | null;
          /** Whether ingest tells its senders to come later */
          readonly refused: boolean;
        }[];
      };
    };
  };
  /** What operators did and why, newest first. Role: viewer. */
  listOperatorActions: {
    readonly params: {};
    readonly query: { readonly actor?: string | undefined; readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly id: string;
        readonly at: string;
        readonly actor: string;
        readonly action: string;
        readonly subject: string;
        readonly reason: string;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Every metric of /metrics, as JSON. Role: viewer. */
  getMetrics: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly at: string;
      readonly metrics: readonly {
        readonly name: string;
        readonly type: "gauge" | "counter" | "histogram" | "info" | "stateset";
        readonly unit: string | null;
        readonly help: string;
        readonly samples: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
      }[];
    };
  };
  /** Alerts; without a state, those that are open or acknowledged. Role: viewer. */
  listAlerts: {
    readonly params: {};
    readonly query: {
      readonly state?: "pending" | "open" | "acknowledged" | "resolved" | undefined;
      readonly owner?: string | undefined;
      readonly severity?: "info" | "warning" | "critical" | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly id: string;
        readonly rule:
          | "sla-burn"
          | "destination-open"
          | "destination-paused"
          | "dead-letters"
          | "backlog-age"
          | "drift"
          | "source-silent"
          | "signature-failures"
          | "subscription-ending";
        readonly title: string;
        readonly subject: string;
        readonly severity: "info" | "warning" | "critical";
        /** pending: it holds, but not for long enough yet to tell anybody */
        readonly state: "pending" | "open" | "acknowledged" | "resolved";
        readonly summary: string;
        readonly nextStep: string;
        readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
        readonly runbook: string;
        /** The dashboard's page that shows it */
        readonly page: string;
        /** How many times it has opened */
        readonly occurrence: number;
        readonly since: string;
        readonly openedAt: string | null;
        readonly endedAt: string | null;
        readonly acknowledged: { readonly by: string; readonly reason: string; readonly at: string } | null;
        readonly silenced: { readonly by: string; readonly reason: string; readonly until: string } | null;
        readonly channels: readonly {
          readonly channel: string;
          /** The last that it took */
          readonly told: "open" | "acknowledged" | "resolved" | null;
          readonly at: string | null;
          readonly problem: string | null;
        }[];
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Says that somebody looks after it. Role: operator. */
  acknowledgeAlert: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      readonly id: string;
      readonly rule:
        | "sla-burn"
        | "destination-open"
        | "destination-paused"
        | "dead-letters"
        | "backlog-age"
        | "drift"
        | "source-silent"
        | "signature-failures"
        | "subscription-ending";
      readonly title: string;
      readonly subject: string;
      readonly severity: "info" | "warning" | "critical";
      /** pending: it holds, but not for long enough yet to tell anybody */
      readonly state: "pending" | "open" | "acknowledged" | "resolved";
      readonly summary: string;
      readonly nextStep: string;
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly runbook: string;
      /** The dashboard's page that shows it */
      readonly page: string;
      /** How many times it has opened */
      readonly occurrence: number;
      readonly since: string;
      readonly openedAt: string | null;
      readonly endedAt: string | null;
      readonly acknowledged: { readonly by: string; readonly reason: string; readonly at: string } | null;
      readonly silenced: { readonly by: string; readonly reason: string; readonly until: string } | null;
      readonly channels: readonly {
        readonly channel: string;
        /** The last that it took */
        readonly told: "open" | "acknowledged" | "resolved" | null;
        readonly at: string | null;
        readonly problem: string | null;
      }[];
    };
  };
  /** Tells nobody of it until then, 30 days ahead at most; null tells again. Role: operator. */
  silenceAlert: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string; readonly until: string | null };
    readonly answer: {
      readonly id: string;
      readonly rule:
        | "sla-burn"
        | "destination-open"
        | "destination-paused"
        | "dead-letters"
        | "backlog-age"
        | "drift"
        | "source-silent"
        | "signature-failures"
        | "subscription-ending";
      readonly title: string;
      readonly subject: string;
      readonly severity: "info" | "warning" | "critical";
      /** pending: it holds, but not for long enough yet to tell anybody */
      readonly state: "pending" | "open" | "acknowledged" | "resolved";
      readonly summary: string;
      readonly nextStep: string;
      readonly owner: { readonly name: string; readonly team: string | null; readonly contact: string | null };
      readonly runbook: string;
      /** The dashboard's page that shows it */
      readonly page: string;
      /** How many times it has opened */
      readonly occurrence: number;
      readonly since: string;
      readonly openedAt: string | null;
      readonly endedAt: string | null;
      readonly acknowledged: { readonly by: string; readonly reason: string; readonly at: string } | null;
      readonly silenced: { readonly by: string; readonly reason: string; readonly until: string } | null;
      readonly channels: readonly {
        readonly channel: string;
        /** The last that it took */
        readonly told: "open" | "acknowledged" | "resolved" | null;
        readonly at: string | null;
        readonly problem: string | null;
      }[];
    };
  };
  /** Every declared SLA, how it stands, and how fast it uses up what it allows. Role: viewer. */
  listSlas: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly name: string;
        readonly title: string;
        /** How it stands, in a sentence with its figures */
        readonly statement: string;
        readonly owner: {
          readonly name: string;
          readonly team: string | null;
          readonly contact: string | null;
          readonly runbook: string | null;
        };
        /** Routes that are held to it */
        readonly routes: readonly string[];
        readonly measures: "milestones" | "failed" | "replayed";
        readonly within: string | null;
        readonly window: string;
        readonly target: number;
        readonly at: string;
        /** atRisk: it would be breached if all went on as in the last twelfth of the window */
        readonly state: "met" | "atRisk" | "breached" | "noData";
        /** The part that was good, of all that was decided within the window */
        readonly attainment: number | null;
        readonly badShare: number | null;
        /** How many times faster than allowed the error budget is used up, in the window */
        readonly burnRate: number | null;
        /** The same in its last twelfth */
        readonly recentBurnRate: number | null;
        readonly good: number;
        readonly bad: number;
        /** Begun, not ended, and still in time */
        readonly open: number;
        /** Late, and not ended yet */
        readonly overdue: number;
        /** The class's upper end that half of the ended spans do not exceed */
        readonly medianAtMostMs: number | null;
        readonly p95AtMostMs: number | null;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** One SLA with the records that are late, the latest deadline first. Role: viewer. */
  getSla: {
    readonly params: { readonly name: string };
    readonly query: {
      /** Late and still owed, ended after all, or both */
      readonly state?: "waiting" | "ended" | "all" | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly sla: {
        readonly name: string;
        readonly title: string;
        /** How it stands, in a sentence with its figures */
        readonly statement: string;
        readonly owner: {
          readonly name: string;
          readonly team: string | null;
          readonly contact: string | null;
          readonly runbook: string | null;
        };
        /** Routes that are held to it */
        readonly routes: readonly string[];
        readonly measures: "milestones" | "failed" | "replayed";
        readonly within: string | null;
        readonly window: string;
        readonly target: number;
        readonly at: string;
        /** atRisk: it would be breached if all went on as in the last twelfth of the window */
        readonly state: "met" | "atRisk" | "breached" | "noData";
        /** The part that was good, of all that was decided within the window */
        readonly attainment: number | null;
        readonly badShare: number | null;
        /** How many times faster than allowed the error budget is used up, in the window */
        readonly burnRate: number | null;
        /** The same in its last twelfth */
        readonly recentBurnRate: number | null;
        readonly good: number;
        readonly bad: number;
        /** Begun, not ended, and still in time */
        readonly open: number;
        /** Late, and not ended yet */
        readonly overdue: number;
        /** The class's upper end that half of the ended spans do not exceed */
        readonly medianAtMostMs: number | null;
        readonly p95AtMostMs: number | null;
      };
      readonly late: {
        readonly items: readonly {
          readonly entity: { readonly kind: string; readonly key: string };
          /** The event that began it */
          readonly eventId: string;
          readonly startedAt: string;
          readonly dueAt: string;
          readonly endedAt: string | null;
          /** Taken back after it was late */
          readonly withdrawn: boolean;
        }[];
        readonly nextCursor: string | null;
      };
    };
  };
  /** File imports: what is being read, and the last files with their counts and reports. Role: viewer. */
  listImports: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly name: string;
        readonly source: string;
        readonly owner: string;
        readonly prefix: string;
        readonly format: string;
        /** `held`: it could not go on and tries again every minute */
        readonly state: "idle" | "reading" | "held" | "misconfigured";
        readonly problem: string | null;
        readonly current: {
          readonly file: string;
          readonly bytes: number;
          readonly bytesRead: number;
          readonly startedAt: string;
          /** Read so far; the line with the names of the columns does not count */
          readonly rows: number;
          /** Put in as events */
          readonly accepted: number;
          /** In the report; each chunk of them is a dead letter that can be retried */
          readonly refused: number;
        } | null;
        /** Newest first */
        readonly last: readonly {
          readonly file: string;
          readonly startedAt: string;
          readonly finishedAt: string;
          /** Read so far; the line with the names of the columns does not count */
          readonly rows: number;
          /** Put in as events */
          readonly accepted: number;
          /** In the report; each chunk of them is a dead letter that can be retried */
          readonly refused: number;
          /** Why it was not read to its end */
          readonly stopped: string | null;
          /** Where the file is now */
          readonly keptAt: string | null;
          /** The refused rows with the reasons, as NDJSON in the bucket */
          readonly report: string | null;
        }[];
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** File exports and the last files. Role: viewer. */
  listExports: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly name: string;
        readonly destination: string;
        readonly kind: string;
        readonly owner: string;
        readonly folder: string;
        readonly state: "idle" | "writing" | "misconfigured";
        readonly problem: string | null;
        /** Newest first */
        readonly last: readonly {
          readonly file: string;
          readonly at: string;
          readonly rows: number;
          /** Deleted records, where no column tells of them */
          readonly leftOut: number;
        }[];
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** API keys, by name. Role: admin. */
  listKeys: {
    readonly params: {};
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly id: string;
        readonly name: string;
        /** How the audit trail names it */
        readonly actor: string;
        readonly owner: string;
        readonly role: "viewer" | "operator" | "approver" | "admin";
        /** The only calls it may make; null: all that its role may */
        readonly operations: readonly string[] | null;
        readonly state: "active" | "expired" | "revoked";
        readonly createdBy: string;
        readonly createdAt: string;
        readonly expiresAt: string;
        /** To the hour or so */
        readonly lastUsedAt: string | null;
        readonly revokedBy: string | null;
        readonly revokedAt: string | null;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Makes an API key, and shows it this once. Role: admin. Not for API keys. */
  createKey: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      readonly name: string;
      /** Who answers for it: an owner of router.config.ts */
      readonly owner: string;
      readonly role: "viewer" | "operator" | "approver" | "admin";
      /** The only calls it may make, by operationId */
      readonly operations?: readonly string[] | undefined;
      readonly expiresInDays?: number | undefined;
      readonly reason: string;
    };
    readonly answer: {
      readonly id: string;
      readonly name: string;
      /** How the audit trail names it */
      readonly actor: string;
      readonly owner: string;
      readonly role: "viewer" | "operator" | "approver" | "admin";
      /** The only calls it may make; null: all that its role may */
      readonly operations: readonly string[] | null;
      readonly state: "active" | "expired" | "revoked";
      readonly createdBy: string;
      readonly createdAt: string;
      readonly expiresAt: string;
      /** To the hour or so */
      readonly lastUsedAt: string | null;
      readonly revokedBy: string | null;
      readonly revokedAt: string | null;
      /** Only this once */
      readonly key: string;
    };
  };
  /** Ends an API key at once and for good. Role: admin. */
  revokeKey: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: { readonly reason: string };
    readonly answer: {
      readonly id: string;
      readonly name: string;
      /** How the audit trail names it */
      readonly actor: string;
      readonly owner: string;
      readonly role: "viewer" | "operator" | "approver" | "admin";
      /** The only calls it may make; null: all that its role may */
      readonly operations: readonly string[] | null;
      readonly state: "active" | "expired" | "revoked";
      readonly createdBy: string;
      readonly createdAt: string;
      readonly expiresAt: string;
      /** To the hour or so */
      readonly lastUsedAt: string | null;
      readonly revokedBy: string | null;
      readonly revokedAt: string | null;
    };
  };
  /** Walks hash chains and holds the index against them, a bounded part a call; send nextCursor again for the next. Role: viewer. */
  verifyAudit: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      /** One record; without it, all with events of the period */
      readonly entity?: string | undefined;
      readonly from?: string | undefined;
      readonly to?: string | undefined;
      readonly cursor?: string | undefined;
    };
    readonly answer: {
      /** Of this part */
      readonly intact: boolean;
      readonly checked: { readonly entities: number; readonly lines: number; readonly rows: number; readonly actions: number };
      /** What is not as it was written */
      readonly broken: readonly {
        readonly where: "history" | "index" | "actions";
        readonly entity?: string | undefined;
        readonly seq?: number | undefined;
        readonly eventId?: string | undefined;
        readonly actionId?: string | undefined;
        readonly reason: string;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** A part of the period's history as signed NDJSON; its last line names the next part. Role: operator. */
  exportAudit: {
    readonly params: {};
    readonly query: { readonly from?: string | undefined; readonly to?: string | undefined; readonly cursor?: string | undefined };
    readonly body: undefined;
    readonly answer: Bytes;
  };
  /** Erasures, newest first. Role: approver. */
  listErasures: {
    readonly params: {};
    readonly query: { readonly cursor?: string | undefined; readonly limit?: number | undefined };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        /** Null of a dry run */
        readonly id: string | null;
        readonly state: "dryRun" | "running" | "done";
        /** Whether everything was gone over; until then, ask again */
        readonly complete: boolean;
        /** A digest with a secret key */
        readonly subject: string;
        readonly phase: "find" | "records" | "events" | "done";
        /** What went, or of a dry run would go */
        readonly counts: {
          readonly records: number;
          readonly lines: number;
          readonly work: number;
          readonly events: number;
          readonly bodies: number;
          readonly letters: number;
          readonly states: number;
        };
        readonly askedBy: string;
        readonly reason: string;
        readonly createdAt: string | null;
        readonly updatedAt: string | null;
        /** Once it is done, signed as exports of the audit trail are (a compact JWS) */
        readonly receipt: string | null;
        /** Of a dry run that is not complete */
        readonly nextCursor: string | null;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** Says what would be erased, or with dryRun false begins to. Role: approver. Not for API keys. */
  createErasure: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      /** Whose data: an e-mail address, or one record. It is kept nowhere but as a digest */
      readonly subject: { readonly email?: string | undefined; readonly entity?: string | undefined };
      readonly dryRun?: boolean | undefined;
      readonly reason: string;
      /** Of a dry run: where it goes on */
      readonly cursor?: string | undefined;
    };
    readonly answer: {
      /** Null of a dry run */
      readonly id: string | null;
      readonly state: "dryRun" | "running" | "done";
      /** Whether everything was gone over; until then, ask again */
      readonly complete: boolean;
      /** A digest with a secret key */
      readonly subject: string;
      readonly phase: "find" | "records" | "events" | "done";
      /** What went, or of a dry run would go */
      readonly counts: {
        readonly records: number;
        readonly lines: number;
        readonly work: number;
        readonly events: number;
        readonly bodies: number;
        readonly letters: number;
        readonly states: number;
      };
      readonly askedBy: string;
      readonly reason: string;
      readonly createdAt: string | null;
      readonly updatedAt: string | null;
      /** Once it is done, signed as exports of the audit trail are (a compact JWS) */
      readonly receipt: string | null;
      /** Of a dry run that is not complete */
      readonly nextCursor: string | null;
    };
  };
  /** One erasure, with its receipt. Role: approver. */
  getErasure: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      /** Null of a dry run */
      readonly id: string | null;
      readonly state: "dryRun" | "running" | "done";
      /** Whether everything was gone over; until then, ask again */
      readonly complete: boolean;
      /** A digest with a secret key */
      readonly subject: string;
      readonly phase: "find" | "records" | "events" | "done";
      /** What went, or of a dry run would go */
      readonly counts: {
        readonly records: number;
        readonly lines: number;
        readonly work: number;
        readonly events: number;
        readonly bodies: number;
        readonly letters: number;
        readonly states: number;
      };
      readonly askedBy: string;
      readonly reason: string;
      readonly createdAt: string | null;
      readonly updatedAt: string | null;
      /** Once it is done, signed as exports of the audit trail are (a compact JWS) */
      readonly receipt: string | null;
      /** Of a dry run that is not complete */
      readonly nextCursor: string | null;
    };
  };
  /** Does the next part of an erasure; the subject comes with each call, since it is not kept. Role: approver. Not for API keys. */
  continueErasure: {
    readonly params: { readonly id: string };
    readonly query: {};
    readonly body: {
      /** Whose data: an e-mail address, or one record. It is kept nowhere but as a digest */
      readonly subject: { readonly email?: string | undefined; readonly entity?: string | undefined };
    };
    readonly answer: {
      /** Null of a dry run */
      readonly id: string | null;
      readonly state: "dryRun" | "running" | "done";
      /** Whether everything was gone over; until then, ask again */
      readonly complete: boolean;
      /** A digest with a secret key */
      readonly subject: string;
      readonly phase: "find" | "records" | "events" | "done";
      /** What went, or of a dry run would go */
      readonly counts: {
        readonly records: number;
        readonly lines: number;
        readonly work: number;
        readonly events: number;
        readonly bodies: number;
        readonly letters: number;
        readonly states: number;
      };
      readonly askedBy: string;
      readonly reason: string;
      readonly createdAt: string | null;
      readonly updatedAt: string | null;
      /** Once it is done, signed as exports of the audit trail are (a compact JWS) */
      readonly receipt: string | null;
      /** Of a dry run that is not complete */
      readonly nextCursor: string | null;
    };
  };
  /** What was not let in, counted by minute, with the precise reason. Role: viewer. */
  listRejections: {
    readonly params: {};
    readonly query: {
      readonly source?: string | undefined;
      readonly from?: string | undefined;
      readonly cursor?: string | undefined;
      readonly limit?: number | undefined;
    };
    readonly body: undefined;
    readonly answer: {
      readonly items: readonly {
        readonly minute: string;
        readonly source: string;
        readonly reason: string;
        readonly count: number;
        readonly lastAt: string;
        readonly example: string;
      }[];
      readonly nextCursor: string | null;
    };
  };
  /** How far each class is behind, what is deferred for it, and what is refused at ingest. Role: viewer. */
  getBacklog: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly classes: readonly {
        readonly class: string;
        /** Of the oldest event that a consumer took lately */
        readonly ageSeconds: number;
        readonly readAt: string | null;
        /** Why its messages stand back now */
        readonly deferred: string | null;
        /** Whether ingest tells its senders to come later */
        readonly refused: boolean;
      }[];
    };
  };
  /** Where an event would go and why, without sending anything. Role: viewer. */
  explainRoutes: {
    readonly params: {};
    readonly query: {};
    readonly body: {
      readonly source: string;
      readonly kind: "customer" | "opportunity" | "order" | "invoice" | "shipment" | "entitlement" | "case" | "activity";
      readonly key?: string | undefined;
      readonly nature?: "snapshot" | "delta" | "hint" | undefined;
      /** The entity in canonical fields */
      readonly data: Readonly<Record<string, unknown>>;
    };
    readonly answer: {
      readonly lanes: readonly {
        readonly destination: string;
        readonly route: string;
        readonly owner: string;
        /** Why ownership would refuse the write there */
        readonly refused: string | null;
        /** Fields that the destination owns, and would not be sent */
        readonly withheld: readonly string[];
      }[];
      readonly routing: readonly { readonly route: string; readonly matched: boolean; readonly because: string }[];
    };
  };
  /** Who answers for what: sources, destinations, routes, SLAs, services, APIs, schemas, incidents; and which system owns which data. Role: viewer. */
  listOwnership: {
    readonly params: {};
    readonly query: {};
    readonly body: undefined;
    readonly answer: {
      readonly owners: Readonly<Record<string, { readonly team: string; readonly contact: string; readonly runbook?: string | undefined }>>;
      readonly items: readonly {
        readonly what: "source" | "destination" | "route" | "sla" | "service" | "api" | "schema" | "incident";
        readonly name: string;
        readonly owner: string;
        /** Of a route */
        readonly dataClass?: "public" | "internal" | "confidential" | "personal" | undefined;
        /** Of a route: what its deliveries are held to */
        readonly sla?: string | undefined;
        /** Of a schema */
        readonly version?: number | undefined;
      }[];
      /** The system that owns each kind, and single fields of it */
      readonly matrix: readonly { readonly kind: string; readonly system: string; readonly fields: Readonly<Record<string, string>> }[];
    };
  };
}

/** Where each call goes. */
export const ROUTES = {
  listEvents: { method: "get", path: "/ops/v1/events" },
  getEvent: { method: "get", path: "/ops/v1/events/{id}" },
  getRaw: { method: "get", path: "/ops/v1/events/{id}/raw" },
  getPayload: { method: "get", path: "/ops/v1/events/{id}/payload" },
  getEntity: { method: "get", path: "/ops/v1/entities/{kind}/{key}" },
  verifyEntity: { method: "get", path: "/ops/v1/entities/{kind}/{key}/verify" },
  trace: { method: "get", path: "/ops/v1/trace/{anyKey}" },
  listDeadLetters: { method: "get", path: "/ops/v1/dead-letters" },
  getDeadLetter: { method: "get", path: "/ops/v1/dead-letters/{id}" },
  retryDeadLetter: { method: "post", path: "/ops/v1/dead-letters/{id}/retry" },
  editDeadLetter: { method: "post", path: "/ops/v1/dead-letters/{id}/edit" },
  skipDeadLetter: { method: "post", path: "/ops/v1/dead-letters/{id}/skip" },
  listDestinations: { method: "get", path: "/ops/v1/destinations" },
  pauseDestination: { method: "post", path: "/ops/v1/destinations/{name}/pause" },
  resumeDestination: { method: "post", path: "/ops/v1/destinations/{name}/resume" },
  listReplays: { method: "get", path: "/ops/v1/replays" },
  createReplay: { method: "post", path: "/ops/v1/replays" },
  getReplay: { method: "get", path: "/ops/v1/replays/{id}" },
  approveReplay: { method: "post", path: "/ops/v1/replays/{id}/approve" },
  cancelReplay: { method: "post", path: "/ops/v1/replays/{id}/cancel" },
  listFlows: { method: "get", path: "/ops/v1/flows" },
  getFlow: { method: "get", path: "/ops/v1/flows/{id}" },
  retryFlow: { method: "post", path: "/ops/v1/flows/{id}/retry" },
  skipFlow: { method: "post", path: "/ops/v1/flows/{id}/skip" },
  cancelFlow: { method: "post", path: "/ops/v1/flows/{id}/cancel" },
  listReconciliations: { method: "get", path: "/ops/v1/reconciliations" },
  runReconciliation: { method: "post", path: "/ops/v1/reconciliations/{name}/run" },
  listDrift: { method: "get", path: "/ops/v1/drift" },
  getDrift: { method: "get", path: "/ops/v1/drift/{id}" },
  repairDrift: { method: "post", path: "/ops/v1/drift/{id}/repair" },
  acceptDrift: { method: "post", path: "/ops/v1/drift/{id}/accept" },
  listSources: { method: "get", path: "/ops/v1/sources" },
  listAccounts: { method: "get", path: "/ops/v1/sources/{source}/accounts" },
  createAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts" },
  rotateAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/rotate" },
  disableAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/disable" },
  enableAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/enable" },
  registerAccount: { method: "post", path: "/ops/v1/sources/{source}/accounts/{account}/register" },
  listHandshakes: { method: "get", path: "/ops/v1/handshakes" },
  getOverview: { method: "get", path: "/ops/v1/overview" },
  listOperatorActions: { method: "get", path: "/ops/v1/operator-actions" },
  getMetrics: { method: "get", path: "/ops/v1/metrics.json" },
  listAlerts: { method: "get", path: "/ops/v1/alerts" },
  acknowledgeAlert: { method: "post", path: "/ops/v1/alerts/{id}/acknowledge" },
  silenceAlert: { method: "post", path: "/ops/v1/alerts/{id}/silence" },
  listSlas: { method: "get", path: "/ops/v1/slas" },
  getSla: { method: "get", path: "/ops/v1/slas/{name}" },
  listImports: { method: "get", path: "/ops/v1/imports" },
  listExports: { method: "get", path: "/ops/v1/exports" },
  listKeys: { method: "get", path: "/ops/v1/keys" },
  createKey: { method: "post", path: "/ops/v1/keys" },
  revokeKey: { method: "post", path: "/ops/v1/keys/{id}/revoke" },
  verifyAudit: { method: "post", path: "/ops/v1/audit/verify" },
  exportAudit: { method: "get", path: "/ops/v1/audit/export" },
  listErasures: { method: "get", path: "/ops/v1/erasures" },
  createErasure: { method: "post", path: "/ops/v1/erasures" },
  getErasure: { method: "get", path: "/ops/v1/erasures/{id}" },
  continueErasure: { method: "post", path: "/ops/v1/erasures/{id}/continue" },
  listRejections: { method: "get", path: "/ops/v1/rejections" },
  getBacklog: { method: "get", path: "/ops/v1/backlog" },
  explainRoutes: { method: "post", path: "/ops/v1/routes/explain" },
  listOwnership: { method: "get", path: "/ops/v1/ownership" },
} as const satisfies Readonly<Record<keyof Operations, { readonly method: "get" | "post"; readonly path: string }>>;
