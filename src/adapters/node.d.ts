/** The functions of Node's that we use, which workerd has built in; the full types would let Node's globals in everywhere. */
declare module "node:crypto" {
  interface Sha256 {
    update(data: string | Uint8Array): Sha256;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Sha256;
  export function hash(algorithm: "sha256", data: string, encoding: "hex"): string;
}

declare module "node:buffer" {
  export const Buffer: { byteLength(text: string): number };
}
