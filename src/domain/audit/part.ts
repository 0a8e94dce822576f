import type { EntityRef } from "../kin.ts";

/** What a verification looks at: one record, or everything that concerns events of a stretch of time, by their ids. */
export type AuditScope =
  | { readonly kind: "entity"; readonly entity: EntityRef }
  | { readonly kind: "period"; readonly fromId: string; readonly toId: string };

/** Where a wide verification goes on: rows of the index, records known from before, the chain of actions, its list. */
export type AuditCursor =
  | { readonly at: "rows"; readonly fromId: string }
  | { readonly at: "anchors"; readonly after: readonly [string, string] }
  | { readonly at: "actions"; readonly seq: number; readonly hash: string }
  | { readonly at: "listed"; readonly after: string };

/** A place that is not as it was written: in a record's history, in a row of the index, or among operators' actions. */
export interface Broken {
  readonly where: "history" | "index" | "actions";
  readonly entity?: string;
  readonly seq?: number;
  readonly eventId?: string;
  readonly actionId?: string;
  readonly reason: string;
}

export interface AuditPart {
  readonly checked: { readonly entities: number; readonly lines: number; readonly rows: number; readonly actions: number };
  readonly broken: readonly Broken[];
  /** Null when everything was looked at. */
  readonly next: AuditCursor | null;
}

export const NOTHING_FOUND: AuditPart = { checked: { entities: 0, lines: 0, rows: 0, actions: 0 }, broken: [], next: null };
