/** The one function of Node's that we use, which workerd has built in; the full types would let Node's globals in everywhere. */
declare module "node:crypto" {
  export function createHash(algorithm: "sha256"): { update(text: string): { digest(encoding: "hex"): string } };
}
