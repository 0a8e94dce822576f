import { parseArgs } from "node:util";
import { ensureLocalSecrets } from "./local-secrets.ts";
import { ROOT } from "./local.ts";
import { opsToken } from "./ops-token.ts";

const USAGE = `Usage: npm run accounts -- <action> <source> [account] [options]

  list     <source>            its accounts, and how old their secrets are
  create   <source> <account>  makes one, and prints its secret this once
  rotate   <source> <account>  gives it another secret; the earlier one is accepted for a day more
  disable  <source> <account>  lets nothing of it in any more
  enable   <source> <account>  lets it in again
  register <source> <account>  lets the sender bring its own secret, once, within 15 minutes

  --secret <text>     the sender's own secret, instead of a fresh one (create, rotate)
  --overlap <seconds> how long the earlier secret is accepted (rotate)
  --reason <text>     kept with the action; asked for by the API
  --url <origin>      a deployed router; default http://localhost:8787 (PORT changes it)

For a deployed router put a token with the role admin into SIGNALBOX_TOKEN; locally one is made.`;

const ACTIONS = ["list", "create", "rotate", "disable", "enable", "register"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { secret: { type: "string" }, overlap: { type: "string" }, reason: { type: "string" }, url: { type: "string" } },
});
const [action, source, account] = positionals;
if (action === undefined || source === undefined || !ACTIONS.includes(action) || (action !== "list" && account === undefined)) {
  console.error(USAGE);
  process.exit(2);
}

const origin = values.url ?? `http://localhost:${process.env["PORT"] ?? "8787"}`;
const token = process.env["SIGNALBOX_TOKEN"] ?? (await opsToken(ensureLocalSecrets(ROOT), "admin"));
const list = `${origin}/ops/v1/sources/${encodeURIComponent(source)}/accounts`;
const reason = values.reason ?? `${action} from the command line`;
const secret = values.secret === undefined ? {} : { secret: values.secret };
const overlap = values.overlap === undefined ? {} : { overlapSeconds: Number(values.overlap) };

const request = (url: string, body?: object): Promise<Response> =>
  fetch(url, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const CALLS: Readonly<Record<string, () => Promise<Response>>> = {
  list: () => request(list),
  create: () => request(list, { account, reason, ...secret }),
  rotate: () => request(`${list}/${account}/rotate`, { reason, ...secret, ...overlap }),
};
const call = CALLS[action] ?? (() => request(`${list}/${account}/${action}`, { reason }));

const response = await call().catch((error: unknown) => {
  console.error(
    `${origin} does not answer (${String(error instanceof Error ? (error.cause ?? error) : error)}). Start it with: npm run dev`,
  );
  process.exit(1);
});
console.log(JSON.stringify(await response.json(), null, 2));
process.exit(response.ok ? 0 : 1);
