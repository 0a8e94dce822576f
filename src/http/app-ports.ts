import type { Context } from "hono";
import type { Family } from "../domain/signals/open-metrics.ts";
import type { Authenticated } from "./auth.ts";
import type { Handlers } from "./ops-ports.ts";
import type { ReceivePorts } from "./receive.ts";

export type AppContext = Context<{ Bindings: Env }>;

/** Makes each request's ports from its environment, and only those it needs. */
export interface AppPorts {
  readonly receive: (context: AppContext) => ReceivePorts;
  readonly ops: (context: AppContext) => Handlers;
  /** Who makes a request. Whoever fails too often, or calls too often, is refused as `rate_limited`. */
  readonly authenticate: (context: AppContext) => Promise<Authenticated>;
  /** Who a token or API key names, under the same bounds. */
  readonly actorOf: (context: AppContext, credential: string) => Promise<Authenticated>;
  /** What is wrong with this deployment; empty when all is well. */
  readonly problems: (context: AppContext) => readonly string[];
  /** The public keys that exports of the audit trail are checked with, as a JWK set. */
  readonly auditKeys: (context: AppContext) => Promise<object>;
  /** Whether a request brings the token of scrapers, which opens the metrics and nothing else. */
  readonly isMetricsToken: (context: AppContext) => Promise<boolean>;
  readonly metrics: (context: AppContext) => Promise<readonly Family[]>;
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}
