import path from "node:path";
import { router } from "../src/router.config.ts";
import { ROOT, startLocal } from "./local.ts";

const port = Number(process.env["PORT"] ?? 8787);
const sandboxPort = Number(process.env["SANDBOX_PORT"] ?? 8790);

const local = await startLocal({ port, sandboxPort, dataDir: path.join(ROOT, ".local", "state"), fresh: false }).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});

const curl = [
  `BODY='{"eventId":"'$(date +%s%N)'","type":"customer.updated","data":{"id":"C-1","name":"Ada Ltd","updatedAt":"'$(date -u +%FT%TZ)'"}}'; T=$(date +%s)`,
  `S=$(grep ^CUSTOM_SECRET= .dev.vars | cut -d"'" -f2)`,
  `curl -i ${local.routerUrl}/in/custom -H "content-type: application/json" -H "x-timestamp: $T" -H "x-signature: $(printf '%s' "$T.$BODY" | openssl dgst -sha256 -hmac "$S" -r | cut -d' ' -f1)" -d "$BODY"`,
].join("; \\\n  ");

console.log(`Router   ${local.routerUrl}   (log: ${path.relative(ROOT, local.logFile)})
Sandbox  ${local.sandbox.url}   ERP /erp, CRM /crm, support /support; faults: POST /faults

Sources
${Object.entries(router.sources)
  .map(([name, source]) => `  ${name.padEnd(14)} ${local.routerUrl}/in/${name}   ${source.scheme}`)
  .join("\n")}

Secrets of the local sources:  npm run --silent sources
Send a sample:                 npm run send -- salesforce opportunity-won
Or by hand:
  ${curl}

Dashboard: open ${local.routerUrl}/ops/sign-in and paste a token:
  npm run --silent token -- operator

Ask what happened:
  TOKEN=$(npm run --silent token -- operator)
  curl -s -H "authorization: Bearer $TOKEN" ${local.routerUrl}/ops/v1/events

Ctrl-C ends it; data stays in .local/state.`);

const stopped = new Promise<0>((resolve) => {
  process.once("SIGINT", () => resolve(0));
  process.once("SIGTERM", () => resolve(0));
});
const code = await Promise.race([stopped, local.ended.catch((error: unknown) => error)]);
await local.stop();
if (code !== 0) console.error(code instanceof Error ? code.message : code);
process.exit(code === 0 ? 0 : 1);
