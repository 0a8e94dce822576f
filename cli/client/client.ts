import { ROUTES, type Bytes, type Operations, type Problem } from "./operations.ts";

export type CallName = keyof Operations;
export type Query<N extends CallName> = Operations[N]["query"];
export type Body<N extends CallName> = Operations[N]["body"];
export type Answer<N extends CallName> = Operations[N]["answer"];

/** What an item of a list is. */
export type Item<N extends CallName> = Answer<N> extends { readonly items: readonly (infer T)[] } ? T : never;

type Filled<Name extends string, T> = {} extends T
  ? { readonly [K in Name]?: T }
  : undefined extends T
    ? { readonly [K in Name]?: undefined }
    : { readonly [K in Name]: T };
export type Input<N extends CallName> = Filled<"params", Operations[N]["params"]> & Filled<"query", Query<N>> & Filled<"body", Body<N>>;

/** Why there is no answer: nobody answered, or the router refused. `code` is the stable one of its problem document. */
export type CallFailure =
  | { readonly kind: "unreachable"; readonly detail: string }
  | { readonly kind: "refused"; readonly status: number; readonly code: string; readonly detail: string };

export type Called<T> =
  | { readonly ok: true; readonly value: T; readonly date: string | null }
  | { readonly ok: false; readonly failure: CallFailure };

export interface ClientSettings {
  /** Scheme and host of the router. */
  readonly origin: string;
  readonly token: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly timeoutMs?: number;
}

export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** Values of a call as the generic code below sees them; `Input` is what callers are held to. */
interface Loose {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Parameters | undefined;
  readonly body?: unknown;
}

/** A client of the ops API that needs nothing but `fetch`: every call typed by the API's own description. */
export class SignalboxClient {
  readonly #settings: ClientSettings;

  constructor(settings: ClientSettings) {
    this.#settings = settings;
  }

  /** Makes one call. Never throws for what can be expected. */
  call<N extends CallName>(name: N, input: Input<N>): Promise<Called<Answer<N>>> {
    const { method, path } = ROUTES[name];
    const { params = {}, query, body } = input as Loose;
    const filled = path.replaceAll(/\{(\w+)\}/g, (_whole, key: string) => encodeURIComponent(params[key] ?? ""));
    return this.request<Answer<N>>(method, filled, { query, body });
  }

  /** A call by its address, for what the description does not have. The answer is taken at its word. */
  async request<T>(method: "get" | "post", path: string, { query = {}, body }: Loose = {}): Promise<Called<T>> {
    const { origin, token, fetch = globalThis.fetch, timeoutMs = 30_000 } = this.#settings;
    const url = new URL(path, origin);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    try {
      const response = await fetch(url, {
        method: method.toUpperCase(),
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A sign-in page of whatever stands before the router is not its answer.
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      return response.ok
        ? { ok: true, value: (await answerOf(response)) as T, date: response.headers.get("date") }
        : { ok: false, failure: await refusalOf(response) };
    } catch (error) {
      return { ok: false, failure: { kind: "unreachable", detail: wordsOf(error) } };
    }
  }
}

async function answerOf(response: Response): Promise<unknown> {
  if (/\bjson\b/.test(response.headers.get("content-type") ?? "")) return response.json();
  const bytes: Bytes = { bytes: new Uint8Array(await response.arrayBuffer()), headers: response.headers };
  return bytes;
}

async function refusalOf(response: Response): Promise<CallFailure> {
  // Whatever stands before the router may answer in its place, with no problem document or none of ours.
  const problem = (await response.json().catch(() => ({}))) as Partial<Problem>;
  const said = [problem.title, problem.detail].filter((part) => part !== undefined).join(" ");
  return { kind: "refused", status: response.status, code: problem.code ?? "unknown", detail: said === "" ? response.statusText : said };
}

/** The cause of a failed fetch says more than its message. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError) return cause.errors.map(String).join("; ");
  return cause instanceof Error ? cause.message : error.message;
}
