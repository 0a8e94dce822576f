import type { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { etag } from "hono/etag";
import { fail } from "../../domain/result.ts";
import type { AppContext, AppPorts } from "../app-ports.ts";
import { perform } from "../perform.ts";
import { statusOf } from "../problem.ts";
import { ACTIONS, type Acted, type Action } from "./actions.ts";
import { ASSETS, assetResponse } from "./assets.ts";
import { formOf } from "./form.ts";
import { Layout, type Frame } from "./layout.tsx";
import { Notice, Refusal, refusedView } from "./notices.tsx";
import { alertsPage } from "./pages/alerts.tsx";
import { auditPage } from "./pages/audit.tsx";
import { deadLetterPage } from "./pages/dead-letter.tsx";
import { deadLettersPage } from "./pages/dead-letters.tsx";
import { destinationsPage } from "./pages/destinations.tsx";
import { driftPage, findingPage } from "./pages/drift.tsx";
import { entityPage } from "./pages/entity.tsx";
import { eventPage } from "./pages/event.tsx";
import { eventsPage } from "./pages/events.tsx";
import { flowPage } from "./pages/flow.tsx";
import { flowsPage } from "./pages/flows.tsx";
import { newReplayPage } from "./pages/new-replay.tsx";
import { overviewPage } from "./pages/overview.tsx";
import { ownershipPage } from "./pages/ownership.tsx";
import { replayPage } from "./pages/replay.tsx";
import { replaysPage } from "./pages/replays.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { slaPage } from "./pages/sla.tsx";
import { slasPage } from "./pages/slas.tsx";
import { sourcePage, sourcesPage } from "./pages/sources.tsx";
import { tracePage } from "./pages/trace.tsx";
import { PATHS } from "./paths.ts";
import { SESSION_COOKIE, fromHere, isLocal, sessionOf, type Session } from "./session.ts";
import type { Ask, Page, View, Visit } from "./visit.ts";

/** Every page that is only looked at. */
const PAGES: readonly (readonly [string, Page])[] = [
  [PATHS.overview, overviewPage],
  [PATHS.alerts, alertsPage],
  [PATHS.events, eventsPage],
  ["/ops/events/:id", eventPage],
  ["/ops/entities/:kind/:key", entityPage],
  [PATHS.trace, tracePage],
  [PATHS.deadLetters, deadLettersPage],
  ["/ops/dead-letters/:id", deadLetterPage],
  [PATHS.drift, driftPage],
  ["/ops/drift/:id", findingPage],
  [PATHS.replays, replaysPage],
  [PATHS.newReplay, newReplayPage],
  ["/ops/replays/:id", replayPage],
  [PATHS.flows, flowsPage],
  ["/ops/flows/:id", flowPage],
  [PATHS.destinations, destinationsPage],
  [PATHS.sources, sourcesPage],
  ["/ops/sources/:name", sourcePage],
  [PATHS.slas, slasPage],
  ["/ops/slas/:name", slaPage],
  [PATHS.ownership, ownershipPage],
  [PATHS.audit, auditPage],
];

/** Nothing from elsewhere, nothing inline, nobody's frame; addresses of pages stay with us. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "cache-control": "no-store",
};

const FLASH_COOKIE = "signalbox_said";
const FLASH_SECONDS = 30;

type App = Hono<{ Bindings: Env }>;

/** The dashboard: pages over the very calls of the ops API, and forms that make them. */
export function mountDashboard(app: App, ports: AppPorts): void {
  for (const asset of Object.values(ASSETS)) app.get(asset.path, () => assetResponse(asset));
  app.get("/ops/", (c) => c.redirect(PATHS.overview, 301));
  app.get(PATHS.signIn, (c) => showSignIn(c, nextOf(c.req.query("next"))));
  app.post(PATHS.signIn, (c) => signIn(c, ports));
  app.post(PATHS.signOut, (c) => signOut(c, ports));
  app.get("/ops/events/:id/raw", (c) => raw(c, ports));
  for (const action of ACTIONS) app.post(action.path, (c) => actOn(c, ports, action));
  for (const [path, page] of PAGES) app.get(path, etag(), (c) => look(c, ports, page));
  app.get("/ops/:rest{(?!v1/).+}", (c) =>
    look(c, ports, async () => refusedView({ code: "not_found", detail: "there is no such page" }, "Not found")),
  );
}

function show(c: AppContext, frame: Omit<Frame, "path" | "environment" | "sought">, status = 200): Promise<Response> {
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  const { path } = c.req;
  return Promise.resolve(
    c.html(
      <Layout {...frame} path={path} environment={c.env.ENVIRONMENT} sought={path === PATHS.trace ? c.req.query("key") : undefined} />,
      status as 200,
    ),
  );
}

function visitOf(c: AppContext, ports: AppPorts, session: Session): Visit {
  const handlers = ports.ops(c);
  const { origin } = new URL(c.req.url);
  const ask: Ask = (name, call = {}) => perform(handlers, name, { params: {}, query: {}, body: {}, ...call, actor: session.actor, origin });
  return {
    ...session,
    environment: c.env.ENVIRONMENT,
    path: c.req.path,
    params: c.req.param(),
    query: c.req.query(),
    entered: {},
    ask,
  };
}

/** A page that fails is a page too: it says so, and that nothing is lost. */
async function rendered(c: AppContext, ports: AppPorts, page: () => Promise<View>): Promise<View> {
  try {
    return await page();
  } catch (error) {
    ports.log({ level: "error", message: "a page could not be shown", path: c.req.routePath, error: String(error) });
    return refusedView({ code: "unavailable", detail: "what this page shows could not be read" }, "Not available");
  }
}

async function look(c: AppContext, ports: AppPorts, page: Page): Promise<Response> {
  const session = await sessionOf(c, ports);
  if (session === null) return noSession(c);
  const view = await rendered(c, ports, () => page(visitOf(c, ports, session)));
  const said = getCookie(c, FLASH_COOKIE);
  if (said !== undefined) deleteCookie(c, FLASH_COOKIE, { path: "/ops" });
  const main = (
    <>
      {said === undefined ? null : <Notice tone="good" title={said} />}
      {view.main}
    </>
  );
  return show(c, { title: view.title, main, visitor: session, live: view.live === true }, view.status);
}

/**
 * A browser that follows a link from elsewhere sends no strict cookie with the first request. The page reloads itself,
 * now coming from here; who is not signed in then, signs in.
 */
function noSession(c: AppContext): Promise<Response> | Response {
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
const nextOf = (text: string | undefined): string => (text !== undefined && /^\/ops(?:[/?][^\\]*)?$/.test(text) ? text : PATHS.overview);

function showSignIn(c: AppContext, next: string, refused?: string): Promise<Response> {
  const local = isLocal(new URL(c.req.url));
  const main = <SignIn next={next} local={local} {...(refused === undefined ? {} : { problem: refused })} />;
  return show(c, { title: "Sign in", main, visitor: null, live: false }, refused === undefined ? 200 : 401);
}

const cookieOf = (c: AppContext) => ({ path: "/ops", httpOnly: true, secure: !isLocal(new URL(c.req.url)), sameSite: "Strict" as const });

async function signIn(c: AppContext, ports: AppPorts): Promise<Response> {
  if (!fromHere(c.req.raw)) return showSignIn(c, PATHS.overview, "The form did not come from this page");
  const form = await formOf(c);
  const token = form?.text("token").trim() ?? "";
  const next = nextOf(form?.text("next"));
  const actor = await ports.actorOf(c, token);
  if (!actor.ok) return showSignIn(c, next, token === "" ? "Give one" : actor.failure.detail);
  setCookie(c, SESSION_COOKIE, token, cookieOf(c));
  return c.redirect(next, 303);
}

async function signOut(c: AppContext, ports: AppPorts): Promise<Response> {
  const session = await sessionOf(c, ports);
  const form = await formOf(c);
  if (session !== null && !isOurs(c, session, form?.text("formToken"))) return strangersForm(c, session);
  deleteCookie(c, SESSION_COOKIE, { path: "/ops" });
  return c.redirect(PATHS.signIn, 303);
}

const isOurs = (c: AppContext, session: Session, formToken: string | undefined): boolean =>
  fromHere(c.req.raw) && formToken === session.formToken;

const strangersForm = (c: AppContext, session: Session): Promise<Response> => {
  const { title, main, status } = refusedView(
    { code: "forbidden", detail: "the form was not made for this session; go back, reload the page and send it again" },
    "Not done",
  );
  return show(c, { title, main, visitor: session, live: false }, status);
};

async function actOn(c: AppContext, ports: AppPorts, { act, page }: Action): Promise<Response> {
  const session = await sessionOf(c, ports);
  if (session === null) return c.redirect(PATHS.signIn, 303);
  const form = await formOf(c);
  if (form === null || !isOurs(c, session, form.text("formToken"))) return strangersForm(c, session);
  const visit = { ...visitOf(c, ports, session), entered: form.fields };
  const acted = await act(visit, form).catch((error: unknown) => failedAction(c, ports, error));
  if (acted.ok) return done(c, session, acted.value);
  const refused = acted.failure;
  const view = await rendered(c, ports, () => page(visit));
  const main = (
    <>
      <Refusal of={refused} />
      {view.main}
    </>
  );
  return show(c, { title: view.title, main, visitor: session, live: false }, statusOf(refused.code));
}

function done(c: AppContext, session: Session, acted: Acted): Promise<Response> | Response {
  if (acted.kind === "shown") return show(c, { ...acted.view, visitor: session, live: false });
  setCookie(c, FLASH_COOKIE, acted.said, { ...cookieOf(c), maxAge: FLASH_SECONDS });
  return c.redirect(acted.to, 303);
}

function failedAction(c: AppContext, ports: AppPorts, error: unknown): Awaited<ReturnType<Action["act"]>> {
  ports.log({ level: "error", message: "an action failed unexpectedly", path: c.req.routePath, error: String(error) });
  return fail({ code: "unavailable", detail: "look whether it was done before you try again" });
}

async function raw(c: AppContext, ports: AppPorts): Promise<Response> {
  const session = await sessionOf(c, ports);
  if (session === null) return noSession(c);
  const visit = visitOf(c, ports, session);
  const found = await visit.ask("getRaw", { params: visit.params });
  if (found.ok) return found.value;
  const { title, main, status } = refusedView(found.failure, "Raw body");
  return show(c, { title, main, visitor: session, live: false }, status);
}
