import type { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { etag } from "hono/etag";
import { fail } from "../../domain/result.ts";
import type { AppContext, AppPorts } from "../app-ports.ts";
import { perform } from "../perform.ts";
import { statusOf } from "../problem.ts";
import type { Acted, Action } from "./actions/action.ts";
import { ACTIONS } from "./actions/index.ts";
import { ASSETS, assetResponse } from "./assets.ts";
import { formOf } from "./form.ts";
import { Notice, Refusal, refusedView } from "./notices.tsx";
import { PAGES } from "./pages/index.ts";
import { PATHS } from "./paths.ts";
import { sessionOf, type Session } from "./session.ts";
import { show } from "./show.tsx";
import { cookieOf, isOurs, nextOf, noSession, showSignIn, signIn, signOut, strangersForm } from "./signing-in.tsx";
import type { Ask, Page, View, Visit } from "./visit.ts";

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
