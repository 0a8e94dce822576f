import type { Connection, Credential, DestinationDefinition, Failed, RequestSpec, ResponseSeen, Session } from "../destinations/define.ts";
import { onlyReads } from "../domain/http.ts";
import { fail, ok, type Result } from "../domain/result.ts";

/** A credential, and the name under which it is given back when the system refuses it. */
export interface Held {
  readonly id: string;
  readonly credential: Credential;
}

export interface SessionPorts {
  readonly clock: () => number;
  /** Sends one request. Fails with what was seen when no answer came; the request may have taken effect. */
  readonly send: (request: RequestSpec) => Promise<Result<ResponseSeen, string>>;
  /** The connection's credential; `refused` is the id of one that the system has just refused. */
  readonly credential: (refused: string | null) => Promise<Result<Held, Failed>>;
}

export interface Exchange {
  readonly reads: boolean;
  /** Null when no answer came. */
  readonly status: number | null;
}

/** A session, and what was exchanged in it so far. */
export interface OpenSession<Settings> extends Session<Settings> {
  readonly exchanges: readonly Exchange[];
}

/** Opens a conversation with one system. Nothing is sent until the module sends it, and only to the hosts that it names. */
export function openSession<Settings>(
  definition: DestinationDefinition<Settings>,
  connection: Connection<Settings>,
  ports: SessionPorts,
): OpenSession<Settings> {
  const bare = bareSession(definition, connection, ports);
  const { authentication } = definition;
  if (authentication === undefined) return bare;
  const once = async (request: RequestSpec, held: Held | null): Promise<Result<ResponseSeen, Failed>> =>
    bare.send(await authentication.apply(request, held?.credential ?? null, bare));
  const refuses = (response: ResponseSeen): boolean => authentication.refuses?.(response) ?? response.status === 401;
  const send = async (request: RequestSpec): Promise<Result<ResponseSeen, Failed>> => {
    if (authentication.obtain === undefined || authentication.obtains?.(connection.settings) === false) return once(request, null);
    const held = await ports.credential(null);
    if (!held.ok) return held;
    const answer = await once(request, held.value);
    if (!answer.ok || !refuses(answer.value)) return answer;
    // A refused request had no effect, so it may go once more whatever it does.
    const renewed = await ports.credential(held.value.id);
    return renewed.ok ? once(request, renewed.value) : renewed;
  };
  return { ...bare, send, exchanges: bare.exchanges };
}

/** A session that proves nothing: for systems that need no proof, and for asking for a credential. */
export function bareSession<Settings>(
  { origins }: Pick<DestinationDefinition<Settings>, "origins">,
  connection: Connection<Settings>,
  ports: Pick<SessionPorts, "clock" | "send">,
): OpenSession<Settings> {
  const exchanges: Exchange[] = [];
  const allowed = new Set([connection.baseUrl, ...(origins?.(connection.settings) ?? [])].map((url) => URL.parse(url)?.origin));
  const send = async (request: RequestSpec): Promise<Result<ResponseSeen, Failed>> => {
    const origin = URL.parse(request.url)?.origin;
    if (origin === undefined || !allowed.has(origin))
      return fail(failure("config", `the destination may not be reached at ${origin ?? "an address that is no URL"}`));
    const reads = onlyReads(request);
    const answer = await ports.send(request);
    exchanges.push({ reads, status: answer.ok ? answer.value.status : null });
    return answer.ok ? ok(answer.value) : fail(failure(reads ? "transient" : "ambiguous", answer.failure));
  };
  return { ...connection, baseUrl: connection.baseUrl.replace(/\/+$/, ""), nowMs: ports.clock, send, exchanges };
}

const failure = (kind: Failed["class"], detail: string): Failed => ({ kind: "failed", class: kind, detail });
