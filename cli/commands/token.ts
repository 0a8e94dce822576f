import { command } from "../command.ts";
import { EXIT } from "../exit.ts";
import type { Role } from "../world.ts";

export const token = command({
  name: "token",
  summary: "a bearer token for the local ops API, good for twelve hours",
  arguments: [{ name: "role", summary: "what its bearer may do", choices: ["viewer", "operator", "approver", "admin"] }],
  options: {},
  examples: ["TOKEN=$(signalbox token operator)"],
  run: async ({ args: [role = ""], world, show }) => {
    // The parser lets only roles in.
    const made = await world.localToken(role as Role);
    show({ token: made, role }, () => made);
    return EXIT.ok;
  },
});
