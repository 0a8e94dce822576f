import { getCookie } from "hono/cookie";
import type { AppContext, AppPorts } from "../app-ports.ts";
import type { Actor } from "../../domain/roles.ts";

export const SESSION_COOKIE = "signalbox_session";

/** A person's session: who they are, and the proof that a form was made for them. */
export interface Session {
  readonly actor: Actor;
  readonly formToken: string;
}

/**
 * The session of a request. Behind Cloudflare Access its token comes with every request, as a header and as a cookie
 * (developers.cloudflare.com/cloudflare-one/identity/authorization-cookie); elsewhere from our own sign-in page.
 */
export async function sessionOf(c: AppContext, ports: Pick<AppPorts, "actorOf">): Promise<Session | null> {
  const tokens = [c.req.header("cf-access-jwt-assertion"), getCookie(c, "CF_Authorization"), getCookie(c, SESSION_COOKIE)];
  for (const token of tokens) {
    if (token === undefined || token === "") continue;
    const actor = await ports.actorOf(c, token);
    if (actor.ok) return { actor: actor.value, formToken: await formTokenOf(token) };
  }
  return null;
}

/** Follows from the session's token, which no script and no other site can read: nothing has to be kept for it. */
async function formTokenOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`signalbox dashboard forms\n${token}`));
  return new Uint8Array(digest).toHex();
}

/** Whether a request was made by a page of ours: a browser always says where a form was sent from. */
export const fromHere = (request: Request): boolean => request.headers.get("origin") === new URL(request.url).origin;

/** Plain http only ever on the machine itself. */
export const isLocal = (url: URL): boolean => url.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
