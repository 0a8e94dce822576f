import type { Command } from "../command.ts";
import { accounts } from "./accounts.ts";
import { audit } from "./audit.ts";
import { completion } from "./completion.ts";
import { cost } from "./cost.ts";
import { deploy } from "./deploy.ts";
import { dlq } from "./dlq.ts";
import { doctor } from "./doctor.ts";
import { drift } from "./drift.ts";
import { erase } from "./erase.ts";
import { init } from "./init.ts";
import { keys } from "./keys.ts";
import { promote } from "./promote.ts";
import { replay } from "./replay.ts";
import { rollback } from "./rollback.ts";
import { send } from "./send.ts";
import { tail } from "./tail.ts";
import { token } from "./token.ts";
import { trace } from "./trace.ts";
import { verify } from "./verify.ts";

/** Every command. Help, completion and docs/cli.md are made from this table. */
export const COMMANDS: readonly Command[] = [
  doctor,
  send,
  tail,
  trace,
  dlq,
  replay,
  drift,
  verify,
  audit,
  erase,
  cost,
  accounts,
  keys,
  token,
  init,
  deploy,
  promote,
  rollback,
  completion,
];
