import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DESTINATIONS } from "../src/destinations/index.ts";
import type { DestinationDefinition } from "../src/destinations/define.ts";
import { FAULTS } from "../test/contract/destinations/fakes/define.ts";
import { TRIALS } from "../test/contract/destinations/trials.ts";
import { ROOT } from "./local.ts";

const FILE = path.join(ROOT, "docs", "destinations.md");

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;

function summary(): string {
  const modules = Object.values(DESTINATIONS);
  return [
    row(["module", "system", "auth", "upsert", "order", "changed since", "limits", "kinds", "proven by"]),
    row(Array.from({ length: 9 }, () => "---")),
    ...modules.map(({ module, title, facts, kinds }) =>
      row([
        `\`${module}\``,
        title,
        facts.auth,
        facts.upsert,
        facts.order,
        facts.changedSince,
        facts.limits,
        kinds === undefined ? "every kind" : kinds.join(", "),
        facts.proven,
      ]),
    ),
  ].join("\n");
}

/** Where two writes of one key could make two records, the router stores an intent first and reads back after a crash. */
const traits = ({ deduplicates, knowsLateCopies, changes, ...definition }: DestinationDefinition): string =>
  [
    deduplicates ? "two writes of one key have one effect there" : "written one at a time per record, with an intent stored first",
    knowsLateCopies === true
      ? "a request that comes in late has no effect"
      : "after no answer, not asked again about a record for as long as the request may come in",
    definition.read === undefined ? "not read back" : "read back by our key",
    changes === undefined
      ? "tells no changes"
      : `tells changes of ${changes.kinds.join(", ")}: stamps of ${changes.resolutionMs} ms, overlap ${changes.overlapMs / 1000} s, lag ${changes.lagMs / 1000} s, deletions ${changes.tellsDeletions ? "told" : "found by the full comparison"}`,
  ].join("; ");

/** A module whose set-ups are all named stands for them. */
function named(names: readonly string[]): readonly string[] {
  const moduleOf = (name: string): string => TRIALS[name]?.definition.module ?? name;
  const isWhole = (module: string): boolean => Object.keys(TRIALS).every((name) => moduleOf(name) !== module || names.includes(name));
  return [...new Set(names.map((name) => (isWhole(moduleOf(name)) ? `\`${moduleOf(name)}\`` : name)))];
}

/** For each fault the trials that meet it, and why the others cannot. */
function matrix(): string {
  const trials = Object.entries(TRIALS);
  return [
    row(["what goes wrong", "tried with", "cannot happen with"]),
    row(["---", "---", "---"]),
    ...FAULTS.map((fault) => {
      const spared = Map.groupBy(
        trials.filter(([, { cannotHappen }]) => cannotHappen[fault] !== undefined),
        ([, { cannotHappen }]) => cannotHappen[fault] ?? "",
      );
      const tried = trials.filter(([, { cannotHappen }]) => cannotHappen[fault] === undefined).length;
      const why = [...spared].map(([reason, group]) => `${named(group.map(([name]) => name)).join("; ")}: ${reason}`);
      return row([fault, tried === trials.length ? "all" : `${tried} of ${trials.length}`, why.join("<br>")]);
    }),
  ].join("\n");
}

const page = (): string => `# Destinations

Written by \`npm run docs\` from the modules in [src/destinations](../src/destinations) and the trials in
[test/contract/destinations](../test/contract/destinations). Settings, with what each means, are in each module's file.

${summary()}

## How each is written to and read

What goes over the wire, request by request for every sample, is in \`test/contract/destinations/conversations\`: a change of it fails
the tests until it is looked at and written anew with \`npx vitest run --project node conversations -u\`. What each sender's samples
become is in \`test/systems/readings\` (\`npx vitest run --project node readings -u\`).

${Object.values(DESTINATIONS)
  .map((definition) => `- **${definition.title}** (\`${definition.module}\`): ${traits(definition)}.`)
  .join("\n")}

## What goes wrong, and is tried

One suite drives every module, in ${Object.keys(TRIALS).length} set-ups, against its system, a strict fake, or SAP's own OData server; and every sample's delivery
is broken off at each of its writes, before and after it, and must come to the same end.

${matrix()}
`;

const text = page();
if (process.argv.includes("--check")) {
  if (readFileSync(FILE, "utf8") !== text) {
    console.error("docs/destinations.md is not what the modules say: run npm run docs");
    process.exit(1);
  }
} else writeFileSync(FILE, text);
