import { createHash, hash } from "node:crypto";

/** SHA-256 of text, in hex, without an await: a hash chain must not be left between two of its lines. */
export const sha256Hex = (text: string): string => hash("sha256", text, "hex");

/** SHA-256 of what comes piece by piece. */
export const newSha256 = (): ReturnType<typeof createHash> => createHash("sha256");
