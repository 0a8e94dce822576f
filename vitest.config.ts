import { generateKeyPairSync } from "node:crypto";
import path from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { localSenderSecrets } from "./scripts/local-secrets.ts";
import { router } from "./src/router.config.ts";

/** Every secret that the configuration names; the tests sign with the same. */
function testSecrets(): Record<string, string> {
  const ofSources = Object.values(router.sources).flatMap((source) => source.secrets.map((secret) => secret.env));
  const ofDestinations = Object.values(router.destinations).flatMap((destination) => Object.values(destination.secrets ?? {}));
  const secret = (name: string): string => `whsec_${Buffer.from(`for tests only: ${name}`.padEnd(32, "."), "utf8").toString("base64")}`;
  const named = Object.fromEntries([...ofSources, ...ofDestinations].map((name) => [name, secret(name)]));
  return { ...named, ...localSecrets(), ACCOUNT_KEY: Buffer.alloc(32, 7).toString("base64") };
}

/** Those of the senders that only the local environment has: what the router holds, and what the tests sign with. */
function localSecrets(): Record<string, string> {
  const made = Object.entries(localSenderSecrets({}, "for tests"));
  const held = Object.fromEntries(made.map(([name, { secret }]) => [name, secret]));
  const signing = Object.fromEntries(made.map(([name, { secret, signingKey }]) => [name, signingKey ?? secret]));
  return { LOCAL_SENDER_SECRETS: JSON.stringify(held), TEST_SENDER_KEYS: JSON.stringify(signing) };
}

function opsKeys(): { TEST_OPS_KEY: string; OPS_JWKS: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const named = { kid: "test", alg: "ES256" };
  return {
    TEST_OPS_KEY: JSON.stringify({ ...privateKey.export({ format: "jwk" }), ...named }),
    OPS_JWKS: JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), ...named }] }),
  };
}

const QUICK = { maxBatchTimeout: 0.05, maxRetries: 100, retryDelay: 1 };

/** Tests inside workerd, of the Worker as wrangler.toml names it. */
interface WorkersProject {
  readonly name: string;
  readonly include: readonly string[];
  /** Modules that others take the place of. */
  readonly alias?: readonly { readonly find: string; readonly replacement: string }[];
}

export default defineConfig(async () => {
  const migrations = await readD1Migrations(path.join(import.meta.dirname, "migrations"));
  const workers = ({ name, include, alias = [] }: WorkersProject) => ({
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          // A second database for what is tried over several; no test but those sees it as DB_2.
          d1Databases: ["SECOND_DB"],
          bindings: { ...testSecrets(), ...opsKeys(), TEST_MIGRATIONS: migrations },
          queueConsumers: {
            "signalbox-critical": { ...QUICK, maxBatchSize: 25, deadLetterQueue: "signalbox-dead" },
            "signalbox-standard": { ...QUICK, maxBatchSize: 100, deadLetterQueue: "signalbox-dead" },
            "signalbox-bulk": { ...QUICK, maxBatchSize: 100, deadLetterQueue: "signalbox-dead" },
            "signalbox-dead": { ...QUICK, maxBatchSize: 100 },
          },
        },
      }),
    ],
    resolve: { alias: [...alias] },
    test: { name, testTimeout: 30_000, include: [...include], setupFiles: ["./test/support/apply-migrations.ts"] },
  });
  return {
    test: {
      // Half of what a test of the Worker takes is waiting: two share two cores well, where the default would be one.
      maxWorkers: 2,
      projects: [
        {
          test: {
            name: "node",
            // A shared machine can be slow; what hangs is found all the same.
            testTimeout: 30_000,
            include: ["test/{domain,cli,pipeline,contract,systems,guarantees}/**/*.test.ts"],
          },
        },
        // Other people's servers, installed when first run: not part of the default run.
        { test: { name: "erp", include: ["test/erp/**/*.test.ts"], fileParallelism: false, testTimeout: 30_000 } },
        // A minute of its own, and processes to kill: not part of the default run.
        { test: { name: "restart", include: ["test/restart/**/*.test.ts"] } },
        // Needs a browser, which npm does not bring: not part of the default run either.
        { test: { name: "browser", include: ["test/browser/**/*.test.ts"], fileParallelism: false, testTimeout: 60_000 } },
        workers({ name: "workers", include: ["test/workers/**/*.test.ts"] }),
        // The same Worker with a configuration of its own, in which every flow is on and waits for seconds.
        workers({
          name: "flows",
          include: ["test/flows/**/*.test.ts"],
          alias: [{ find: "./router.config.ts", replacement: path.join(import.meta.dirname, "test", "flows", "router.config.ts") }],
        }),
      ],
    },
  };
});
