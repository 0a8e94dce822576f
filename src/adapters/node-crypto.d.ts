declare module "node:crypto" {
  interface Sha256 {
    update(data: string | Uint8Array): Sha256;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Sha256;
}
