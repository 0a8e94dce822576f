import type { GovernorPolicy, Settlement } from "../../src/domain/governor.ts";
import type { EntityEvent } from "../../src/domain/event.ts";
import type { ConsumePorts } from "../../src/pipeline/consume/consume.ts";
import type { SequencePorts } from "../../src/pipeline/sequence/ports.ts";
import type { BreachKind } from "./breach.ts";
import type { EntityStorage } from "./entity-storage.ts";

/** A mistake built around the real core on purpose, to see whether a run finds it. */
export interface Plant {
  readonly name: string;
  /** The mistake as a reviewer would put it. */
  readonly mistake: string;
  /** The promises it breaks: a run must find one of them. */
  readonly breaks: readonly BreachKind[];
  readonly ports?: (ports: SequencePorts, storage: EntityStorage) => SequencePorts;
  readonly consume?: (ports: ConsumePorts) => ConsumePorts;
  /** An event on its way into its sequencer. */
  readonly event?: (event: EntityEvent) => EntityEvent;
  /** Messages are acknowledged as they are taken from the queue. */
  readonly acksEarly?: boolean;
  readonly governor?: Partial<GovernorPolicy>;
  /** What reaches the governor of a settlement; null for nothing. */
  readonly settlement?: (settlement: Settlement) => Settlement | null;
}
