import { eventIndex } from "../adapters/event-databases.ts";
import { type lastContacts, listSubscriptions } from "../adapters/event-queries.ts";
import {
  createAccount,
  listAccounts,
  openRegistration,
  rotateAccount,
  setAccountState,
  type Changed,
} from "../adapters/source-accounts.ts";
import type { Deployment } from "../deployment.ts";
import { LIMITS } from "../domain/limits.ts";
import { fail, type Result } from "../domain/result.ts";
import type { AccountFailure, AccountRecord, Contact, OpsPorts } from "../http/ops-ports.ts";
import { describeVerification, verdictOf } from "../verification/index.ts";
import { operatorAction, onRecord } from "./operator-action.ts";

type SourcePorts = Pick<
  OpsPorts,
  "lastContacts" | "subscriptions" | "accounts" | "newSecret" | "sourceProblem" | "sourceFacts" | "secretAges"
>;

const DAY_MS = 86_400_000;

/** What the ops API asks of sources and their accounts. */
export function sourcePorts(env: Env, deployment: Deployment): SourcePorts {
  return {
    lastContacts: async () => contactsOf(await eventIndex(env).lastContacts()),
    subscriptions: () => listSubscriptions(env.DB),
    accounts: accountPorts(env, deployment),
    newSecret: () => `whsec_${crypto.getRandomValues(new Uint8Array(32)).toBase64()}`,
    sourceProblem: (name) => deployment.problems.find((text) => text.startsWith(`sources.${name}:`)) ?? null,
    sourceFacts: (name) => factsOf(deployment, name),
    secretAges: (name) => agesOf(deployment, name, Date.now()),
  };
}

function contactsOf(rows: Awaited<ReturnType<typeof lastContacts>>): Record<string, Contact> {
  const contacts: Record<string, Contact> = {};
  for (const { source, what, atMs } of rows) {
    const name = `${what}AtMs` as keyof Contact;
    contacts[source] = { ...contacts[source], [name]: Math.max(atMs, contacts[source]?.[name] ?? 0) };
  }
  return contacts;
}

function factsOf(deployment: Deployment, name: string): ReturnType<SourcePorts["sourceFacts"]> {
  const source = deployment.source(name);
  if (!source.ok) return { verdict: "unattempted", check: "none: it is misconfigured", handshakes: [] };
  const { verification, definition, settings } = source.value;
  const handshakes = definition.handshakes?.(settings) ?? [];
  return { verdict: verdictOf(verification), check: describeVerification(verification), handshakes: handshakes.map(({ kind }) => kind) };
}

function agesOf(deployment: Deployment, name: string, nowMs: number): ReturnType<SourcePorts["secretAges"]> {
  return (deployment.config.sources[name]?.secrets ?? []).map((secret) => ({
    name: secret.env,
    present: deployment.settings.read(secret.env) !== undefined,
    since: secret.since ?? null,
    ageDays: secret.since === undefined ? null : Math.floor((nowMs - Date.parse(secret.since)) / DAY_MS),
    until: secret.until ?? null,
  }));
}

function accountPorts(env: Env, deployment: Deployment): OpsPorts["accounts"] {
  const keys = deployment.accountKeys;
  const recorded = async (
    verb: string,
    act: { source: string; account: string; by: { actor: string; reason: string } },
    change: () => Promise<Changed>,
  ) => onRecord(env, operatorAction(`account ${verb}`, `${act.source}/${act.account}`, act.by), async () => failureOf(await change()));
  return {
    list: (query) => listAccounts(env.DB, query),
    create: (act) => recorded("create", act, () => createAccount(env.DB, keys, { ...act, nowMs: Date.now() })),
    rotate: (act) => recorded("rotate", act, () => rotateAccount(env.DB, keys, { ...act, nowMs: Date.now() })),
    steer: (verb, act) => {
      const change = { ...act, nowMs: Date.now() };
      if (verb === "register")
        return recorded(verb, act, () => openRegistration(env.DB, { ...change, untilMs: change.nowMs + LIMITS.registrationMs }));
      return recorded(verb, act, () => setAccountState(env.DB, { ...change, state: verb === "enable" ? "active" : "disabled" }));
    },
  };
}

const failureOf = (changed: Changed): Result<AccountRecord, AccountFailure> =>
  changed.ok ? changed : fail(typeof changed.failure === "string" ? changed.failure : "unsealed");
