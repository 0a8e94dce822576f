import { deleteCookie, setCookie } from "hono/cookie";
import type { AppContext, AppPorts } from "../app-ports.ts";
import { formOf } from "./form.ts";
import { refusedView } from "./notices.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { PATHS } from "./paths.ts";
import { SESSION_COOKIE, fromHere, isLocal, sessionOf, type Session } from "./session.ts";
import { show } from "./show.tsx";

/**
 * A browser that follows a link from elsewhere sends no strict cookie with the first request. The page reloads itself,
 * now coming from here; who is not signed in then, signs in.
 */
export function noSession(c: AppContext): Promise<Response> | Response {
  const { pathname, search } = new URL(c.req.url);
  if (c.req.header("sec-fetch-site") !== "cross-site")
    return c.redirect(`${PATHS.signIn}?next=${encodeURIComponent(`${pathname}${search}`)}`, 303);
  const main = (
    <p>
      <a href={`${pathname}${search}`}>Go on to the page</a>
    </p>
  );
  return show(c, { title: "One moment", main, visitor: null, live: false, again: true });
}

/** Only ever an address of the dashboard's own. */
export const nextOf = (text: string | undefined): string =>
  text !== undefined && /^\/ops(?:[/?][^\\]*)?$/.test(text) ? text : PATHS.overview;

/** The page that takes a token. */
export function showSignIn(c: AppContext, next: string, refused?: string): Promise<Response> {
  const local = isLocal(new URL(c.req.url));
  const main = <SignIn next={next} local={local} {...(refused === undefined ? {} : { problem: refused })} />;
  return show(c, { title: "Sign in", main, visitor: null, live: false }, refused === undefined ? 200 : 401);
}

/** How the dashboard keeps a cookie: for its own pages alone, and out of reach of scripts. */
export const cookieOf = (c: AppContext) => ({
  path: "/ops",
  httpOnly: true,
  secure: !isLocal(new URL(c.req.url)),
  sameSite: "Strict" as const,
});

/** Takes a token from the form, and keeps it as the session if it proves a person. */
export async function signIn(c: AppContext, ports: AppPorts): Promise<Response> {
  if (!fromHere(c.req.raw)) return showSignIn(c, PATHS.overview, "The form did not come from this page");
  const form = await formOf(c);
  const token = form?.text("token").trim() ?? "";
  const next = nextOf(form?.text("next"));
  const actor = await ports.actorOf(c, token);
  if (!actor.ok) return showSignIn(c, next, token === "" ? "Give one" : actor.failure.detail);
  setCookie(c, SESSION_COOKIE, token, cookieOf(c));
  return c.redirect(next, 303);
}

/** Ends the session. */
export async function signOut(c: AppContext, ports: AppPorts): Promise<Response> {
  const session = await sessionOf(c, ports);
  const form = await formOf(c);
  if (session !== null && !isOurs(c, session, form?.text("formToken"))) return strangersForm(c, session);
  deleteCookie(c, SESSION_COOKIE, { path: "/ops" });
  return c.redirect(PATHS.signIn, 303);
}

/** Whether a form was made by a page of ours, for this session. */
export const isOurs = (c: AppContext, session: Session, formToken: string | undefined): boolean =>
  fromHere(c.req.raw) && formToken === session.formToken;

/** What a form that is not ours is answered with. */
export const strangersForm = (c: AppContext, session: Session): Promise<Response> => {
  const { title, main, status } = refusedView(
    { code: "forbidden", detail: "the form was not made for this session; go back, reload the page and send it again" },
    "Not done",
  );
  return show(c, { title, main, visitor: session, live: false }, status);
};
