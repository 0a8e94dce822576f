import { Api } from "./api.ts";
import { SignalboxClient } from "./client/client.ts";
import { EXIT, Stop } from "./exit.ts";
import type { Role, World } from "./world.ts";

/** The router that is asked: of the option, of the environment, else the local one. */
export function originOf(url: string | undefined, env: World["env"]): string {
  const named = url ?? env["SIGNALBOX_URL"] ?? `http://localhost:${env["PORT"] ?? "8787"}`;
  if (!URL.canParse(named)) throw new Stop(EXIT.usage, `--url: "${named}" is no URL; it looks like https://router.example.com`);
  return new URL(named).origin;
}

/** A local token only opens a local router, so it is never sent anywhere else. */
const isLocal = (origin: string): boolean => ["localhost", "127.0.0.1", "[::1]"].includes(new URL(origin).hostname);

export async function connect(world: World, url: string | undefined, role: Role): Promise<Api> {
  const origin = originOf(url, world.env);
  const given = world.env["SIGNALBOX_TOKEN"];
  if (given === undefined && !isLocal(origin))
    throw new Stop(EXIT.unreachable, `${origin} asks for a token: put one with the role ${role} into SIGNALBOX_TOKEN`);
  const token = given ?? (await world.localToken(role));
  return new Api(new SignalboxClient({ origin, token, fetch: world.fetch }), { origin, local: isLocal(origin) });
}
