import { fail, ok, type Result } from "../domain/result.ts";
import { LIMITS } from "../domain/limits.ts";
import type { AnswerOf } from "./operations.ts";
import type { AccountFailure, Call, OpsPorts, Refused } from "./ops-ports.ts";
import type { ProblemCode } from "./problem.ts";
import { iso } from "./views.ts";

const refuse = (code: ProblemCode, detail: string): { readonly ok: false; readonly failure: Refused } => fail({ code, detail });

/** Every source with its scheme, its secrets by name and age, and when it was last heard of. */
export async function listSources(ports: OpsPorts, origin: string): Promise<Result<AnswerOf<"listSources">, Refused>> {
  const [rejections, contacts, subscriptions] = await Promise.all([
    ports.rejections({ sinceMs: ports.clock() - 3_600_000, limit: 1_000 }),
    ports.lastContacts(),
    ports.subscriptions(),
  ]);
  const items = Object.entries(ports.config.sources).map(([name, source]) => {
    const trouble = ports.sourceProblem(name);
    const contact = contacts[name];
    const at = (ms: number | undefined): string | null => (ms === undefined ? null : iso(ms));
    return {
      name,
      title: source.title ?? name,
      url: `${source.publicOrigin ?? origin}/in/${name}`,
      scheme: source.scheme,
      ...ports.sourceFacts(name),
      owner: source.owner,
      ready: trouble === null,
      problem: trouble,
      secrets: ports.secretAges(name),
      accounts: source.accounts !== undefined,
      lastAcceptedAt: at(contact?.acceptedAtMs),
      lastRejectedAt: at(contact?.rejectedAtMs),
      lastHandshakeAt: at(contact?.handshakeAtMs),
      rejectionsLastHour: rejections.filter((row) => row.source === name).reduce((sum, row) => sum + row.count, 0),
      subscriptions: subscriptions
        .filter((row) => row.source === name)
        .map((row) => ({
          id: row.subscriptionId,
          resource: row.resource,
          expiresAt: iso(row.expiresAtMs),
          renewedAt: row.renewedAtMs === null ? null : iso(row.renewedAtMs),
          problem: row.problem,
        })),
    };
  });
  return ok({ items, nextCursor: null });
}

type AccountCall = Pick<Call<"disableAccount">, "params" | "actor" | "origin">;
type AccountView = AnswerOf<"disableAccount">;

const FAILURES: Readonly<Record<AccountFailure, readonly [ProblemCode, string]>> = {
  exists: ["conflict", "there is an account of this name already; rotate its secret instead"],
  absent: ["not_found", "this source has no account of this name"],
  raced: ["conflict", "it was changed at the same time; look at it and try again"],
  unsealed: ["unavailable", "ACCOUNT_KEY is no base64 of 32 bytes; make one with: openssl rand -base64 32"],
};

/** Names that may stand in a URL as they are. */
const ACCOUNT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The account that a call names, or why it cannot. */
function subjectOf(ports: OpsPorts, source: string, account: string): Result<{ source: string; account: string }, Refused> {
  if (ports.config.sources[source]?.accounts === undefined)
    return refuse("not_found", `there is no source "${source}" with accounts; give it accounts in router.config.ts`);
  return ACCOUNT_NAME.test(account)
    ? ok({ source, account })
    : refuse("invalid_request", "account: 1 to 128 letters, digits, dots, hyphens and underscores, the first a letter or digit");
}

export async function listAccounts(ports: OpsPorts, call: Call<"listAccounts">): Promise<Result<AnswerOf<"listAccounts">, Refused>> {
  const source = call.params["source"] ?? "";
  const subject = subjectOf(ports, source, "any");
  if (!subject.ok) return subject;
  const { cursor, limit } = call.query;
  const found = await ports.accounts.list({ source, afterAccount: cursor, limit: limit + 1 });
  const items = found.slice(0, limit);
  return ok({
    items: items.map((account) => viewOf(ports, account, call.origin)),
    nextCursor: found.length > limit ? (items.at(-1)?.account ?? null) : null,
  });
}

/** Makes an account. A secret that is not given is made here, and told this once. */
export async function createAccount(ports: OpsPorts, call: Call<"createAccount">): Promise<Result<AnswerOf<"createAccount">, Refused>> {
  const subject = subjectOf(ports, call.params["source"] ?? "", call.body.account);
  if (!subject.ok) return subject;
  const secret = call.body.bringsSecret ? null : (call.body.secret ?? ports.newSecret(subject.value.source));
  const by = { actor: call.actor.name, reason: call.body.reason };
  const made = await ports.accounts.create({ ...subject.value, secret, by });
  if (!made.ok) return refuse(...FAILURES[made.failure]);
  return ok({ ...viewOf(ports, made.value, call.origin), secret: call.body.secret === undefined ? secret : null });
}

export async function rotateAccount(ports: OpsPorts, call: Call<"rotateAccount">): Promise<Result<AnswerOf<"rotateAccount">, Refused>> {
  const subject = subjectOf(ports, call.params["source"] ?? "", call.params["account"] ?? "");
  if (!subject.ok) return subject;
  const secret = call.body.secret ?? ports.newSecret(subject.value.source);
  const by = { actor: call.actor.name, reason: call.body.reason };
  const rotated = await ports.accounts.rotate({ ...subject.value, secret, overlapMs: call.body.overlapSeconds * 1000, by });
  if (!rotated.ok) return refuse(...FAILURES[rotated.failure]);
  return ok({ ...viewOf(ports, rotated.value, call.origin), secret: call.body.secret === undefined ? secret : null });
}

/** Disables, enables, or opens the window in which a sender may bring its own secret. */
export async function steerAccount(
  ports: OpsPorts,
  verb: "disable" | "enable" | "register",
  call: AccountCall & { readonly body: { readonly reason: string } },
): Promise<Result<AccountView, Refused>> {
  const subject = subjectOf(ports, call.params["source"] ?? "", call.params["account"] ?? "");
  if (!subject.ok) return subject;
  const steered = await ports.accounts.steer(verb, { ...subject.value, by: { actor: call.actor.name, reason: call.body.reason } });
  return steered.ok ? ok(viewOf(ports, steered.value, call.origin)) : refuse(...FAILURES[steered.failure]);
}

function viewOf(ports: OpsPorts, account: Awaited<ReturnType<OpsPorts["accounts"]["list"]>>[number], origin: string): AccountView {
  const nowMs = ports.clock();
  const publicOrigin = ports.config.sources[account.source]?.publicOrigin ?? origin;
  return {
    source: account.source,
    account: account.account,
    url: `${publicOrigin}/in/${account.source}/${account.account}`,
    state: account.state,
    secrets: account.secrets
      .filter((secret) => secret.untilMs === null || secret.untilMs > nowMs)
      .map(({ id, sinceMs, untilMs }) => ({ name: id, since: iso(sinceMs), until: untilMs === null ? null : iso(untilMs) })),
    registrationUntil:
      account.registrationUntilMs === null || account.registrationUntilMs < nowMs ? null : iso(account.registrationUntilMs),
    effectiveWithinSeconds: LIMITS.accountCacheMs / 1000,
    createdAt: iso(account.createdAtMs),
    updatedAt: iso(account.updatedAtMs),
  };
}
