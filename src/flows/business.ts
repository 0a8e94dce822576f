import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { deploymentOf } from "../deployment.ts";
import { advanceFlow, FLOW_NEWS } from "../wiring/flows.ts";

/** Two steps a round, and as many as one workflow may have; another workflow goes on where this one ends. */
const ROUNDS = 4_900;
const RETRIES = { limit: 10, delay: "5 seconds", backoff: "exponential" } as const;

/**
 * Takes one run of a business flow from step to step. The run is stored at every step, so this workflow holds nothing: one
 * that is killed is followed by another, and two at once do no harm.
 */
export class BusinessFlow extends WorkflowEntrypoint<Env, { readonly runId: string }> {
  override async run(event: Readonly<WorkflowEvent<{ readonly runId: string }>>, step: WorkflowStep): Promise<{ readonly rounds: number }> {
    const { runId } = event.payload;
    for (let round = 1; round <= ROUNDS; round++) {
      const config = { retries: RETRIES, timeout: "2 minutes" } as const;
      const waitMs = await step.do(`look ${round}`, config, () => advanceFlow(this.env, deploymentOf(this.env), runId));
      if (waitMs === null) return { rounds: round };
      if (waitMs > 0) await news(step, round, waitMs);
    }
    return { rounds: ROUNDS };
  }
}

/** Until somebody tells of news, or it is time to look all the same. */
async function news(step: WorkflowStep, round: number, waitMs: number): Promise<void> {
  try {
    await step.waitForEvent(`wait ${round}`, { type: FLOW_NEWS, timeout: waitMs });
  } catch {
    // Nobody has told anything in that time.
  }
}
