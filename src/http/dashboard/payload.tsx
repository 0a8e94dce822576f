import type { AnswerOf } from "../operations.ts";
import { PATHS } from "./paths.ts";
import { Table } from "./table.tsx";
import { Json, Value } from "./text.tsx";

type PayloadSeen = AnswerOf<"getPayload">;

/** An event's data as today's mapping reads it, and what it changed. */
export const Payload = ({ of }: { readonly of: PayloadSeen }) => (
  <>
    <p class="note">
      {of.nature === "snapshot"
        ? "The record's whole state"
        : of.nature === "delta"
          ? "What changed of the record"
          : "A hint that the record changed"}
      , as today's mapping reads the body that came.{" "}
      {of.masked ? "Personal data is masked for your role." : "It may hold personal data, which your role may see."}
      {of.deleted ? " The record was deleted." : ""}
    </p>
    <Json of={of.data} label="Data" />
    {of.cleared.length === 0 ? null : <p>It empties: {of.cleared.join(", ")}.</p>}
    {of.comparedWith === null ? null : <Differences of={of} />}
  </>
);

/** Where two versions of a record differ. */
export const Differences = ({ of }: { readonly of: PayloadSeen }) => (
  <>
    <h3>
      What changed since <a href={PATHS.event(of.comparedWith ?? "")}>an earlier event</a>
    </h3>
    {of.changes.length === 0 ? (
      <p>Nothing differs.</p>
    ) : (
      <Table
        caption="Differences between the two versions"
        rows={of.changes}
        columns={[
          { label: "Field", leads: true, cell: (change) => <code>{change.field}</code> },
          { label: "Before", cell: (change) => <Value of={change.before} /> },
          { label: "After", cell: (change) => <Value of={change.after} /> },
        ]}
      />
    )}
  </>
);
