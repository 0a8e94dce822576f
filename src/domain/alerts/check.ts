import type { RouterConfig } from "../config.ts";
import { ALERT_SEVERITIES, CHANNEL_SHAPES, RULE_NAMES, type ChannelConfig } from "./define.ts";
import { SHAPES } from "./shapes.ts";

interface Mistake {
  readonly section: "alerts" | "traces" | "sources";
  readonly entry: string;
  readonly word: string;
  readonly message: string;
}

const known = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ") || "none";
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** What is wrong with alerts, traces and expected intervals. */
export const signalMistakes = (config: RouterConfig): readonly Mistake[] => [
  ...channelMistakes(config),
  ...ruleMistakes(config),
  ...traceMistakes(config),
  ...Object.entries(config.sources).flatMap(([name, { expectEveryMinutes = 1 }]): readonly Mistake[] =>
    expectEveryMinutes >= 1
      ? []
      : [
          {
            section: "sources",
            entry: name,
            word: "expectEveryMinutes",
            message: `sources.${name}: expectEveryMinutes: must be 1 or more`,
          },
        ],
  ),
];

function channelMistakes({ alerts, owners }: RouterConfig): readonly Mistake[] {
  const channels = Object.entries(alerts?.channels ?? {});
  const origin: readonly Mistake[] =
    channels.length > 0 && alerts?.origin === undefined
      ? [
          {
            section: "alerts",
            entry: "channels",
            word: "channels",
            message: "alerts.origin: name the variable with this router's own address, which links in messages begin with",
          },
        ]
      : [];
  return [
    ...origin,
    ...channels.flatMap(([name, channel]) =>
      mistakesOf(channel, Object.keys(owners)).map(([word, message]): Mistake => ({
        section: "alerts",
        entry: name,
        word,
        message: `alerts.channels.${name}: ${message}`,
      })),
    ),
  ];
}

function mistakesOf(channel: ChannelConfig, owners: readonly string[]): readonly (readonly [string, string])[] {
  const { shape, url, secret, minSeverity = "info" } = channel;
  if (!(CHANNEL_SHAPES as readonly string[]).includes(shape))
    return [["shape", `unknown shape "${shape}"; there are ${known(CHANNEL_SHAPES)}`]];
  const wanted = SHAPES[shape].secret;
  const names = [url.env, ...(secret === undefined ? [] : [secret])].filter((name) => !VARIABLE.test(name));
  const strangers = (channel.owners ?? []).filter((owner) => !owners.includes(owner));
  return [
    ...names.map((name) => [name, `"${name}" cannot be the name of a variable: capitals, digits and underscores`] as const),
    ...(wanted !== null && secret === undefined
      ? [
          [
            "shape",
            `a ${shape} channel needs secret: the name of the one that holds its ${wanted === "signing" ? "signing secret" : "integration key"}`,
          ] as const,
        ]
      : []),
    ...strangers.map((owner) => [owner, `unknown owner "${owner}"; declared are ${known(owners)}`] as const),
    ...(ALERT_SEVERITIES.includes(minSeverity)
      ? []
      : [["minSeverity", `unknown severity "${minSeverity}"; there are ${known(ALERT_SEVERITIES)}`] as const]),
  ];
}

const ruleMistakes = ({ alerts }: RouterConfig): readonly Mistake[] =>
  Object.entries(alerts?.rules ?? {}).flatMap(([name, { threshold = 1, forMinutes = 0 }]) => {
    const mistake = (word: string, message: string): Mistake => ({
      section: "alerts",
      entry: name,
      word,
      message: `alerts.rules.${name}: ${message}`,
    });
    return [
      ...((RULE_NAMES as readonly string[]).includes(name) ? [] : [mistake(name, `there is no such rule; there are ${known(RULE_NAMES)}`)]),
      ...(threshold > 0 ? [] : [mistake("threshold", "threshold: must be above 0")]),
      ...(forMinutes >= 0 ? [] : [mistake("forMinutes", "forMinutes: must be 0 or more")]),
    ];
  });

const traceMistakes = ({ traces }: RouterConfig): readonly Mistake[] =>
  (traces?.sample ?? 0) >= 0 && (traces?.sample ?? 0) <= 1
    ? []
    : [{ section: "traces", entry: "sample", word: "sample", message: "traces.sample: must be between 0 and 1" }];
