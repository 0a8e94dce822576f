/** A family of metrics in the terms of OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/). */
export interface Family {
  /** Without the suffixes that its samples carry; ends in the unit, if it has one. */
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram" | "info" | "stateset";
  readonly unit?: "seconds";
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** `_total` of counters, `_bucket`, `_count` and `_sum` of histograms, `_info` of infos. */
  readonly suffix?: "_total" | "_bucket" | "_count" | "_sum" | "_info";
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export const OPEN_METRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** The text that a scraper reads. Families without a sample are left out, and the end is marked, so that a cut answer is seen. */
export const openMetrics = (families: readonly Family[]): string =>
  `${families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(linesOf)
    .join("\n")}\n# EOF\n`.replace(/^\n/, "");

function linesOf({ name, type, unit, help, samples }: Family): string[] {
  return [
    `# TYPE ${name} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${escaped(help)}`,
    ...samples.map(({ suffix = "", labels, value }) => `${name}${suffix}${labelsOf(labels)} ${numberOf(value)}`),
  ];
}

function labelsOf(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const numberOf = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
