import type { Context } from "hono";
import type { Result } from "../domain/result.ts";
import type { Family } from "../domain/signals/open-metrics.ts";
import type { Actor } from "./auth.ts";
import type { Handlers } from "./ops-ports.ts";
import type { ReceivePorts } from "./receive.ts";

export type AppContext = Context<{ Bindings: Env }>;

/** Makes each request's ports from its environment, and only those it needs. */
export interface AppPorts {
  readonly receive: (context: AppContext) => ReceivePorts;
  readonly ops: (context: AppContext) => Handlers;
  readonly authenticate: (context: AppContext) => Promise<Result<Actor, string>>;
  /** Who a token names; fails with words if it is none of this deployment's. */
  readonly actorOf: (context: AppContext, token: string) => Promise<Result<Actor, string>>;
  /** What is wrong with this deployment; empty when all is well. */
  readonly problems: (context: AppContext) => readonly string[];
  /** Whether a request may read the metrics: by the metrics token, or as a viewer. Fails with words. */
  readonly mayReadMetrics: (context: AppContext) => Promise<Result<null, string>>;
  readonly metrics: (context: AppContext) => Promise<readonly Family[]>;
  readonly log: (entry: Readonly<Record<string, unknown>>) => void;
}
