import type { AppContext } from "../app-ports.ts";

/** A form as it was sent. */
export interface Form {
  readonly text: (name: string) => string;
  readonly all: (name: string) => readonly string[];
  /** Every field once, to fill the form again. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The largest form is an edited body, which may have a million characters. */
const BYTES_MAX = 1_200_000;

/** Reads a form; null if it is too large or none at all. */
export async function formOf(c: AppContext): Promise<Form | null> {
  if (Number(c.req.header("content-length") ?? Number.POSITIVE_INFINITY) > BYTES_MAX) return null;
  const sent = await c.req.formData().catch(() => null);
  if (sent === null) return null;
  const all = (name: string): readonly string[] => sent.getAll(name).filter((value) => typeof value === "string");
  const fields = Object.fromEntries([...sent.keys()].map((name) => [name, all(name)[0] ?? ""]));
  return { all, text: (name) => fields[name] ?? "", fields };
}
