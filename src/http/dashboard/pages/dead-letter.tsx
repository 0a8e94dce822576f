import { LIMITS } from "../../../domain/limits.ts";
import type { AnswerOf } from "../../operations.ts";
import { ActionForm, Button, Reason, TextArea, Tick } from "../forms.tsx";
import { Failure, Status } from "../marks.tsx";
import { Empty, NoPermission, refusedView } from "../notices.tsx";
import { PATHS } from "../paths.ts";
import { Payload } from "../payload.tsx";
import { Table } from "../table.tsx";
import { Entity, Facts, Owner, Runbook, Time } from "../text.tsx";
import { may, type Page, type Visit } from "../visit.ts";
import { sentence, told } from "../words.ts";

type Letter = AnswerOf<"getDeadLetter">;

/** One dead letter: what went wrong, whose it is, what to do next, and the forms that do it. */
export const deadLetterPage: Page = async (visit) => {
  const { params, ask } = visit;
  const found = await ask("getDeadLetter", { params });
  if (!found.ok) return refusedView(found.failure, "Dead letter");
  const { value: letter } = found;
  const [payload, body] = await Promise.all([
    ask("getPayload", { params: { id: letter.eventId } }),
    letter.entity === null ? bodyOf(visit, letter) : undefined,
  ]);
  return {
    title: `Dead letter for ${letter.destination}`,
    live: letter.status === "open",
    main: (
      <>
        <div class="head">
          <div class="head-text">
            <h1>{told(letter.reason)}</h1>
            <p>
              <Entity of={letter.entity} />
              {letter.destination === "-" ? "" : `, for ${letter.destination}`}; <a href={PATHS.event(letter.eventId)}>its event</a>
            </p>
          </div>
          <p>
            <Status of={letter.status} /> <Failure of={letter.class} />
          </p>
        </div>
        <NextStep of={letter} />
        {letter.status === "open" ? <Actions visit={visit} of={letter} body={body} /> : null}
        <section class="panel">
          <h2>Data</h2>
          {payload.ok ? <Payload of={payload.value} /> : <Empty title="No data can be shown">{sentence(payload.failure.detail)}.</Empty>}
        </section>
      </>
    ),
  };
};

const NextStep = ({ of: letter }: { readonly of: Letter }) => (
  <section class="panel">
    <h2>What to do next</h2>
    <p>{letter.nextStep}</p>
    {letter.fields.length === 0 ? null : (
      <Table
        caption="Fields that were refused"
        rows={letter.fields}
        columns={[
          { label: "Field", leads: true, cell: (each) => <code>{each.field}</code> },
          { label: "What is wrong", cell: (each) => each.message },
        ]}
      />
    )}
    <Facts
      of={[
        ["Who must act", <Owner of={letter.owner} />],
        ["What to do", <Runbook at={letter.owner.runbook} of={letter.owner.team ?? letter.owner.name} />],
        ...(letter.incidentOwner.name === letter.owner.name ? [] : [["Call first", <Owner of={letter.incidentOwner} />] as const]),
        ["Attempts", letter.attempts],
        ["Since", <Time at={letter.createdAt} />],
        ["Last changed", <Time at={letter.updatedAt} />],
      ]}
    />
  </section>
);

/** The body that could not be read, to be mended in place; not one too large for that. */
async function bodyOf(visit: Visit, letter: Letter): Promise<string | undefined> {
  if (letter.status !== "open" || !may(visit, "getRaw")) return undefined;
  const raw = await visit.ask("getRaw", { params: { id: letter.eventId } });
  const text = raw.ok ? await raw.value.text() : "";
  return text.length > LIMITS.responseBytesRead ? undefined : text;
}

interface ActionsProps {
  readonly visit: Visit;
  readonly of: Letter;
  readonly body: string | undefined;
}

function Actions({ visit, of: letter, body }: ActionsProps) {
  if (!may(visit, "retryDeadLetter"))
    return <NoPermission what="Retrying, editing or skipping it" needs="operator" has={visit.actor.role} />;
  const to = (verb: string): string => `${PATHS.deadLetter(letter.id)}/${verb}`;
  const { entered } = visit;
  return (
    <div class="columns">
      <section class="panel">
        <h2>Retry</h2>
        <ActionForm visit={visit} to={to("retry")} label="Retry">
          <Reason within="retry" value={entered["reason"]} />
          {letter.entity === null ? null : (
            <Tick within="retry" name="force" label="Even over a newer state of the record" ticked={entered["force"] === "on"} />
          )}
          <div class="row">
            <Button tone="main">Retry</Button>
          </div>
        </ActionForm>
      </section>
      <section class="panel">
        <h2>Skip</h2>
        <ActionForm visit={visit} to={to("skip")} label="Skip">
          <Reason within="skip" value={entered["reason"]} />
          <p class="hint">The destination never gets it. What waits behind it goes on.</p>
          <div class="row">
            <Button tone="careful">Skip</Button>
          </div>
        </ActionForm>
      </section>
      <section class="panel wide">
        <h2>Edit and retry</h2>
        <ActionForm visit={visit} to={to("edit")} label="Edit and retry">
          {letter.entity === null ? (
            <TextArea
              within="edit"
              name="body"
              label="The body that takes its place"
              value={entered["body"] ?? body}
              hint="It is read as if the sender had sent it. The body that came is kept."
            />
          ) : (
            <TextArea
              within="edit"
              name="patch"
              label="Changes, as a JSON Merge Patch"
              value={entered["patch"] ?? "{\n  \n}"}
              hint={'Only the fields that change, such as {"currency": "EUR"}; null takes a field away. The original is kept.'}
            />
          )}
          <Reason within="edit" value={entered["reason"]} />
          <div class="row">
            <Button tone="main">Edit and retry</Button>
          </div>
        </ActionForm>
      </section>
    </div>
  );
}
