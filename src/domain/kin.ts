import type { EntityEvent } from "./event.ts";
import type { EventOutcome, Remote } from "./outcome.ts";
import { compareTokens } from "./order.ts";
import type { Mark, Marks } from "./sequencing.ts";
import type { Work } from "./work.ts";

export interface EntityRef {
  readonly kind: EntityEvent["entity"]["kind"];
  readonly key: string;
}

/**
 * The other names of an entity. A record that we made in a system gets a key there, under which that system's own events
 * come: an alias, led to the same sequencer. What had begun under the alias is handed over once, and from then on the
 * alias' object only passes on.
 */
export interface Kin {
  readonly self?: EntityRef;
  /** Other keys of this entity: `owed` until that key's object has handed over what it had. */
  readonly aliases: Readonly<Record<string, "owed" | "joined">>;
  /** Where everything under this key goes, since the key turned out to be an alias. */
  readonly movedTo?: EntityRef;
  /** This entity's record in each destination. */
  readonly remotes: Readonly<Record<string, Remote>>;
}

export const NO_KIN: Kin = { aliases: {}, remotes: {} };

/** What an alias' object gives away: its unfinished work in its order, with what became of its events so far, and the newest states it took. */
export interface Handover {
  readonly work: readonly Work[];
  readonly outcomes: readonly { readonly key: string; readonly outcome: EventOutcome }[];
  readonly marks: Marks;
}

export type JoinAnswer =
  | ({ readonly kind: "handedOver" } & Handover)
  /** Attempts are under way there; ask again. */
  | { readonly kind: "busy" }
  /** It belongs to another entity already, or is itself the one that joins us. */
  | { readonly kind: "elsewhere"; readonly root: EntityRef };

/** Kin with a record that an effect made or found; the same object if nothing is new. `joins`: its id there is a key that events may come under. */
export function withRemote(
  kin: Kin,
  self: EntityRef,
  at: { readonly destination: string; readonly remote: Remote; readonly joins: boolean },
): Kin {
  const { destination, remote, joins } = at;
  const known = kin.remotes[destination];
  const isKnown = known?.id === remote.id && known.number === remote.number;
  const isAlias = joins && remote.id !== self.key && kin.aliases[remote.id] === undefined;
  if (isKnown && !isAlias) return kin;
  const { version: _version, ...names } = remote;
  return {
    ...kin,
    self,
    remotes: { ...kin.remotes, [destination]: names },
    aliases: isAlias ? { ...kin.aliases, [remote.id]: "owed" } : kin.aliases,
  };
}

export const owedAliases = (kin: Kin): readonly string[] => Object.keys(kin.aliases).filter((key) => kin.aliases[key] === "owed");

/** Of two keys that claim each other, the smaller name leads. */
export const leads = (own: EntityRef, other: EntityRef): boolean => own.key < other.key;

/** An event of the alias as one of the entity it belongs to; the key it came under stays with it, for its idempotency key. */
export const renamed = (event: EntityEvent, root: EntityRef): EntityEvent => ({
  ...event,
  entity: { ...event.entity, key: root.key },
  alias: event.alias ?? event.entity.key,
});

/** Both sides' newest states. Where both took from one stream, the newer token counts. */
export function mergeMarks(own: Marks, other: Marks): Marks {
  const merged: Record<string, Mark> = { ...own };
  for (const [stream, mark] of Object.entries(other)) {
    const ours = own[stream];
    if (ours === undefined || compareTokens(mark.order, ours.order) === "newer") merged[stream] = mark;
  }
  return merged;
}
