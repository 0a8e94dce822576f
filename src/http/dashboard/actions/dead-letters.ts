import { fail, ok, type Result } from "../../../domain/result.ts";
import type { Refused } from "../../ops-ports.ts";
import type { Form } from "../form.ts";
import { deadLetterPage } from "../pages/dead-letter.tsx";
import { deadLettersPage } from "../pages/dead-letters.tsx";
import { PATHS } from "../paths.ts";
import type { Visit } from "../visit.ts";
import { counted } from "../words.ts";
import { done, type Acted, type Action } from "./action.ts";

type LetterVerb = "retryDeadLetter" | "skipDeadLetter";

const onLetter =
  (name: LetterVerb, said: string): Action["act"] =>
  async (visit, form) => {
    const body = { reason: form.text("reason"), force: form.text("force") === "on" };
    const acted = await visit.ask(name, { params: visit.params, body });
    return acted.ok ? done(PATHS.deadLetter(visit.params["id"] ?? ""), `${said} Its event is ${acted.value.status} now.`) : acted;
  };

async function editLetter(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const patch = form.all("patch").length === 0 ? null : parsedPatch(form.text("patch"));
  if (patch?.ok === false) return patch;
  const change = patch === null ? { body: form.text("body") } : { patch: patch.value };
  const acted = await visit.ask("editDeadLetter", { params: visit.params, body: { reason: form.text("reason"), ...change } });
  return acted.ok
    ? done(PATHS.deadLetter(visit.params["id"] ?? ""), `It was edited and tried again. Its event is ${acted.value.status} now.`)
    : acted;
}

function parsedPatch(text: string): Result<unknown, Refused> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return fail({ code: "invalid_request", detail: "the changes are not valid JSON" });
  }
}

const BULK: Readonly<Record<string, { readonly name: LetterVerb; readonly said: string }>> = {
  retry: { name: "retryDeadLetter", said: "retried" },
  skip: { name: "skipDeadLetter", said: "skipped" },
};

/** One by one, so that what cannot be done does not stop the rest. */
async function bulk(visit: Visit, form: Form): Promise<Result<Acted, Refused>> {
  const verb = BULK[form.text("verb")];
  const ids = form.all("id");
  if (verb === undefined || ids.length === 0) return fail({ code: "invalid_request", detail: "tick the dead letters first" });
  const refused: Refused[] = [];
  for (const id of ids) {
    const acted = await visit.ask(verb.name, { params: { id }, body: { reason: form.text("reason") } });
    if (!acted.ok) refused.push(acted.failure);
  }
  const [first] = refused;
  if (first !== undefined && refused.length === ids.length) return fail(first);
  const rest = first === undefined ? "" : ` ${counted(refused.length, "was", "were")} refused: ${first.detail}.`;
  return done(PATHS.deadLetters, `${counted(ids.length - refused.length, "dead letter")} ${verb.said}.${rest}`);
}

/** What can be done about dead letters. */
export const DEAD_LETTER_ACTIONS: readonly Action[] = [
  { path: "/ops/dead-letters/bulk", act: bulk, page: deadLettersPage },
  { path: "/ops/dead-letters/:id/retry", act: onLetter("retryDeadLetter", "It was tried again."), page: deadLetterPage },
  { path: "/ops/dead-letters/:id/skip", act: onLetter("skipDeadLetter", "It was skipped."), page: deadLetterPage },
  { path: "/ops/dead-letters/:id/edit", act: editLetter, page: deadLetterPage },
];
