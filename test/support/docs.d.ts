/** The script of the docs, which has no types since nothing of ours may be needed to run it. */
declare module "*/verify-audit-export.mjs" {
  export function verifyExport(
    text: string,
    keys: object,
  ): Promise<{ readonly parts: number; readonly chains: number; readonly entries: number; readonly erased: number }>;
}
