import type { AnswerOf } from "../operations.ts";
import type { LineBody } from "./entity-line.tsx";
import { Button } from "./forms.tsx";
import { Empty } from "./notices.tsx";
import { Differences } from "./payload.tsx";
import type { Visit } from "./visit.ts";

/** Two of the record's events, chosen by a form, and where their data differs. */
export async function comparison({ query, ask, path }: Visit, entity: AnswerOf<"getEntity">) {
  const versions = entity.timeline
    .filter((line) => (line.body as LineBody).type === "event")
    .map((line) => ({ id: line.eventId, at: line.at, body: line.body as LineBody }))
    .toReversed();
  if (versions.length < 2) return <Empty title="Only one version is known on these lines" />;
  const [after = versions[0]?.id ?? "", before = versions[1]?.id ?? ""] = [query["after"], query["before-event"]];
  const found = await ask("getPayload", { params: { id: after }, query: { against: before } });
  const options = (chosen: string) =>
    versions.map(({ id, at, body }) => (
      <option value={id} selected={id === chosen}>
        {at.slice(0, 19).replace("T", " ")} {body.event} ({body.status})
      </option>
    ));
  return (
    <>
      <form class="row" action={`${path}#versions`}>
        <div class="field">
          <label for="f-before-event">Before</label>
          <select id="f-before-event" name="before-event">
            {options(before)}
          </select>
        </div>
        <div class="field">
          <label for="f-after">After</label>
          <select id="f-after" name="after">
            {options(after)}
          </select>
        </div>
        <Button>Compare</Button>
      </form>
      {found.ok ? <Differences of={found.value} /> : <p class="note">These two cannot be compared: {found.failure.detail}.</p>}
    </>
  );
}
