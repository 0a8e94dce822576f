import type { ConfigProblem } from "../src/domain/config-check.ts";

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The text with comments blanked, and with the insides of strings blanked too: places stay as they are. */
interface Source {
  readonly code: string;
  readonly shape: string;
}

const LITERAL = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
const blank = (text: string): string => text.replace(/[^\n]/g, " ");

function readSource(text: string): Source {
  const isComment = (literal: string): boolean => literal.startsWith("/");
  return {
    code: text.replace(LITERAL, (literal) => (isComment(literal) ? blank(literal) : literal)),
    shape: text.replace(LITERAL, (literal) => (isComment(literal) ? blank(literal) : `"${blank(literal.slice(1, -1))}"`)),
  };
}

/** The line of a problem, counted from 1: of its word, else of its entry, else of its section, else 1. */
export function lineOfProblem(text: string, problem: ConfigProblem): number {
  const source = readSource(text);
  const whole: Span = { start: 0, end: text.length };
  const section = valueOf(source, whole, problem.section);
  if (section === null) return 1;
  const entry = problem.section === "routes" ? routeNamed(source, section, problem.entry) : valueOf(source, section, problem.entry);
  if (entry === null) return lineAt(text, section.start);
  const at = wordsOf(problem)
    .map((word) => placeOf(source, entry, word))
    .find((place) => place !== null);
  return lineAt(text, at ?? entry.start);
}

/** The most exact word first: what a setting's message names, then the problem's own word. */
function wordsOf(problem: ConfigProblem): readonly string[] {
  if (problem.word !== "settings") return [problem.word];
  const [, path = ""] = /settings: ([\w.]+): /.exec(problem.message) ?? [];
  const quoted = [...problem.message.matchAll(/"([^"]+)"/g)].map(([, word = ""]) => word);
  return [...path.split(".").toReversed(), ...quoted, "settings"].filter((word) => word !== "");
}

/** The value of a key of this object: from the key to the end of what it holds. Keys of objects further in do not count. */
function valueOf(source: Source, within: Span, key: string): Span | null {
  const keys = new RegExp(`(?<![\\w$.])(?:${escaped(key)}|["']${escaped(key)}["'])\\s*:\\s*`, "g");
  const found = [...matches(keys, source.code, within)].map(({ start, end }) => ({ start, end: endOfValue(source.shape, end) }));
  const outermost = found.filter((span) => !found.some((other) => other.start < span.start && other.end >= span.end));
  const depth = (span: Span): number => depthAt(source.shape, within.start, span.start);
  return outermost.toSorted((left, right) => depth(left) - depth(right))[0] ?? null;
}

/** The route with this name; of two, the later one, since that is the one complained about. */
function routeNamed(source: Source, section: Span, name: string): Span | null {
  const named = [...matches(new RegExp(`(?<![\\w$.])name\\s*:\\s*["']${escaped(name)}["']`, "g"), source.code, section)].at(-1);
  if (named === undefined) return null;
  const start = openedBefore(source.shape, named.start);
  return { start: named.start, end: endOfValue(source.shape, start) };
}

/** Where a word stands in an entry: in quotes, else as a key. */
function placeOf(source: Source, entry: Span, word: string): number | null {
  const open = openedBefore(source.shape, entry.start);
  const from = source.shape[open] === "{" && endOfValue(source.shape, open) === entry.end ? open : entry.start;
  const words = new RegExp(`["']${escaped(word)}["']|(?<![\\w$."'])${escaped(word)}(?=\\s*:)`, "g");
  return [...matches(words, source.code, { start: from, end: entry.end })][0]?.start ?? null;
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function* matches(pattern: RegExp, text: string, within: Span): Generator<Span> {
  for (const match of text.slice(within.start, within.end).matchAll(pattern)) {
    yield { start: within.start + match.index, end: within.start + match.index + match[0].length };
  }
}

/** The end of the value that begins here: after its closing bracket, or before the comma that follows. */
function endOfValue(shape: string, start: number): number {
  let depth = 0;
  for (let at = start; at < shape.length; at++) {
    const character = shape[at] ?? "";
    if ("{[(".includes(character)) depth += 1;
    else if ("}])".includes(character)) {
      depth -= 1;
      if (depth < 0) return at;
      if (depth === 0) return at + 1;
    } else if (character === "," && depth === 0) return at;
  }
  return shape.length;
}

/** Where the innermost bracket was opened that encloses this place. */
function openedBefore(shape: string, place: number): number {
  let depth = 0;
  for (let at = place - 1; at >= 0; at--) {
    const character = shape[at] ?? "";
    if ("}])".includes(character)) depth += 1;
    else if ("{[(".includes(character) && depth-- === 0) return at;
  }
  return 0;
}

function depthAt(shape: string, from: number, place: number): number {
  const before = shape.slice(from, place);
  return (before.match(/[{[(]/g)?.length ?? 0) - (before.match(/[}\])]/g)?.length ?? 0);
}

const lineAt = (text: string, place: number): number => text.slice(0, place).split("\n").length;
