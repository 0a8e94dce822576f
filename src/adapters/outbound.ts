import type { RequestSpec, ResponseSeen } from "../destinations/define.ts";
import { onlyReads } from "../domain/http.ts";
import { LIMITS } from "../domain/limits.ts";
import { fail, ok, type Result } from "../domain/result.ts";

/** Names and literal addresses that lead into private networks; refused outside local development. */
const PRIVATE_HOST =
  /^(localhost|.*\.(local|internal|localhost)|127\..*|10\..*|0\..*|169\.254\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\..*|\[.*\])$/i;

/** A name of one word is resolved by a private network, if at all. */
const isPrivate = ({ hostname }: URL): boolean => PRIVATE_HOST.test(hostname) || !hostname.includes(".");

/**
 * Why a destination's base URL may not be called; null if it may. Egress is https to public hosts, except locally. A
 * binding reaches private hosts too, and those by http as well, since what is between is its tunnel; a public host is
 * https also then, for a binding that only shows a client certificate goes over the internet.
 */
export function egressProblem(baseUrl: string, { local, bound }: { readonly local: boolean; readonly bound: boolean }): string | null {
  const url = URL.parse(baseUrl);
  if (url === null) return `"${baseUrl}" is not a URL`;
  if (!/^https?:$/.test(url.protocol)) return `${url.protocol} is neither https nor http`;
  if (local || (bound && isPrivate(url))) return null;
  if (url.protocol !== "https:") return `${url.origin} is not https`;
  return isPrivate(url) ? `${url.hostname} is a private address` : null;
}

/** A binding that takes requests another way than over the internet: a VPC or tunnel service, one that shows a client certificate, a bucket. */
export type Way = Pick<Fetcher, "fetch">;

/** The runtime's own fetch, which refuses to be called as a method of anything else. */
const INTERNET: Way = { fetch: (input, init) => fetch(input, init) };

/**
 * Sends one request to a configured host. No redirect is followed: its status is the answer. Fails when no whole answer
 * came within `timeoutMs`; the request may have taken effect all the same.
 */
export async function send(request: RequestSpec, timeoutMs: number, via?: Way): Promise<Result<Omit<ResponseSeen, "nowMs">, string>> {
  try {
    const response = await (via ?? INTERNET).fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: request.body }),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return ok({ status: response.status, headers: response.headers, body: await readSome(response, bytesRead(request)) });
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    return fail(timedOut ? `no answer within ${timeoutMs} ms` : `no answer: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A list of records is read whole; of an answer to a write, what tells its outcome. */
const bytesRead = (request: RequestSpec): number => (onlyReads(request) ? LIMITS.pageBytesRead : LIMITS.responseBytesRead);

async function readSome(response: Response, limitBytes: number): Promise<string> {
  if (response.body === null) return "";
  // What says that it is small is read in one go, which costs a fraction of its chunks.
  const declaredBytes = Number(response.headers.get("content-length") ?? Number.NaN);
  if (declaredBytes <= limitBytes && !response.headers.has("content-encoding")) return response.text();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += (chunk as Uint8Array).byteLength;
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (bytes >= limitBytes) break;
  }
  return text;
}
