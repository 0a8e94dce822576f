import type { Api } from "../api.ts";
import { wholeNumber } from "../arguments.ts";
import { API_OPTIONS, command } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";

const OPTIONS = {
  ...API_OPTIONS,
  secret: { type: "string", value: "text", summary: "create, rotate: the sender's own secret, instead of a fresh one" },
  overlap: { type: "string", value: "seconds", summary: "rotate: how long the earlier secret is accepted; default a day" },
  reason: { type: "string", value: "text", summary: "kept with the action" },
} as const;

interface Asked {
  readonly source: string;
  readonly account: string;
  readonly reason: string;
  readonly secret: string | undefined;
  readonly overlapSeconds: number | undefined;
}

const toOne = ({ source, account, reason }: Asked) => ({ params: { source, account }, body: { reason } });

const ACTIONS = {
  list: (router: Api, { source }: Asked) => router.call("listAccounts", { params: { source } }),
  create: (router: Api, { source, account, reason, secret }: Asked) =>
    router.call("createAccount", { params: { source }, body: { account, reason, secret } }),
  rotate: (router: Api, asked: Asked) =>
    router.call("rotateAccount", {
      params: { source: asked.source, account: asked.account },
      body: { reason: asked.reason, secret: asked.secret, overlapSeconds: asked.overlapSeconds },
    }),
  disable: (router: Api, asked: Asked) => router.call("disableAccount", toOne(asked)),
  enable: (router: Api, asked: Asked) => router.call("enableAccount", toOne(asked)),
  register: (router: Api, asked: Asked) => router.call("registerAccount", toOne(asked)),
} as const;

export const accounts = command({
  name: "accounts",
  summary: "accounts of a source that has many: list, create, rotate, disable, enable, register",
  about: "create and rotate print the secret this once. register lets the sender bring its own secret, once, within 15 minutes.",
  arguments: [
    { name: "action", summary: "what to do", choices: Object.keys(ACTIONS) },
    { name: "source", summary: "the source's name" },
    { name: "account", summary: "the account's name; not for list", optional: true },
  ],
  options: OPTIONS,
  examples: ["signalbox accounts create partner acme", "signalbox accounts rotate partner acme --overlap 3600"],
  run: async ({ args: [action = "", source = "", account], options, api, show }) => {
    if (action !== "list" && account === undefined)
      throw new Stop(EXIT.usage, `Which account? npx signalbox accounts ${action} ${source} <account>`);
    const asked = {
      source,
      account: account ?? "",
      reason: options.reason ?? `${action} from the command line`,
      secret: options.secret,
      overlapSeconds: wholeNumber("overlap", options.overlap),
    };
    // The parser lets only these in.
    const answer = await ACTIONS[action as keyof typeof ACTIONS](await api("admin"), asked);
    show(answer, () => JSON.stringify(answer, null, 2));
    return EXIT.ok;
  },
});
