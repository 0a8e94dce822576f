import type { RequestSpec, ResponseSeen } from "../domain/http.ts";
import { LIMITS } from "../domain/limits.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Renewal, RenewalAccess, Subscription } from "../sources/define.ts";

/** A subscription as the index shows it. */
export interface SubscriptionState {
  readonly source: string;
  readonly subscriptionId: string;
  readonly resource: string;
  readonly expiresAtMs: number;
  readonly renewedAtMs: number | null;
  /** When the sender last told of it, or last should have. */
  readonly checkedAtMs: number;
  /** What is wrong and who must act; null while all is well. */
  readonly problem: string | null;
}

export interface PlannedRenewal {
  readonly source: string;
  readonly renewal: Renewal;
  /** What the index holds of this source. */
  readonly known: readonly SubscriptionState[];
}

export interface RenewPorts {
  readonly clock: () => number;
  /** A secret by its environment variable. */
  readonly secret: (variable: string) => string | undefined;
  /** Sends one request. Fails with what was seen when no answer came; the request may have taken effect. */
  readonly send: (request: RequestSpec, timeoutMs: number) => Promise<Result<ResponseSeen, string>>;
}

/** What one source's run has come to; its subscriptions take the place of all that the index held of the source. */
export interface RenewalReport {
  readonly source: string;
  readonly subscriptions: readonly SubscriptionState[];
  /** Why its subscriptions could not be looked at, or that there are none; null if that went well. */
  readonly problem: string | null;
}

/** A subscription that the sender has no more is shown for this long after its end, so that somebody sees that it is gone. */
const GONE_SHOWN_MS = 7 * 86_400_000;

/**
 * Renews every subscription that ends within its sender's window, and leaves the others alone. Never rejects: a source
 * or subscription that fails keeps its words to itself, and the rest goes on. The next run tries again what failed.
 */
export const renewSubscriptions = (plan: readonly PlannedRenewal[], ports: RenewPorts): Promise<readonly RenewalReport[]> =>
  Promise.all(plan.map((planned) => renewSource(planned, ports)));

async function renewSource({ source, renewal, known }: PlannedRenewal, ports: RenewPorts): Promise<RenewalReport> {
  const found = await look(renewal, ports);
  if (!found.ok) return { source, problem: found.failure, subscriptions: known.map((state) => ({ ...state, problem: found.failure })) };
  const { access, current } = found.value;
  const before = new Map(known.map((state) => [state.subscriptionId, state]));
  const states: SubscriptionState[] = [];
  for (const subscription of current) {
    const renewedAtMs = before.get(subscription.id)?.renewedAtMs ?? null;
    states.push({ source, ...(await keepAlive({ subscription, renewedAtMs, renewal, access }, ports)) });
  }
  const subscriptions = [...states, ...goneOf(known, states, ports.clock())];
  return { source, subscriptions, problem: subscriptions.length === 0 ? NONE : null };
}

const NONE = "the sender has no subscription that comes here: nothing will arrive until one is created, as the source's setup says";

interface Look {
  readonly access: RenewalAccess;
  readonly current: readonly Subscription[];
}

async function look(renewal: Renewal, ports: RenewPorts): Promise<Result<Look, string>> {
  const access = await accessOf(renewal, ports);
  if (!access.ok) return access;
  const listed = await exchange(
    () => renewal.listRequest(access.value.token),
    (response) => renewal.readList(response),
    ports,
  );
  if (!listed.ok) return listed;
  const byId = new Map(listed.value.map((subscription) => [subscription.id, subscription]));
  return ok({ access: access.value, current: [...byId.values()] });
}

async function accessOf(renewal: Renewal, ports: RenewPorts): Promise<Result<RenewalAccess, string>> {
  const secrets: Record<string, string> = {};
  for (const [role, variable] of Object.entries(renewal.secrets)) {
    const value = ports.secret(variable);
    if (value === undefined || value === "")
      return fail(`missing secret ${variable}; whoever deploys must put it with wrangler secret put`);
    secrets[role] = value;
  }
  const token = await exchange(
    () => renewal.tokenRequest(secrets),
    (response) => renewal.readToken(response),
    ports,
  );
  return token.ok ? ok({ token: token.value, secrets }) : token;
}

interface Kept {
  readonly subscription: Subscription;
  readonly renewedAtMs: number | null;
  readonly renewal: Renewal;
  readonly access: RenewalAccess;
}

async function keepAlive(kept: Kept, ports: RenewPorts): Promise<Omit<SubscriptionState, "source">> {
  const { subscription, renewedAtMs, renewal, access } = kept;
  const { id, resource, expiresAtMs } = subscription;
  const nowMs = ports.clock();
  const state = { subscriptionId: id, resource, expiresAtMs, renewedAtMs, checkedAtMs: nowMs, problem: null };
  if (expiresAtMs - nowMs > renewal.windowMs) return state;
  const renewed = await exchange(
    () => renewal.renewRequest(subscription, access),
    (response) => renewal.readRenewed(response),
    ports,
  );
  if (!renewed.ok) return { ...state, problem: renewed.failure };
  return { ...state, expiresAtMs: renewed.value ?? expiresAtMs, renewedAtMs: ports.clock() };
}

/** Asks and reads. What a module or a port throws is a failure like any other; its message might quote a secret, so its name must do. */
async function exchange<T>(
  request: () => RequestSpec,
  read: (response: ResponseSeen) => Result<T, string>,
  ports: RenewPorts,
): Promise<Result<T, string>> {
  try {
    const answer = await ports.send(request(), LIMITS.deliveryTimeoutMs);
    return answer.ok ? read(answer.value) : fail(`${answer.failure}: the next run tries again`);
  } catch (error) {
    return fail(
      `the request could not be made, or its answer not be read (${error instanceof Error ? error.name : "unknown"}): tell the router's owner`,
    );
  }
}

/** Subscriptions that the index knows and the sender has no more, unless another one for the same resource is there instead. */
function goneOf(known: readonly SubscriptionState[], current: readonly SubscriptionState[], nowMs: number): readonly SubscriptionState[] {
  const there = new Set(current.flatMap(({ subscriptionId, resource }) => [`id ${subscriptionId}`, `resource ${resource}`]));
  return known
    .filter(({ subscriptionId, resource }) => !there.has(`id ${subscriptionId}`) && !there.has(`resource ${resource}`))
    .filter(({ expiresAtMs }) => nowMs - expiresAtMs <= GONE_SHOWN_MS)
    .map((state) => ({ ...state, checkedAtMs: nowMs, problem: GONE }));
}

const GONE =
  "the sender does not have this subscription any more: it ended, or an answer of ours made the sender drop it. Whoever set the source up " +
  "must create it again, and reconcile what has changed since";
