import { ensureLocalSecrets } from "./local-secrets.ts";
import { ROOT } from "./local.ts";
import { opsToken, ROLES } from "./ops-token.ts";

const role = ROLES.find((known) => known === process.argv[2]);
if (role === undefined) {
  console.error(`Which role? Run: npm run --silent token -- <${ROLES.join("|")}>`);
  process.exit(2);
}
console.log(await opsToken(ensureLocalSecrets(ROOT), role));
