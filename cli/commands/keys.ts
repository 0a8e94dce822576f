import type { Answer } from "../client/client.ts";
import type { Api } from "../api.ts";
import { wholeNumber } from "../arguments.ts";
import { API_OPTIONS, command } from "../command.ts";
import { EXIT, Stop } from "../exit.ts";
import { table } from "../table.ts";

const OPTIONS = {
  ...API_OPTIONS,
  role: { type: "string", value: "role", summary: "create: what it may do at most", choices: ["viewer", "operator", "approver", "admin"] },
  owner: { type: "string", value: "name", summary: "create: who answers for it, an owner of router.config.ts" },
  only: { type: "string", value: "calls", summary: "create: the only calls it may make, by operationId, with commas between" },
  days: { type: "string", value: "n", summary: "create: how long it lives; default 90, at most 366" },
  reason: { type: "string", value: "text", summary: "kept with the action" },
} as const;

type Key = Answer<"listKeys">["items"][number];

/** Every key, page after page. */
async function allKeys(router: Api): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await router.call("listKeys", { query: { limit: 200, ...(cursor === undefined ? {} : { cursor }) } });
    keys.push(...page.items);
    if (page.nextCursor === null) return keys;
    cursor = page.nextCursor;
  }
}

const COLUMNS = ["name", "role", "state", "owner", "expires", "last used"] as const;
const rowOf = (key: Key): readonly string[] => [
  key.name,
  key.operations === null ? key.role : `${key.role}: ${key.operations.join(", ")}`,
  key.state,
  key.owner,
  key.expiresAt.slice(0, 10),
  key.lastUsedAt?.slice(0, 16) ?? "never",
];

export const keys = command({
  name: "keys",
  summary: "API keys for programs: list, create, revoke",
  about:
    "create prints the key this once; it is stored nowhere. A revoked key is refused with its next call. Needs the role admin, and a person.",
  arguments: [
    { name: "action", summary: "what to do", choices: ["list", "create", "revoke"] },
    { name: "name", summary: "the key's name; not for list", optional: true },
  ],
  options: OPTIONS,
  examples: [
    "signalbox keys list",
    "signalbox keys create nightly-report --role viewer --owner platform --days 30",
    "signalbox keys create pager --role operator --owner platform --only listAlerts,acknowledgeAlert",
    "signalbox keys revoke nightly-report --reason 'the laptop was lost'",
  ],
  run: async ({ args: [action, name], options, api, show }) => {
    const router = await api("admin");
    if (action === "list") {
      const found = await allKeys(router);
      show(found, () => (found.length === 0 ? "There are no keys." : table(COLUMNS, found.map(rowOf))));
      return EXIT.ok;
    }
    if (name === undefined) throw new Stop(EXIT.usage, `Which key? signalbox keys ${action} <name>`);
    const reason = options.reason ?? `${action} from the command line`;
    if (action === "revoke") {
      const key = (await allKeys(router)).find((each) => each.name === name);
      if (key === undefined) throw new Stop(EXIT.found, `There is no key named "${name}".`);
      const revoked = await router.call("revokeKey", { params: { id: key.id }, body: { reason } });
      show(revoked, () => `${name} is revoked.`);
      return EXIT.ok;
    }
    const { role, owner } = options;
    if (role === undefined || owner === undefined) throw new Stop(EXIT.usage, "Say --role and --owner.");
    const made = await router.call("createKey", {
      body: {
        name,
        role: role as Key["role"],
        owner,
        reason,
        expiresInDays: wholeNumber("days", options.days, 1),
        operations: options.only?.split(",").map((each) => each.trim()),
      },
    });
    show(
      made,
      () =>
        `${made.key}\n\nIt is shown this once, lives until ${made.expiresAt.slice(0, 10)}, and goes where a token goes:\n  Authorization: Bearer <key>, or SIGNALBOX_TOKEN.`,
    );
    return EXIT.ok;
  },
});
