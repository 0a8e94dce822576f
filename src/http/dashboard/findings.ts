import type { FindingType } from "../../domain/reconciliation/findings.ts";

type Told = (system: string) => string;

interface Words {
  readonly title: Told;
  readonly means: Told;
  readonly next: Told;
  /** Which side can be brought to the other, the likelier first. */
  readonly sides: readonly ("push" | "pull")[];
}

/** Each type of finding for people: what it is, what it means, and what comes next. */
export const FINDINGS: Readonly<Record<FindingType, Words>> = {
  missingInErp: {
    title: (system) => `Not in ${system}`,
    means: (system) => `We know this record; ${system} does not have it.`,
    next: (system) => `Ask whether somebody has deleted it. If not, bring our state to ${system}; if it is meant to be gone, let it be.`,
    sides: ["push"],
  },
  missingHere: {
    title: (system) => `Only in ${system}`,
    means: (system) => `${system} has this record, and nobody has told us of it.`,
    next: (system) => `Take over what ${system} has. Then look among the sources why its event did not come.`,
    sides: ["pull"],
  },
  mismatch: {
    title: () => "Fields differ",
    means: (system) => `We and ${system} both have this record, and these fields differ.`,
    next: () => "Ask the owner which side is right, then bring it to the other.",
    sides: ["push", "pull"],
  },
  late: {
    title: (system) => `Late for ${system}`,
    means: () => "What would make both sides agree is still on its way, for longer than it may take.",
    next: () => "Open the record and see which of its events waits, and for what.",
    sides: ["push", "pull"],
  },
  duplicateInErp: {
    title: (system) => `Twice in ${system}`,
    means: (system) => `${system} has another record under the key of the one that we know.`,
    next: (system) => `Merge the two in ${system}, then compare again.`,
    sides: ["push", "pull"],
  },
  ownershipViolation: {
    title: (system) => `Changed in ${system}`,
    means: (system) => `${system} has changed fields that another system owns.`,
    next: (system) => `Bring our state to ${system}, and ask who may change this there.`,
    sides: ["push", "pull"],
  },
};
