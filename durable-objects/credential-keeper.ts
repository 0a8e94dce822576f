import { DurableObject } from "cloudflare:workers";
import type { Credentials } from "../src/connection/credentials.ts";
import { deploymentOf } from "../src/deployment.ts";
import { keeperOf } from "../src/wiring/connect.ts";

/** One object per destination that keeps its credential: however many ask at once, one is obtained. In memory alone. */
export class CredentialKeeper extends DurableObject<Env> {
  #credentials: Credentials | null = null;

  get(destination: string, refused: string | null): ReturnType<Credentials["get"]> {
    this.#credentials ??= keeperOf(this.env, deploymentOf(this.env), destination);
    return this.#credentials.get(refused);
  }
}
