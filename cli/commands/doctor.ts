import { API_OPTIONS, command, type Call } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { originOf } from "../connection.ts";
import { ENV_OPTION, environmentOf } from "../deployment/environment.ts";
import { account } from "../doctor/account.ts";
import { configuration, localSecrets, placeholders } from "../doctor/files.ts";
import { skipped, type Finding } from "../doctor/finding.ts";
import { health, sources } from "../doctor/router.ts";

const OPTIONS = { ...ENV_OPTION, ...API_OPTIONS } as const;

type Doctor = Call<typeof OPTIONS>;

export const doctor = command({
  name: "doctor",
  summary: "checks the configuration, the router, and with --env the account; says what to do",
  about: `Looks at router.config.ts, wrangler.toml, the router's /healthz, clocks, sources and subscriptions; with --env also at database, migrations,
bucket, queues and secrets of the account. Changes nothing.`,
  arguments: [],
  options: OPTIONS,
  examples: ["signalbox doctor", "signalbox doctor --env staging --url https://staging.router.acme.test"],
  run: async (call) => {
    const findings = [
      ...(await configuration(call.world.root)),
      ...(call.options.env === undefined ? await local(call) : await deployed(call)),
    ];
    call.show({ findings }, () => findings.map(line).join("\n"));
    return findings.some(({ state }) => state === "wrong") ? EXIT.found : EXIT.ok;
  },
});

async function local({ api, options, world }: Doctor): Promise<readonly Finding[]> {
  const origin = originOf(options.url, world.env);
  const answered = await health(world, origin, "start it with: npm run dev");
  const up = answered.some(({ check, state }) => check === "router" && state === "ok");
  return [...localSecrets(world.root), ...answered, ...(up ? await sources(await api("viewer"), world.now()) : [])];
}

async function deployed({ api, options, world }: Doctor): Promise<readonly Finding[]> {
  const environment = await environmentOf(world.root, options.env);
  const url = options.url ?? world.env["SIGNALBOX_URL"];
  const inAccount = await account(world, environment).catch((error: unknown) => {
    if (!(error instanceof Stop)) throw error;
    return [skipped("account", error.message)];
  });
  const there = [...placeholders(environment), ...inAccount];
  if (url === undefined) return [...there, skipped("router", `say where it answers: --url, or SIGNALBOX_URL`)];
  const answered = await health(world, originOf(url, world.env), `npm run deploy -- --env ${environment.name}`);
  if (world.env["SIGNALBOX_TOKEN"] === undefined)
    return [...there, ...answered, skipped("sources", "put a viewer's token into SIGNALBOX_TOKEN")];
  return [...there, ...answered, ...(await sources(await api("viewer"), world.now()))];
}

const MARKS = { ok: "ok   ", wrong: "WRONG", skip: "-    " } as const;

const line = ({ check, state, what, todo }: Finding): string =>
  `${MARKS[state]} ${check.padEnd(16)} ${what}${todo === null ? "" : `\n${" ".repeat(23)}-> ${todo}`}`;
