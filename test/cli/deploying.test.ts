import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ROOT, type Ran } from "../../cli/world.ts";
import { fakeServer, signalbox } from "./support.ts";

const made: string[] = [];
afterAll(() => made.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

/** A folder with the project's wrangler.toml, and what doctor reads beside it. */
function project(): string {
  const root = mkdtempSync(path.join(tmpdir(), "signalbox-project-"));
  made.push(root);
  mkdirSync(path.join(root, "src"));
  for (const file of ["wrangler.toml", ".dev.vars.example", path.join("src", "router.config.ts")])
    cpSync(path.join(ROOT, file), path.join(root, file));
  return root;
}

const toml = (root: string): string => readFileSync(path.join(root, "wrangler.toml"), "utf8");

const ok = (output = ""): Ran => ({ code: 0, output });
const absent: Ran = { code: 1, output: "✘ [ERROR] It does not exist. [code: 10006]" };
const missing = (there: boolean): Ran => (there ? ok() : absent);

/** A Cloudflare account as wrangler shows it: what was made stays. */
class Account {
  readonly ran: string[] = [];
  readonly inputs: string[] = [];
  readonly databases = new Map<string, string>();
  readonly things = new Set<string>();
  readonly secrets = new Set<string>();
  pending: readonly string[] = [];
  stagingTag: string | null = null;
  git: { readonly head: string; readonly changed: string } | null = { head: "abcdef123456", changed: "" };

  readonly run = (program: string, args: readonly string[], input?: string): Ran => {
    const line = [program, ...args].join(" ");
    if (program === "git") return this.#git(args);
    this.ran.push(line);
    if (input !== undefined) this.inputs.push(input);
    return program === "wrangler" ? this.#wrangler(args, input) : ok();
  };

  #git([verb]: readonly string[]): Ran {
    if (this.git === null) return { code: 128, output: "not a git repository" };
    return ok(verb === "status" ? this.git.changed : this.git.head);
  }

  #wrangler(args: readonly string[], input?: string): Ran {
    const [first = "", second = "", third = "", fourth = ""] = args;
    switch (`${first} ${second}`) {
      case "d1 list":
        return ok(
          `▲ [WARNING] something\n\n${JSON.stringify(
            [...this.databases].map(([name, uuid]) => ({ name, uuid })),
            null,
            2,
          )}`,
        );
      case "d1 create":
        this.databases.set(third, `11111111-0000-4000-8000-${String(this.databases.size).padStart(12, "0")}`);
        return ok();
      case "d1 migrations":
        return ok(third === "list" ? this.pending.map((file) => `│ ${file} │`).join("\n") : "");
      case "r2 bucket":
        if (third === "info") return missing(this.things.has(`bucket ${fourth}`));
        this.things.add(`bucket ${fourth}`);
        return ok();
      case "queues info":
        return missing(this.things.has(`queue ${third}`));
      case "queues create":
        this.things.add(`queue ${third}`);
        return ok();
      case "secret list":
        return this.secrets.size === 0 ? absent : ok(JSON.stringify([...this.secrets].map((name) => ({ name, type: "secret_text" }))));
      case "secret bulk":
        Object.keys(JSON.parse(input ?? "{}") as object).forEach((name) => this.secrets.add(name));
        return ok();
      case "deployments status":
        return this.stagingTag === null ? absent : ok(JSON.stringify({ versions: [{ version_id: "v1", percentage: 100 }] }));
      case "versions view":
        return ok(JSON.stringify({ annotations: { "workers/tag": this.stagingTag } }));
      default:
        return ok();
    }
  }
}

const REQUIRED = [...(/\[env\.staging\.secrets\]\nrequired = \[([^\]]*)\]/.exec(toml(ROOT))?.[1] ?? "").matchAll(/"(\w+)"/g)].map(
  (match) => match[1] ?? "",
);
const SECRETS = Object.fromEntries(REQUIRED.filter((name) => name !== "ACCOUNT_KEY").map((name) => [name, `value-of-${name}`]));
const SETTINGS = [
  "--team",
  "acme",
  "--audience",
  "tag",
  "--vars",
  "ERP_URL=https://erp.acme.test,CRM_URL=https://crm.acme.test,SUPPORT_URL=https://support.acme.test",
];
const INIT = ["init", "--env", "staging", ...SETTINGS];

describe("init", () => {
  it("makes database, bucket, queues and secrets in this order, and writes id and variables into wrangler.toml", async () => {
    const [root, account] = [project(), new Account()];
    const { exit, out } = await signalbox(INIT, { root, run: account.run, env: SECRETS });
    expect({ exit, out }).toEqual({ exit: 0, out: "Ready. Next: npm run deploy -- --env staging" });
    expect(account.ran.filter((line) => / (create|bulk) /.test(line))).toEqual([
      "wrangler d1 create signalbox-staging",
      "wrangler r2 bucket create signalbox-bodies-staging",
      "wrangler r2 bucket create signalbox-files-staging",
      "wrangler queues create signalbox-critical-staging",
      "wrangler queues create signalbox-standard-staging",
      "wrangler queues create signalbox-bulk-staging",
      "wrangler queues create signalbox-dead-staging",
      "wrangler secret bulk --env staging",
    ]);
    const id = account.databases.get("signalbox-staging") ?? "";
    const changed = toml(ROOT)
      .split("\n")
      .filter((line, at) => toml(root).split("\n")[at] !== line);
    expect(changed.every((line) => /^(database_id|OPS_ISSUER|OPS_AUDIENCE|OPS_JWKS_URL|ERP_URL|CRM_URL|SUPPORT_URL) = /.test(line))).toBe(
      true,
    );
    expect(changed).toHaveLength(7);
    expect(toml(root)).toContain(`database_name = "signalbox-staging"\ndatabase_id = "${id}"`);
    expect(toml(root)).toContain('OPS_ISSUER = "https://acme.cloudflareaccess.com"');
  });

  it("run again, makes and changes nothing", async () => {
    const [root, account] = [project(), new Account()];
    await signalbox(INIT, { root, run: account.run, env: SECRETS });
    const [before, ran] = [toml(root), account.ran.length];
    const { exit, said } = await signalbox(INIT, { root, run: account.run, env: SECRETS });
    expect(exit).toBe(0);
    expect(said.split("\n").every((line) => line.startsWith("was there"))).toBe(true);
    expect(account.ran.slice(ran).filter((line) => / (create|bulk) /.test(line))).toEqual([]);
    expect(toml(root)).toBe(before);
  });

  it("shows no value of a secret and puts none on a command line; an account key is made", async () => {
    const [root, account] = [project(), new Account()];
    const { out, said } = await signalbox([...INIT, "--json"], { root, run: account.run, env: SECRETS });
    const put = JSON.parse(account.inputs[0] ?? "{}") as Record<string, string>;
    expect(Object.keys(put).toSorted()).toEqual(REQUIRED.toSorted());
    expect(Buffer.from(put["ACCOUNT_KEY"] ?? "", "base64")).toHaveLength(32);
    for (const value of Object.values(put)) expect(`${out}${said}${account.ran.join()}`).not.toContain(value);
  });

  it("takes secrets from a file, and ends with 1 and what is left to do", async () => {
    const [root, account] = [project(), new Account()];
    const file = path.join(root, "secrets");
    writeFileSync(file, "STRIPE_SECRET='a b'\n");
    const { exit, said } = await signalbox(["init", "--env", "staging", "--secrets", file], { root, run: account.run });
    expect(exit).toBe(1);
    expect(JSON.parse(account.inputs[0] ?? "")).toMatchObject({ STRIPE_SECRET: "a b" });
    expect(said).toContain("secret ZENDESK_SECRET: npx wrangler secret put ZENDESK_SECRET --env staging");
    expect(said).toContain('ERP_URL is still the placeholder "https://erp.staging.example.com"');
  });

  it("with --dry-run runs nothing and prints every command", async () => {
    const root = project();
    const { exit, out } = await signalbox([...INIT, "--dry-run"], { root });
    expect(exit).toBe(0);
    expect(out).toContain("npx wrangler d1 create signalbox-staging\n");
    expect(out).toContain("npx wrangler secret put STRIPE_SECRET --env staging");
    expect(toml(root)).toBe(toml(ROOT));
  });

  it("ends with 3 when nobody is signed in", async () => {
    const { exit, said } = await signalbox(INIT, { root: project(), run: () => ({ code: 1, output: "" }) });
    expect(exit).toBe(3);
    expect(said).toContain("wrangler login");
  });

  it("ends with wrangler's own words when it fails, and goes on from there the next time", async () => {
    const [root, account] = [project(), new Account()];
    const refusing = (program: string, args: readonly string[], input?: string): Ran =>
      args.includes("signalbox-bulk-staging")
        ? { code: 1, output: "Authentication error [code: 10000]" }
        : account.run(program, args, input);
    const { exit, said } = await signalbox(INIT, { root, run: refusing, env: SECRETS });
    expect(exit).toBe(3);
    expect(said).toContain("Authentication error");
    const ran = account.ran.length;
    expect((await signalbox(INIT, { root, run: account.run, env: SECRETS })).exit).toBe(0);
    expect(account.ran.slice(ran)).not.toContain("wrangler d1 create signalbox-staging");
  });
});

describe("deploy", () => {
  const ready = async (): Promise<{ root: string; account: Account }> => {
    const [root, account] = [project(), new Account()];
    await signalbox(INIT, { root, run: account.run, env: SECRETS });
    account.ran.splice(0);
    return { root, account };
  };
  const steps = (account: Account): readonly string[] => account.ran.map((line) => line.replace(/--outdir .*/, "--outdir"));

  it("bundles, checks, migrates, deploys with the commit as tag, and asks whether it is sound", async () => {
    const { root, account } = await ready();
    const router = await fakeServer(() => ({ json: { status: "ok", problems: [] } }));
    expect(await signalbox(["deploy", "--env", "staging", "--url", router.origin], { root, run: account.run })).toMatchObject({ exit: 0 });
    expect(steps(account)).toEqual([
      "wrangler deploy --env staging --dry-run --outdir",
      "npm run check",
      "wrangler d1 migrations apply DB --remote --env staging",
      "wrangler deploy --env staging --tag abcdef123456",
    ]);
    expect(router.asked.map((asked) => asked.path)).toEqual(["/healthz"]);
  });

  it("stops at the first step that fails", async () => {
    const { root, account } = await ready();
    const failing = (program: string, args: readonly string[]): Ran =>
      args.includes("migrations") ? { code: 1, output: "no" } : account.run(program, args);
    const { exit, said } = await signalbox(["deploy", "staging"], { root, run: failing });
    expect(exit).toBe(1);
    expect(said).toContain("nothing after it was done");
    expect(steps(account)).toEqual(["wrangler deploy --env staging --dry-run --outdir", "npm run check"]);
  });

  it("refuses while wrangler.toml has placeholders", async () => {
    const account = new Account();
    const { exit, said } = await signalbox(["deploy", "--env", "production"], { root: project(), run: account.run });
    expect(exit).toBe(1);
    expect(said).toContain("OPS_AUDIENCE is still the placeholder");
    expect(account.ran).toEqual([]);
  });

  it("with --dry-run only bundles", async () => {
    const { root, account } = await ready();
    const { out } = await signalbox(["deploy", "--env", "staging", "--dry-run", "--json"], { root, run: account.run });
    expect(steps(account)).toEqual(["wrangler deploy --env staging --dry-run --outdir"]);
    expect(JSON.parse(out)).toMatchObject({
      dryRun: true,
      commands: expect.arrayContaining(["npx wrangler deploy --env staging --tag abcdef123456"]) as unknown,
    });
  });

  it("marks a version of changed files, and tags none outside of git", async () => {
    const { root, account } = await ready();
    account.git = { head: "abcdef123456", changed: " M src/index.ts" };
    await signalbox(["deploy", "staging"], { root, run: account.run });
    account.git = null;
    await signalbox(["deploy", "staging"], { root, run: account.run });
    expect(steps(account).filter((line) => line.startsWith("wrangler deploy --env staging") && !line.includes("dry-run"))).toEqual([
      "wrangler deploy --env staging --tag abcdef123456-changed",
      "wrangler deploy --env staging",
    ]);
  });
});

describe("promote", () => {
  const promote = async (change: (account: Account) => void): Promise<{ exit: number; said: string; ran: readonly string[] }> => {
    const [root, account] = [project(), new Account()];
    account.stagingTag = "abcdef123456";
    await signalbox(["init", "--env", "production", ...SETTINGS], { root, run: account.run, env: SECRETS });
    account.ran.splice(0);
    change(account);
    const { exit, said } = await signalbox(["promote"], { root, run: account.run });
    return { exit, said, ran: account.ran };
  };

  it("deploys to production what staging runs", async () => {
    const { exit, ran } = await promote(() => undefined);
    expect(exit).toBe(0);
    expect(ran.at(-1)).toBe("wrangler deploy --env production --tag abcdef123456");
  });

  it.each([
    ["another commit runs there", (account: Account) => void (account.stagingTag = "999999999999"), "Staging runs 999999999999"],
    ["nothing runs there", (account: Account) => void (account.stagingTag = null), "Staging runs no tagged version"],
    ["files are changed", (account: Account) => void (account.git = { head: "abcdef123456", changed: " M a" }), "git status"],
  ])("refuses when %s", async (_title, change, words) => {
    const { exit, said, ran } = await promote(change);
    expect(exit).toBe(1);
    expect(said).toContain(words);
    expect(ran.some((line) => line.startsWith("wrangler deploy "))).toBe(false);
  });
});

describe("rollback", () => {
  it("is one command, with its reason", async () => {
    const account = new Account();
    const argv = ["rollback", "v7", "--env", "production", "--reason", "invoices stay pending"];
    expect((await signalbox([...argv, "--dry-run"], { run: account.run })).out).toBe(
      "npx wrangler rollback v7 --env production --message 'invoices stay pending' --yes",
    );
    expect(account.ran).toEqual([]);
    expect(await signalbox(argv, { run: account.run })).toMatchObject({ exit: 0 });
    expect(account.ran).toEqual(["wrangler rollback v7 --env production --message invoices stay pending --yes"]);
  });
});

describe("doctor", () => {
  const router = (more: object = {}, date = "Fri, 27 Nov 2026 12:00:00 GMT") =>
    fakeServer(({ path: asked }) =>
      asked === "/healthz"
        ? { headers: { date }, json: { status: "ok", problems: [] } }
        : {
            json: { items: [{ name: "dataverse", ready: true, problem: null, subscriptions: [], secrets: [], ...more }], nextCursor: null },
          },
    );
  const wrong = (out: string): readonly string[] => out.split("\n").filter((line) => line.startsWith("WRONG"));

  it("says of a fresh project what each next step is", async () => {
    const account = new Account();
    const { exit, out } = await signalbox(["doctor", "--env", "staging"], { root: project(), run: account.run });
    expect(exit).toBe(1);
    for (const words of [
      "database         signalbox-staging is not there",
      "bucket           signalbox-bodies-staging",
      "queues           signalbox-dead-staging",
      "secrets          STRIPE_SECRET is missing",
    ])
      expect(out).toContain(words);
    expect(out).toContain("-> npx signalbox init --env staging");
  });

  it("finds nothing after init and deploy", async () => {
    const [root, account] = [project(), new Account()];
    await signalbox(INIT, { root, run: account.run, env: SECRETS });
    const { origin } = await router();
    const { exit, out } = await signalbox(["doctor", "--env", "staging"], {
      root,
      run: account.run,
      origin,
      env: { SIGNALBOX_TOKEN: "t" },
    });
    expect(wrong(out)).toEqual([]);
    expect(exit).toBe(0);
  });

  it.each([
    [
      "a migration that is not applied",
      { pending: ["0003_reconciliation.sql"] },
      {},
      "migrations       not applied yet: 0003_reconciliation.sql",
    ],
    [
      "a subscription that ends",
      {},
      { subscriptions: [{ resource: "orders", expiresAt: "2026-11-27T20:00:00.000Z", problem: "401" }] },
      "dataverse: orders ends 2026-11-27T20:00:00.000Z: 401",
    ],
    ["a source that is not ready", {}, { ready: false, problem: "a secret is missing" }, "dataverse: a secret is missing"],
    ["a secret that ends", {}, { secrets: [{ name: "OLD", until: "2026-12-01T00:00:00.000Z" }] }, "OLD is accepted until 2026-12-01"],
  ])("finds %s", async (_title, change, source, words) => {
    const [root, account] = [project(), Object.assign(new Account(), change)];
    await signalbox(INIT, { root, run: account.run, env: SECRETS });
    const { origin } = await router(source);
    const { exit, out } = await signalbox(["doctor", "--env", "staging"], {
      root,
      run: account.run,
      origin,
      env: { SIGNALBOX_TOKEN: "t" },
    });
    expect(wrong(out)).toHaveLength(1);
    expect(out).toContain(words);
    expect(exit).toBe(1);
  });

  it("finds a clock that is wrong, and takes a second for none", async () => {
    const local = async (date: string): Promise<readonly string[]> => {
      const { origin } = await router({}, date);
      const root = project();
      writeFileSync(path.join(root, ".dev.vars"), "");
      return wrong((await signalbox(["doctor"], { root, origin })).out);
    };
    expect(await local("Fri, 27 Nov 2026 11:59:58 GMT")).toEqual([]);
    expect(await local("Fri, 27 Nov 2026 11:58:00 GMT")).toEqual([expect.stringContaining("119.5 s ahead of the router's")]);
  });

  it("says that nothing answers, and how to start it", async () => {
    const { exit, out } = await signalbox(["doctor"], { origin: "http://127.0.0.1:1", root: project() });
    expect(exit).toBe(1);
    expect(out).toContain("-> start it with: npm run dev");
  });
});

describe("cli/main.js", () => {
  const main = path.join(ROOT, "cli", "main.js");

  it("runs by itself, and hands its exit code on", () => {
    const done = spawnSync(process.execPath, [main, "bogus"], { encoding: "utf8", cwd: tmpdir() });
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('There is no command "bogus"');
  });

  it("says what is missing on a Node that is too old and has no other beside it", () => {
    const alone = mkdtempSync(path.join(tmpdir(), "signalbox-main-"));
    made.push(alone);
    const text = readFileSync(main, "utf8").replaceAll("process.versions.node", '"20.19.0"');
    writeFileSync(path.join(alone, "main.mjs"), text);
    const done = spawnSync(process.execPath, [path.join(alone, "main.mjs"), "doctor"], { encoding: "utf8" });
    expect(done.status).toBe(2);
    expect(done.stderr).toContain("needs Node 22.18 or newer");
  });
});
