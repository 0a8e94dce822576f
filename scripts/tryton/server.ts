import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT, freePort } from "../local.ts";
import { setUpBooks } from "./books.ts";
import { Client } from "./rpc.ts";

const DATABASE = "books";
const MODULES = ["sale", "account_invoice_stock", "sale_supply"];
const PACKAGES = ["tryton-server", ...MODULES.map((module) => `tryton-modules-${module.replaceAll("_", "-")}`)];
/** A session is idle for no longer, and wrong logins are forgotten as soon: short, so that a test can wait for it. */
const SESSION_SECONDS = 20;
const UP_WITHIN_MS = 60_000;

export interface Tryton {
  /** With the database, as ERP_URL takes it. */
  readonly url: string;
  /** Of the router's own user. */
  readonly password: string;
  readonly admin: Client;
  readonly databaseFile: string;
  readonly logFile: string;
  /** Ends it in mid-work, as a power cut would. */
  readonly kill: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a real Tryton on loopback with books of its own under `directory`. The packages are Debian's, installed if they are
 * missing; an initialised database is kept under .local, since making one takes most of a minute. Confirmed sales are
 * processed at once; or stay, as long as no worker takes them, which gives people their time to think again.
 */
export async function startTryton(directory: string, { processes = true }: { readonly processes?: boolean } = {}): Promise<Tryton> {
  install();
  const { database, adminPassword } = initialised();
  const data = path.join(directory, "tryton");
  mkdirSync(data, { recursive: true });
  const databaseFile = path.join(data, `${DATABASE}.sqlite`);
  copyFileSync(database, databaseFile);
  const port = await freePort();
  const configFile = writeConfig(data, port, processes);
  const logFile = path.join(directory, "tryton.log");
  const url = `http://127.0.0.1:${port}/${DATABASE}`;
  const password = newPassword();
  const admin = new Client(url, "admin", adminPassword);
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    const log = openSync(logFile, "a");
    child = spawn("trytond", ["-c", configFile, "-d", DATABASE], { stdio: ["ignore", log, log] });
    closeSync(log);
    await answering(url, child, logFile);
  };
  const stop = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = once(ending, "exit");
    ending.kill("SIGKILL");
    await gone;
  };
  try {
    await start();
    await setUpBooks(admin, new Date().getFullYear(), password);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, password, admin, databaseFile, logFile, kill: stop, start, stop };
}

/** Tryton refuses passwords in which the same characters come too often. */
const newPassword = (): string => [...new Set(randomBytes(64).toString("base64url"))].slice(0, 24).join("");

const hasTryton = (): boolean => spawnSync("trytond", ["--version"]).status === 0;

/** apt starts no daemon for these packages. */
function install(): void {
  if (hasTryton()) return;
  console.log("Installing Tryton from Debian's packages ...");
  const apt = (...words: string[]) =>
    spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=300", ...words], {
      encoding: "utf8",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  apt("update");
  const done = apt("install", "-y", "--no-install-recommends", ...PACKAGES);
  if (done.status === 0 && hasTryton()) return;
  const why = done.error === undefined ? done.stderr.trim().split("\n").slice(-3).join("\n") : String(done.error);
  throw new Error(
    `Tryton is not here and could not be installed:\n${why}\nOn Debian or Ubuntu, as root: apt-get install ${PACKAGES.join(" ")}`,
  );
}

/** A database with the modules and without books, made once for each version of Tryton. */
function initialised(): { readonly database: string; readonly adminPassword: string } {
  const version = execFileSync("trytond", ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1) ?? "unknown";
  const kept = path.join(ROOT, ".local", `tryton-${version}`);
  const [database, passwordFile] = [path.join(kept, `${DATABASE}.sqlite`), path.join(kept, "admin-password")];
  if (!existsSync(database)) {
    console.log("Initialising a Tryton database, once ...");
    const making = `${kept}.making-${process.pid}`;
    mkdirSync(making, { recursive: true });
    writeFileSync(path.join(making, "admin-password"), randomBytes(16).toString("hex"), { mode: 0o600 });
    // Tryton does not make the file itself.
    writeFileSync(path.join(making, `${DATABASE}.sqlite`), "");
    const configFile = writeConfig(making, 0);
    const run = (...words: string[]) =>
      execFileSync("trytond-admin", ["-c", configFile, "-d", DATABASE, ...words], {
        env: { ...process.env, TRYTONPASSFILE: path.join(making, "admin-password") },
        stdio: ["ignore", "ignore", "pipe"],
      });
    run("--all", "--email", "admin@example.invalid");
    run("-u", ...MODULES, "--activate-dependencies");
    rmSync(kept, { recursive: true, force: true });
    renameSync(making, kept);
  }
  return { database, adminPassword: readFileSync(passwordFile, "utf8") };
}

function writeConfig(data: string, port: number, processes = true): string {
  const file = path.join(data, "trytond.conf");
  const text = `[web]
listen = 127.0.0.1:${port}
[database]
uri = sqlite://
path = ${data}
[session]
authentications = password
timeout = ${SESSION_SECONDS}
[queue]
worker = ${processes ? "False" : "True"}
`;
  writeFileSync(file, text);
  return file;
}

async function answering(url: string, child: ChildProcess, logFile: string): Promise<void> {
  const endMs = Date.now() + UP_WITHIN_MS;
  while (Date.now() < endMs && child.exitCode === null) {
    // The first call loads the database's modules; that nobody may do this one is answer enough.
    const up = await new Client(url, "", "").call("model.res.user.search", []).then(
      () => true,
      (error: unknown) => error instanceof Error && error.message.includes("answered"),
    );
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Tryton did not come up; its log is ${logFile}`);
}
