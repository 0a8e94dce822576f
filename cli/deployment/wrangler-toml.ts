import { writeFileSync } from "node:fs";
import path from "node:path";
import { wranglerText } from "./environment.ts";

/** One setting of a section of wrangler.toml, by the heading that it stands under. */
interface Setting {
  readonly heading: string;
  readonly name: string;
  readonly value: string;
}

/**
 * Sets a setting that is there already, and touches nothing else: comments and order of a file that people keep are
 * theirs. Null if the section has no such setting.
 */
export function withSetting(text: string, { heading, name, value }: Setting): string | null {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.trim() === heading);
  if (start < 0) return null;
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith("["));
  const end = length < 0 ? lines.length : start + 1 + length;
  const at = lines.findIndex((line, index) => index > start && index < end && line.startsWith(`${name} =`));
  if (at < 0) return null;
  return lines.with(at, `${name} = ${JSON.stringify(value)}`).join("\n");
}

/** Writes settings into an environment's sections; answers the names of those that have no place there. */
export function writeSettings(root: string, settings: readonly Setting[]): readonly string[] {
  let text = wranglerText(root);
  const homeless: string[] = [];
  for (const setting of settings) {
    const changed = withSetting(text, setting);
    if (changed === null) homeless.push(setting.name);
    else text = changed;
  }
  if (text !== wranglerText(root)) writeFileSync(path.join(root, "wrangler.toml"), text);
  return homeless;
}

export const databaseId = (environment: string, id: string): Setting => ({
  heading: `[[env.${environment}.d1_databases]]`,
  name: "database_id",
  value: id,
});

export const variable = (environment: string, name: string, value: string): Setting => ({
  heading: `[env.${environment}.vars]`,
  name,
  value,
});
