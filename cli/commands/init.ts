import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { command, type Call } from "../command.ts";
import { EXIT, Stop, type Exit } from "../exit.ts";
import { ENV_OPTION, environmentOf, placeholdersOf, type Environment } from "../deployment/environment.ts";
import { bulk, creations, makeDatabases, makeUnless, putSecrets, type Named, type Step } from "../deployment/making.ts";
import { databaseId, variable, writeSettings } from "../deployment/wrangler-toml.ts";
import { Wrangler, written } from "../deployment/wrangler.ts";

const OPTIONS = {
  ...ENV_OPTION,
  "dry-run": { type: "boolean", summary: "print the commands, as for an empty account; needs none" },
  secrets: {
    type: "string",
    value: "file",
    file: true,
    summary: "values of secrets, as NAME=value lines; otherwise from variables of the same names",
  },
  team: { type: "string", value: "name", summary: "team of Cloudflare Access; sets OPS_ISSUER and OPS_JWKS_URL" },
  audience: { type: "string", value: "tag", summary: "audience tag of the Access application; sets OPS_AUDIENCE" },
  vars: { type: "string", value: "NAME=value,...", summary: "other variables of the environment, such as ERP_URL=https://erp.acme.test" },
} as const;

type Init = Call<typeof OPTIONS>;

export const init = command({
  name: "init",
  summary: "makes what a deployment needs in your account, once or again: database, bucket, queues, secrets",
  about: `What is there stays as it is. The database's id and the variables are written into wrangler.toml; nothing else of it is touched.
Secrets go to wrangler by its standard input and are never shown; ACCOUNT_KEY is made if it has no value.`,
  arguments: [],
  options: OPTIONS,
  examples: [
    "signalbox init --env staging --dry-run",
    "signalbox init --env staging --team acme --audience 4714... --vars ERP_URL=https://erp.acme.test --secrets .secrets.staging",
  ],
  run: async (call) => {
    const { options, world } = call;
    const environment = await environmentOf(world.root, options.env);
    const settings = variablesOf(options);
    const values = secretValues(call, environment);
    return options["dry-run"] === true ? dryRun(call, environment, { settings, values }) : make(call, environment, { settings, values });
  },
});

function variablesOf({ team, audience, vars }: Init["options"]): Named {
  const access = team === undefined ? null : `https://${team}.cloudflareaccess.com`;
  const others = (vars ?? "").split(",").filter((pair) => pair !== "");
  const pairs = others.map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) throw new Stop(EXIT.usage, `--vars: "${pair}" is no NAME=value`);
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return {
    ...(access === null ? {} : { OPS_ISSUER: access, OPS_JWKS_URL: `${access}/cdn-cgi/access/certs` }),
    ...(audience === undefined ? {} : { OPS_AUDIENCE: audience }),
    ...Object.fromEntries(pairs),
  };
}

/** Values at hand for the secrets that the environment requires. */
function secretValues({ options, world }: Init, { secrets }: Environment): Named {
  const inFile = options.secrets === undefined ? {} : readSecrets(options.secrets);
  const named = secrets.map((name) => [name, inFile[name] ?? world.env[name]] as const);
  return Object.fromEntries(named.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, value]])));
}

function readSecrets(file: string): Readonly<Record<string, string | undefined>> {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch {
    throw new Stop(EXIT.usage, `--secrets: ${file} cannot be read`);
  }
}

interface Given {
  readonly settings: Named;
  readonly values: Named;
}

function dryRun({ show }: Init, environment: Environment, { settings, values }: Given): Exit {
  const { databases, buckets, queues } = creations(environment);
  const names = [...new Set([...Object.keys(values), ...environment.secrets.filter((name) => name === "ACCOUNT_KEY")])];
  const missing = environment.secrets.filter((name) => !names.includes(name));
  const commands = [...databases, ...buckets, ...queues, ...(names.length === 0 ? [] : [bulk(environment)])].map((args) => written(args));
  show({ environment: environment.name, commands, settings, secrets: names, missing }, () =>
    [
      ...commands.map((line) => (line.includes(" secret bulk ") ? `${line}   # standard input: ${names.join(", ")}` : line)),
      `wrangler.toml: database_id of ${environment.name}${Object.entries(settings)
        .map(([name, value]) => `, ${name} = ${value}`)
        .join("")}`,
      ...missing.map((name) => `${written(["secret", "put", name, "--env", environment.name])}   # no value at hand`),
    ].join("\n"),
  );
  return EXIT.ok;
}

async function make({ world, show }: Init, environment: Environment, given: Given): Promise<Exit> {
  const wrangler = new Wrangler(world);
  await wrangler.signedIn();
  const steps: Step[] = [];
  const tell = (step: Step): void => {
    steps.push(step);
    world.say(`${step.state.padEnd(9)} ${step.what}`);
  };
  const { databases, buckets, queues } = creations(environment);
  const ids = await makeDatabases(wrangler, environment, { commands: databases, tell });
  for (const [index, bucket] of environment.buckets.entries())
    tell(await makeUnless(await wrangler.hasBucket(bucket), wrangler, { what: `bucket ${bucket}`, args: buckets[index] ?? [] }));
  for (const [index, queue] of environment.queues.entries())
    tell(await makeUnless(await wrangler.hasQueue(queue), wrangler, { what: `queue ${queue}`, args: queues[index] ?? [] }));
  const settings = Object.entries(given.settings).map(([name, value]) => variable(environment.name, name, value));
  const homeless = writeSettings(world.root, [...ids.map((id) => databaseId(environment.name, id)), ...settings]);
  for (const name of homeless) tell({ what: `wrangler.toml has no ${name} in [env.${environment.name}.vars]; add it`, state: "to do" });
  for (const step of await putSecrets(wrangler, environment, given.values)) tell(step);
  for (const { name, value } of placeholdersOf(await environmentOf(world.root, environment.name)))
    tell({ what: `wrangler.toml: ${name} is still the placeholder "${value}"`, state: "to do" });
  const left = steps.filter(({ state }) => state === "to do");
  show({ environment: environment.name, steps }, () =>
    left.length === 0
      ? `Ready. Next: npm run deploy -- --env ${environment.name}`
      : `${left.length} left to do, then: npm run deploy -- --env ${environment.name}`,
  );
  return left.length === 0 ? EXIT.ok : EXIT.found;
}
