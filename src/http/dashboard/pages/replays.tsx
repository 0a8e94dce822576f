import { REPLAY_STATES } from "../../../domain/replay.ts";
import { statusOf } from "../../problem.ts";
import type { AnswerOf } from "../../operations.ts";
import { Status } from "../marks.tsx";
import { Empty, NoPermission, Refusal } from "../notices.tsx";
import { Pager } from "../pager.tsx";
import { PATHS } from "../paths.ts";
import { Table } from "../table.tsx";
import { Time } from "../text.tsx";
import { filled, may, type Page } from "../visit.ts";
import { count, counted } from "../words.ts";

type Replay = AnswerOf<"getReplay">;

/** Replays, newest first. */
export const replaysPage: Page = async (visit) => {
  const found = await visit.ask("listReplays", { query: filled(visit.query, ["cursor"]) });
  return {
    title: "Replays",
    live: true,
    ...(found.ok ? {} : { status: statusOf(found.failure.code) }),
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>Replays</h1>
            <p>Stored events that are put in again, behind live traffic, each once.</p>
          </div>
          {may(visit, "createReplay") ? (
            <a class="button main" href={PATHS.newReplay}>
              Plan a replay
            </a>
          ) : (
            <NoPermission what="Planning a replay" needs="operator" has={visit.actor.role} />
          )}
        </div>
        {found.ok ? <List of={found.value.items} /> : <Refusal of={found.failure} />}
        {found.ok ? <Pager visit={visit} filters={[]} next={found.value.nextCursor} older="Older replays" /> : null}
      </>
    ),
  };
};

/** States in which something still happens. */
export const UNDER_WAY: readonly string[] = REPLAY_STATES.filter((state) => state !== "done" && state !== "cancelled");

const List = ({ of }: { readonly of: readonly Replay[] }) =>
  of.length === 0 ? (
    <Empty title="No replay yet">When a system lost data, plan one: you see what it would do before anything is done.</Empty>
  ) : (
    <section class="panel">
      <Table
        caption="Replays"
        rows={of}
        columns={[
          {
            label: "Why",
            leads: true,
            cell: (row) => <a href={PATHS.replay(row.id ?? "")}>{row.reason}</a>,
          },
          { label: "State", cell: (row) => <Status of={row.state} /> },
          { label: "Events", cell: (row) => counted(row.plan.replayable, "event") },
          { label: "Done", numeric: true, cell: (row) => (row.progress === null ? "" : count(row.progress.done)) },
          { label: "To", cell: (row) => row.destinations?.join(", ") ?? "as routed" },
          { label: "Asked by", cell: (row) => row.askedBy },
          { label: "When", cell: (row) => <Time at={row.createdAt} /> },
        ]}
      />
    </section>
  );
