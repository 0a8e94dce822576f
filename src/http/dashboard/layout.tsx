import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { Actor } from "../../domain/roles.ts";
import { ASSETS } from "./assets.ts";
import { Shapes } from "./marks.tsx";
import { PATHS } from "./paths.ts";

/** The pages one can go to from everywhere, in the order in which people ask. */
const NAVIGATION: readonly (readonly [string, string])[] = [
  ["Overview", PATHS.overview],
  ["Alerts", PATHS.alerts],
  ["Events", PATHS.events],
  ["Dead letters", PATHS.deadLetters],
  ["Drift", PATHS.drift],
  ["Replays", PATHS.replays],
  ["Flows", PATHS.flows],
  ["Destinations", PATHS.destinations],
  ["Sources", PATHS.sources],
  ["SLAs", PATHS.slas],
  ["Ownership", PATHS.ownership],
  ["Audit", PATHS.audit],
];

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect width='24' height='24' rx='5' fill='%230a5a8a'/%3E%3Cpath d='M6 18V6m0 3h7l5 5v4' fill='none' stroke='%23fff' stroke-width='2'/%3E%3C/svg%3E";

export interface Frame {
  readonly title: string;
  readonly main: Child;
  readonly path: string;
  readonly environment: string;
  /** Null before anybody has signed in. */
  readonly visitor: { readonly actor: Actor; readonly formToken: string } | null;
  readonly live: boolean;
  /** What is being looked for, if anything. */
  readonly sought?: string | undefined;
  /** Reloads the page at once: for a browser that comes from elsewhere and sends no session the first time. */
  readonly again?: boolean;
}

/** A whole page. */
export const Layout = ({ title, main, path, environment, visitor, live, sought, again = false }: Frame) => (
  <>
    {raw("<!DOCTYPE html>")}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {again ? <meta http-equiv="refresh" content="0" /> : null}
        <title>{`${title} - Signalbox`}</title>
        <link rel="icon" href={ICON} />
        <link rel="stylesheet" href={ASSETS.styles.path} />
        <script src={ASSETS.script.path} defer />
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <Shapes />
        <header class="top">
          <Brand environment={environment} />
          {visitor === null ? null : <Find sought={sought} />}
          {visitor === null ? null : <Who actor={visitor.actor} formToken={visitor.formToken} />}
        </header>
        {visitor === null ? null : <Navigation path={path} />}
        <main id="main" tabindex={-1}>
          {main}
        </main>
        <footer>
          <span>All times are UTC.</span>
          {live ? <LiveControl /> : null}
        </footer>
      </body>
    </html>
  </>
);

const Brand = ({ environment }: { readonly environment: string }) => (
  <a class="brand" href={PATHS.overview}>
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="5" />
      <path d="M6 18V6m0 3h7l5 5v4" />
    </svg>
    Signalbox
    <span class={`environment ${environment}`}>{environment}</span>
  </a>
);

const Find = ({ sought }: { readonly sought: string | undefined }) => (
  <form class="find" action={PATHS.trace} role="search">
    <input
      type="search"
      name="key"
      aria-label="Find by order number, remote id, event or correlation id"
      placeholder="Order number, id, correlation id"
      value={sought ?? ""}
      required
      autocomplete="off"
    />
    <button type="submit">Find</button>
  </form>
);

const Who = ({ actor, formToken }: { readonly actor: Actor; readonly formToken: string }) => (
  <form class="who" method="post" action={PATHS.signOut}>
    <input type="hidden" name="formToken" value={formToken} />
    <span>
      <span class="who-name">
        <strong>{actor.name}</strong>,{" "}
      </span>
      {actor.role}
    </span>
    <button type="submit">Sign out</button>
  </form>
);

const Navigation = ({ path }: { readonly path: string }) => (
  <nav class="pages" aria-label="Pages">
    {NAVIGATION.map(([name, href]) => {
      const here = href === PATHS.overview ? path === href : path === href || path.startsWith(`${href}/`);
      return (
        <a href={href} aria-current={here ? "page" : undefined}>
          {name}
        </a>
      );
    })}
  </nav>
);

/** Shown by the script, since without it nothing updates itself. */
const LiveControl = () => (
  <div class="live" data-live="" hidden>
    <span data-live-text="" />
    <button type="button" aria-pressed="true">
      Live updates
    </button>
  </div>
);
