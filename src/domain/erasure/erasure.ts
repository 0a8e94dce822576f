import type { EntityRef } from "../kin.ts";

/** Whose data is to go: a record's, or whoever an e-mail address belongs to. */
export type Subject = { readonly kind: "entity"; readonly entity: EntityRef } | { readonly kind: "email"; readonly email: string };

/** How a subject is written where its digest is made: the same person gives the same digest. */
export const subjectText = (subject: Subject): string =>
  subject.kind === "email" ? `email:${subject.email.trim().toLowerCase()}` : `entity:${subject.entity.kind}/${subject.entity.key}`;

export interface ErasedCounts {
  /** Records whose own data goes. */
  readonly records: number;
  /** Lines of their histories that words went out of. */
  readonly lines: number;
  /** Pieces of work that go on without personal data. */
  readonly work: number;
  /** Rows of events, and bodies as they came. */
  readonly events: number;
  readonly bodies: number;
  readonly letters: number;
  /** Last known states, differences found, facts and runs of flows, links. */
  readonly states: number;
}

export const NOTHING_ERASED: ErasedCounts = { records: 0, lines: 0, work: 0, events: 0, bodies: 0, letters: 0, states: 0 };

export const addCounts = (left: ErasedCounts, right: Partial<ErasedCounts>): ErasedCounts =>
  Object.fromEntries(
    Object.entries(left).map(([name, count]) => [name, count + (right[name as keyof ErasedCounts] ?? 0)]),
  ) as unknown as ErasedCounts;

/**
 * How far an erasure is. It finds the subject's records first, then takes each one's data, then goes over all events of
 * the index, those too old for a record's own history among them.
 */
export interface ErasureProgress {
  readonly phase: "find" | "records" | "events" | "done";
  readonly afterId: string;
  readonly records: readonly EntityRef[];
  /** How many of the records are done. */
  readonly recordsDone: number;
  readonly counts: ErasedCounts;
  /** Once it is done, where the deployment can sign. */
  readonly receipt?: string;
}

export const startOf = (subject: Subject): ErasureProgress => ({
  phase: subject.kind === "email" ? "find" : "records",
  afterId: "",
  records: subject.kind === "entity" ? [subject.entity] : [],
  recordsDone: 0,
  counts: NOTHING_ERASED,
});

const isSame = (left: EntityRef, right: EntityRef): boolean => left.kind === right.kind && left.key === right.key;

export const withRecords = (progress: ErasureProgress, found: readonly EntityRef[]): ErasureProgress => ({
  ...progress,
  records: found.reduce<readonly EntityRef[]>(
    (known, entity) => (known.some((each) => isSame(each, entity)) ? known : [...known, entity]),
    progress.records,
  ),
});
