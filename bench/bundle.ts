import { createRequire } from "node:module";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type * as Esbuild from "esbuild";

export const ROOT = path.join(import.meta.dirname, "..");

/** The esbuild and the workerd that wrangler itself brings: what is measured is what would be deployed. */
const ofWrangler = createRequire(createRequire(import.meta.url).resolve("wrangler"));
const esbuild = ofWrangler("esbuild") as typeof Esbuild;
export const workerdPath = (): string => (ofWrangler("workerd") as { readonly default: string }).default;

const BENCH_ROUTER = path.join(import.meta.dirname, "router.config.ts");

/** Puts the bench's own sources, destinations and routes in the place of the deployment's; all else is the product. */
const benchRouter: Esbuild.Plugin = {
  name: "bench-router",
  setup: (build) => build.onResolve({ filter: /\/router\.config\.ts$/ }, () => ({ path: BENCH_ROUTER })),
};

/** Bundles a Worker's entry as wrangler does, and gives back the module's text. Both sides of a comparison go through here. */
export async function bundle(entry: string): Promise<string> {
  const result = await esbuild.build({
    entryPoints: [path.join(import.meta.dirname, entry)],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    keepNames: false,
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [benchRouter],
    logLevel: "error",
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`${entry} was bundled to nothing`);
  return file.text;
}

export const gzipBytes = (text: string | Uint8Array): number => gzipSync(text, { level: 9 }).byteLength;
