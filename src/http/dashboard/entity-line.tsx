import type { AnswerOf } from "../operations.ts";
import { Failure, Lane, Status } from "./marks.tsx";
import { PATHS } from "./paths.ts";
import type { Step } from "./way.tsx";
import { told } from "./words.ts";

type Line = AnswerOf<"getEntity">["timeline"][number];

/** What a line of a record's history may say. */
export interface LineBody {
  readonly type?: string;
  readonly source?: string;
  readonly event?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly lanes?: readonly LineBody[];
  readonly destination?: string;
  readonly class?: string;
  readonly attempt?: number;
  readonly remote?: { readonly id: string; readonly number?: string };
  readonly action?: string;
  readonly actor?: string;
  readonly patch?: unknown;
}

const TONES: Readonly<Record<string, NonNullable<Step["tone"]>>> = {
  delivered: "good",
  dead: "bad",
  quarantined: "bad",
  retrying: "warn",
  held: "warn",
};

/** A line of a record's history as a step of its way. */
export function stepOf(line: Line): Step {
  const body = line.body as LineBody;
  const tone = TONES[body.status ?? ""];
  const lanes = (body.lanes ?? (body.destination === undefined ? [] : [body])).map((lane) => (
    <Lane destination={lane.destination ?? ""} status={lane.status ?? ""} />
  ));
  const base = { at: line.at, ...(tone === undefined ? {} : { tone }) };
  if (body.type === "operator")
    return {
      ...base,
      title: `${body.actor} chose ${body.action} for ${body.destination}`,
      detail: (
        <>
          {body.reason} {body.patch === undefined ? null : <code>{JSON.stringify(body.patch)}</code>}
        </>
      ),
    };
  const title = body.type === "event" ? `${body.event} from ${body.source}` : `${body.destination}, attempt ${body.attempt ?? 0}`;
  const number = body.remote?.number ?? body.remote?.id;
  return {
    ...base,
    title: <a href={PATHS.event(line.eventId)}>{title}</a>,
    detail: (
      <>
        <Status of={body.status ?? "pending"} /> {lanes} {body.class === undefined ? null : <Failure of={body.class} />}{" "}
        {number === undefined ? "" : `as ${number}. `}
        {body.reason === undefined ? "" : told(body.reason)}
      </>
    ),
  };
}
