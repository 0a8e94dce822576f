import { ActionForm, Button, Reason } from "../forms.tsx";
import { Status } from "../marks.tsx";
import { NoPermission, Notice, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Plan, type ReplaySeen } from "../replay-plan.tsx";
import { Facts, Time } from "../text.tsx";
import { may, type Page, type Visit } from "../visit.ts";
import { count, duration, sentence } from "../words.ts";
import { UNDER_WAY } from "./replays.tsx";

/** One replay: what it will do, who must agree, and how far it is. */
export const replayPage: Page = async (visit) => {
  const found = await visit.ask("getReplay", { params: visit.params });
  if (!found.ok) return refusedView(found.failure, "Replay");
  const { value: replay } = found;
  return {
    title: `Replay: ${replay.reason}`,
    live: UNDER_WAY.includes(replay.state),
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>{replay.reason}</h1>
            <p>
              <a href={PATHS.replays}>Replay</a>, asked for by {replay.askedBy} at <Time at={replay.createdAt} />
            </p>
          </div>
          <Status of={replay.state} />
        </div>
        <Progress of={replay} />
        <Decisions visit={visit} of={replay} />
        <Plan of={replay} />
      </>
    ),
  };
};

function Progress({ of: replay }: { readonly of: ReplaySeen }) {
  const { progress } = replay;
  const dealtWith = progress === null ? 0 : progress.done + progress.refused + progress.failed;
  return (
    <section class="panel">
      <h2>How far it is</h2>
      {progress === null ? null : (
        <>
          <progress value={dealtWith} max={Math.max(1, progress.total)} aria-label="Events dealt with" />
          <p>
            {count(dealtWith)} of {count(progress.total)} dealt with
            {progress.etaSeconds === null || !UNDER_WAY.includes(replay.state)
              ? ""
              : `; about ${duration(progress.etaSeconds * 1000)} left`}
            {progress.waitsUntil === null ? null : (
              <>
                ; waits for its window at <Time at={progress.waitsUntil} />
              </>
            )}
          </p>
          <Facts
            of={[
              ["Put in", count(progress.done)],
              ["Refused", count(progress.refused)],
              ["Failed", count(progress.failed)],
              ["Started", <Time at={progress.startedAt} />],
            ]}
          />
          {progress.problems.map(({ why, events, example }) => (
            <p class="note">
              {count(events)}: {why} (<a href={PATHS.event(example)}>an example</a>)
            </p>
          ))}
        </>
      )}
      <p class="note">{sentence(replay.nextStep)}</p>
      {replay.approvedBy === null ? null : <p class="note">Approved by {replay.approvedBy}.</p>}
      {replay.cancelledBy === null ? null : <p class="note">Cancelled by {replay.cancelledBy}.</p>}
    </section>
  );
}

/** Approving takes another person than the one who asked; cancelling any operator. */
function Decisions({ visit, of: replay }: { readonly visit: Visit; readonly of: ReplaySeen }) {
  if (!UNDER_WAY.includes(replay.state)) return null;
  const path = PATHS.replay(replay.id ?? "");
  return (
    <div class="columns">
      {replay.state === "waitingForApproval" ? <Approval visit={visit} of={replay} path={path} /> : null}
      <section class="panel">
        <h2>Cancel</h2>
        {may(visit, "cancelReplay") ? (
          <ActionForm visit={visit} to={`${path}/cancel`} label="Cancel the replay">
            <Reason within="cancel" value={visit.entered["reason"]} />
            <p class="hint">It stops within a second. What was put in already goes on.</p>
            <div class="row">
              <Button tone="careful">Cancel the replay</Button>
            </div>
          </ActionForm>
        ) : (
          <NoPermission what="Cancelling it" needs="operator" has={visit.actor.role} />
        )}
      </section>
    </div>
  );
}

const Approval = ({ visit, of: replay, path }: { readonly visit: Visit; readonly of: ReplaySeen; readonly path: string }) => (
  <section class="panel">
    <h2>Approve</h2>
    {!may(visit, "approveReplay") ? (
      <NoPermission what="Approving it" needs="approver" has={visit.actor.role} />
    ) : replay.askedBy === visit.actor.name ? (
      <Notice tone="quiet" title="You asked for it.">
        Somebody else with the role approver must agree.
      </Notice>
    ) : (
      <ActionForm visit={visit} to={`${path}/approve`} label="Approve the replay">
        <Reason within="approve" value={visit.entered["reason"]} />
        <div class="row">
          <Button tone="main">Approve and start</Button>
        </div>
      </ActionForm>
    )}
  </section>
);
