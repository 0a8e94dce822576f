import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { EnvironmentName } from "./environment.ts";
import type { Wrangler } from "./wrangler.ts";

/** Design budget: small enough to start in well under 100 ms anywhere. */
export const BUNDLE_LIMIT_BYTES = 500 * 1024;

/** What an environment's Worker weighs, compressed; built here, sent nowhere. */
export async function bundleBytes(wrangler: Wrangler, environment: EnvironmentName): Promise<number> {
  const out = mkdtempSync(path.join(tmpdir(), "signalbox-bundle-"));
  try {
    await wrangler.must(["deploy", "--env", environment, "--dry-run", "--outdir", out]);
    return readdirSync(out)
      .filter((file) => file.endsWith(".js"))
      .reduce((sum, file) => sum + gzipSync(readFileSync(path.join(out, file))).byteLength, 0);
  } finally {
    rmSync(out, { recursive: true });
  }
}
