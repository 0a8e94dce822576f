import type { Abilities, ConfigProblem } from "./config-check.ts";
import type { DestinationConfig, ExportConfig, ImportConfig, RouteConfig, RouterConfig } from "./config.ts";
import { canonicalFields } from "./entities/index.ts";
import { ROW_FIELDS } from "./exporting.ts";

type Report = (word: string, message: string) => ConfigProblem;

const reporter =
  (section: "imports" | "exports", entry: string): Report =>
  (word, message) => ({ section, entry, word, message: `${section}.${entry}: ${message}` });

const known = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(", ") || "none";

/** Names that stand in keys of objects and of states. */
const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/;
const NAME_WORDS = "a name is part of its files' names: small letters, digits and hyphens";

/** Everything wrong with how files are read and written. */
export const checkFiles = (config: RouterConfig, abilities: Abilities): readonly ConfigProblem[] => [
  ...Object.entries(config.imports ?? {}).flatMap(([name, each]) => checkImport(config, { name, each }, abilities)),
  ...Object.entries(config.exports ?? {}).flatMap(([name, each]) => checkExport(config, { name, each })),
  ...config.routes.flatMap((route) => route.to.flatMap((destination) => uncollected(config, route, destination))),
];

const ownerProblems = ({ owners }: RouterConfig, owner: string, report: Report): readonly ConfigProblem[] =>
  owners[owner] === undefined ? [report(owner, `unknown owner "${owner}"; declared are ${known(Object.keys(owners))}`)] : [];

interface Import {
  readonly name: string;
  readonly each: ImportConfig;
}

function checkImport(config: RouterConfig, { name, each }: Import, abilities: Abilities): readonly ConfigProblem[] {
  const report = reporter("imports", name);
  const problems = [...ownerProblems(config, each.owner, report)];
  if (!NAME.test(name)) problems.push(report(name, NAME_WORDS));
  if (!/^inbox\/(?:[^/]+\/)+$/.test(each.prefix))
    problems.push(report("prefix", `prefix: "${each.prefix}" must begin with inbox/, go on with a folder, and end with /`));
  const twin = Object.entries(config.imports ?? {}).find(([other, { prefix }]) => other !== name && each.prefix.startsWith(prefix));
  if (twin !== undefined) problems.push(report("prefix", `prefix: import "${twin[0]}" would take the same files`));
  if (each.delimiter !== undefined && !/^[^"\r\n\u0080-\uffff]$/.test(each.delimiter))
    problems.push(report("delimiter", "delimiter: must be one ASCII character, and neither a quote nor a line end"));
  return [...problems, ...checkObject(config, each, { report, abilities })];
}

function checkObject(
  config: RouterConfig,
  { source, object }: ImportConfig,
  { report, abilities }: { readonly report: Report; readonly abilities: Abilities },
): readonly ConfigProblem[] {
  const speaks = config.sources[source];
  if (speaks === undefined) return [report(source, `unknown source "${source}"; declared are ${known(Object.keys(config.sources))}`)];
  const builtIn = abilities.schemes[speaks.scheme]?.objects(speaks.settings ?? {}) ?? [];
  const names = new Set([...Object.keys(speaks.objects ?? {}), ...builtIn]);
  if (typeof object !== "string" || names.has(object)) return [];
  return [report("object", `object: source "${source}" has no object "${object}"; it has ${known(names)}`)];
}

interface Export {
  readonly name: string;
  readonly each: ExportConfig;
}

function checkExport(config: RouterConfig, { name, each }: Export): readonly ConfigProblem[] {
  const report = reporter("exports", name);
  const problems = [...ownerProblems(config, each.owner, report), ...checkColumns(each, report)];
  if (!NAME.test(name)) problems.push(report(name, NAME_WORDS));
  if (!/^outbox\/(?:[^/]+\/)*$/.test(each.folder))
    problems.push(report("folder", `folder: "${each.folder}" must begin with outbox/ and end with /`));
  if ((each.at === undefined) === (each.everyMinutes === undefined)) problems.push(report(name, "give one of at and everyMinutes"));
  if (each.at !== undefined && !/^(?:[01]\d|2[0-3]):[0-5]\d$/.test(each.at))
    problems.push(report("at", `at: "${each.at}" is no time of day such as 02:00 (UTC)`));
  if (each.everyMinutes !== undefined && !(Number.isInteger(each.everyMinutes) && each.everyMinutes >= 1))
    problems.push(report("everyMinutes", "everyMinutes: must be a whole number, 1 or more"));
  const twin = Object.entries(config.exports ?? {}).find(([other, its]) => other !== name && clash(its, each));
  if (twin !== undefined)
    problems.push(report(name, `export "${twin[0]}" takes the same records, or writes into the same folder; give each its own`));
  return [...problems, ...checkTarget(config.destinations[each.destination], each, { report, config })];
}

const clash = (left: ExportConfig, right: ExportConfig): boolean =>
  left.folder === right.folder || (left.destination === right.destination && left.kind === right.kind);

function checkColumns({ columns, kind }: ExportConfig, report: Report): readonly ConfigProblem[] {
  const fields = canonicalFields(kind);
  const isField = (field: string): boolean => {
    const [first = ""] = field.split(".");
    return ROW_FIELDS.has(field) || fields.has(first) || first === "custom" || first === "extra";
  };
  const headers = columns.map(({ header }) => header);
  const twice = headers.find((header, index) => headers.indexOf(header) !== index);
  return [
    ...(columns.length === 0 ? [report("columns", "columns: name at least one")] : []),
    ...(twice === undefined ? [] : [report(twice, `columns: the header "${twice}" is there twice`)]),
    ...columns
      .filter(({ field }) => !isField(field))
      .map(({ field }) => report(field, `columns: ${kind} has no field "${field}"; it has ${known([...fields, ...ROW_FIELDS])}`)),
  ];
}

function checkTarget(
  target: DestinationConfig | undefined,
  { destination, kind }: ExportConfig,
  { report, config }: { readonly report: Report; readonly config: RouterConfig },
): readonly ConfigProblem[] {
  if (target === undefined)
    return [report(destination, `unknown destination "${destination}"; declared are ${known(Object.keys(config.destinations))}`)];
  if (target.via === undefined || !("bucket" in target.via))
    return [report(destination, `destination "${destination}" has no bucket; give it module: "file" and via: { bucket: "FILES" }`)];
  return config.routes.some((route) => route.kind === kind && route.to.includes(destination))
    ? []
    : [report("kind", `no route brings ${kind} to "${destination}": the file would never hold anything`)];
}

/** What a route brings to a destination of files, and no export takes from there, would wait for ever. */
function uncollected({ exports, destinations }: RouterConfig, { name, kind }: RouteConfig, destination: string): readonly ConfigProblem[] {
  const via = destinations[destination]?.via;
  if (via === undefined || !("bucket" in via)) return [];
  if (Object.values(exports ?? {}).some((each) => each.destination === destination && each.kind === kind)) return [];
  const message = `routes.${name}: no export takes ${kind} from "${destination}": it would wait there for ever`;
  return [{ section: "routes", entry: name, word: destination, message }];
}
