import type { AnswerOf } from "../operations.ts";
import { Table } from "./table.tsx";
import { Time } from "./text.tsx";
import { may, type Visit } from "./visit.ts";

type Key = AnswerOf<"listKeys">["items"][number];

/** The programs that may call; for those who may see them. */
export async function keysPanel(visit: Visit) {
  if (!may(visit, "listKeys")) return null;
  const found = await visit.ask("listKeys", { query: { limit: "200" } });
  if (!found.ok || found.value.items.length === 0) return null;
  return (
    <section class="panel">
      <h2>API keys</h2>
      <Table
        caption="Programs that may call"
        rows={found.value.items}
        columns={[
          { label: "Name", leads: true, cell: (key) => <strong>{key.name}</strong> },
          { label: "May", cell: (key) => grantOf(key) },
          { label: "Owner", cell: (key) => key.owner },
          { label: "State", cell: (key) => key.state },
          { label: "Until", cell: (key) => <Time at={key.expiresAt} /> },
          { label: "Last used", cell: (key) => (key.lastUsedAt === null ? "never" : <Time at={key.lastUsedAt} />) },
        ]}
      />
    </section>
  );
}

const grantOf = ({ role, operations }: Key): string => (operations === null ? role : `${role}: ${operations.join(", ")}`);
