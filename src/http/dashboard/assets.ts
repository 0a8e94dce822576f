import { LOOK } from "./assets/look.ts";
import { PIECES } from "./assets/pieces.ts";
import { SCRIPT } from "./assets/script.ts";

/** FNV-1a (ietf.org/archive/id/draft-eastlake-fnv): tells one version of a file from the next, nothing more. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** Line breaks and indents are for those who read the source. */
const STYLES = `${LOOK}${PIECES}`.replaceAll(/\n\s*/g, "\n").trim();

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

const asset = (name: string, type: string, text: string): Asset => ({
  path: `/ops/assets/${name.replace(".", `.${fingerprint(text)}.`)}`,
  type,
  text,
});

/** The dashboard's stylesheet and script. Their addresses change with what is in them, so a browser may keep them for good. */
export const ASSETS = {
  styles: asset("dashboard.css", "text/css; charset=utf-8", STYLES),
  script: asset("dashboard.js", "text/javascript; charset=utf-8", SCRIPT),
} as const;

export const assetResponse = ({ type, text }: Asset): Response =>
  new Response(text, {
    headers: { "content-type": type, "cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff" },
  });
