import type { AppContext } from "../app-ports.ts";
import { Layout, type Frame } from "./layout.tsx";
import { PATHS } from "./paths.ts";

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

/** A whole page as an answer, with the policy that it is shown under. */
export function show(c: AppContext, frame: Omit<Frame, "path" | "environment" | "sought">, status = 200): Promise<Response> {
  for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  const { path } = c.req;
  return Promise.resolve(
    c.html(
      <Layout {...frame} path={path} environment={c.env.ENVIRONMENT} sought={path === PATHS.trace ? c.req.query("key") : undefined} />,
      status as 200,
    ),
  );
}
