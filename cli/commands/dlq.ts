import { readFileSync } from "node:fs";
import type { Api } from "../api.ts";
import type { Answer, Item, Query } from "../client/client.ts";
import { API_OPTIONS, command, type Call, type Values } from "../command.ts";
import { EXIT, Stop, type Exit } from "../exit.ts";
import { counted, table } from "../table.ts";

type Letter = Item<"listDeadLetters">;

const FILTERS = {
  list: { type: "string", value: "name", choices: ["business", "platform"], summary: "data and systems (default), or our own processing" },
  status: { type: "string", value: "status", choices: ["open", "resolved", "skipped"], summary: "default: open" },
  owner: { type: "string", value: "name", summary: "whose they are" },
  class: { type: "string", value: "class", summary: "class of the failure, such as business or auth" },
  destination: { type: "string", value: "name", summary: "where they were going" },
} as const;

const OPTIONS = {
  ...API_OPTIONS,
  ...FILTERS,
  all: { type: "boolean", summary: "retry, skip: every letter that the filters find" },
  patch: { type: "string", value: "json|@file", file: true, summary: "edit: a JSON Merge Patch of the event's data" },
  body: { type: "string", value: "text|@file", file: true, summary: "edit: another body, where the original could not be read" },
  force: { type: "boolean", summary: "retry, edit: over a newer state too" },
  reason: { type: "string", value: "text", summary: "kept with the action" },
} as const;

type Dlq = Call<typeof OPTIONS>;

export const dlq = command({
  name: "dlq",
  summary: "dead letters: what needs a person, and what to do with it",
  arguments: [
    { name: "action", summary: "default: list", optional: true, choices: ["list", "show", "retry", "skip", "edit"] },
    { name: "id", summary: "of the letter", optional: true, many: true },
  ],
  options: OPTIONS,
  examples: [
    "signalbox dlq",
    "signalbox dlq retry dlq_01J...",
    "signalbox dlq retry --all --destination crm --reason 'CRM is back'",
    `signalbox dlq edit dlq_01J... --patch '{"currency":"EUR"}'`,
  ],
  run: (call) => {
    const [action = "list", ...ids] = call.args;
    if (action === "list") return list(call);
    if (action === "show") return showOne(call, ids);
    return act(call, action as Action, ids);
  },
});

type Action = "retry" | "skip" | "edit";

const filterOf = ({ list: name, status, owner, class: failure, destination }: Values<typeof FILTERS>): Query<"listDeadLetters"> =>
  // Choices are checked by the parser, the class by the API.
  ({ list: name, status, owner, class: failure, destination }) as Query<"listDeadLetters">;

async function lettersOf({ api, options }: Dlq): Promise<readonly Letter[]> {
  const letters: Letter[] = [];
  for await (const letter of (await api("viewer")).all("listDeadLetters", filterOf(options))) letters.push(letter);
  return letters;
}

async function list(call: Dlq): Promise<Exit> {
  const letters = await lettersOf(call);
  call.show({ items: letters }, (columns) => (letters.length === 0 ? "No dead letters." : letterTable(letters, columns)));
  return letters.some((letter) => letter.status === "open") ? EXIT.found : EXIT.ok;
}

const letterTable = (letters: readonly Letter[], columns: number | null): string =>
  table(
    ["id", "record", "destination", "class", "owner", "reason"],
    letters.map(({ id, entity, destination, class: failure, owner, reason }) => [
      id,
      entity === null ? "-" : `${entity.kind}/${entity.key}`,
      destination,
      failure,
      owner.name,
      reason,
    ]),
    columns,
  );

async function showOne({ api, show }: Dlq, [id]: readonly string[]): Promise<Exit> {
  if (id === undefined) throw new Stop(EXIT.usage, "Which letter? npx signalbox dlq show <id>");
  const letter = await (await api("viewer")).call("getDeadLetter", { params: { id } });
  show(letter, () => details(letter));
  return letter.status === "open" ? EXIT.found : EXIT.ok;
}

const details = (letter: Letter): string =>
  [
    `${letter.id}  ${letter.status}  ${letter.list}`,
    `event        ${letter.eventId}`,
    `record       ${letter.entity === null ? "-" : `${letter.entity.kind}/${letter.entity.key}`}`,
    `destination  ${letter.destination}, after ${counted(letter.attempts, "attempt")}`,
    `reason       ${letter.class}: ${letter.reason}`,
    ...letter.fields.map(({ field, message }) => `  ${field}: ${message}`),
    `owner        ${letter.owner.name}${letter.owner.contact === null ? "" : `, ${letter.owner.contact}`}`,
    `next step    ${letter.nextStep}`,
  ].join("\n");

interface Acted {
  readonly id: string;
  readonly done: boolean;
  readonly status: string;
  readonly detail: string | null;
}

/** One letter after the other, each with its own result: one that is refused keeps none of the others back. */
async function act(call: Dlq, action: Action, ids: readonly string[]): Promise<Exit> {
  const { api, options, show } = call;
  if (options.all === true && action === "edit") throw new Stop(EXIT.usage, "edit takes one letter, not --all");
  if ((options.all === true) === ids.length > 0)
    throw new Stop(EXIT.usage, `Which letters? npx signalbox dlq ${action} <id> ..., or --all with filters`);
  if (action === "edit" && (options.patch === undefined) === (options.body === undefined))
    throw new Stop(EXIT.usage, "edit takes --patch or --body");
  const chosen = options.all === true ? (await lettersOf(call)).filter(({ status }) => status === "open").map(({ id }) => id) : ids;
  const router = await api("operator");
  const acted: Acted[] = [];
  for (const id of chosen) acted.push(await actOn(router, action, { id, options }));
  show({ items: acted }, () =>
    acted.length === 0
      ? "No open letters."
      : acted.map(({ id, status, detail }) => `${id}  ${status}${detail === null ? "" : `: ${detail}`}`).join("\n"),
  );
  return acted.every(({ done }) => done) ? EXIT.ok : EXIT.found;
}

async function actOn(
  router: Api,
  action: Action,
  { id, options }: { readonly id: string; readonly options: Values<typeof OPTIONS> },
): Promise<Acted> {
  const body = { reason: options.reason ?? `${action} from the command line`, force: options.force === true };
  const input = { params: { id }, body };
  const called =
    action === "retry"
      ? await router.attempt("retryDeadLetter", input)
      : action === "skip"
        ? await router.attempt("skipDeadLetter", input)
        : await router.attempt("editDeadLetter", { params: { id }, body: { ...body, ...edits(options) } });
  if (called.ok) return done(called.value);
  return { id, done: false, status: "refused", detail: called.failure.detail };
}

const done = ({ id, status, eventIds }: Answer<"retryDeadLetter">): Acted => ({
  id,
  done: true,
  status,
  detail: eventIds.length === 0 ? null : eventIds.join(", "),
});

function edits({ patch, body }: Values<typeof OPTIONS>): { readonly patch?: Readonly<Record<string, unknown>>; readonly body?: string } {
  if (body !== undefined) return { body: contentOf(body) };
  const text = contentOf(patch ?? "");
  try {
    return { patch: JSON.parse(text) as Readonly<Record<string, unknown>> };
  } catch {
    throw new Stop(EXIT.usage, `--patch is no JSON: ${text}`);
  }
}

/** The text itself, or with `@` the file's. */
function contentOf(given: string): string {
  if (!given.startsWith("@")) return given;
  try {
    return readFileSync(given.slice(1), "utf8");
  } catch {
    throw new Stop(EXIT.usage, `${given.slice(1)} cannot be read`);
  }
}
