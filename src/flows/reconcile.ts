import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { deploymentOf } from "../deployment.ts";
import { abandonRun, advanceRun } from "../wiring/reconcile.ts";

/** As many steps as one workflow may have, less those that hand over and give up. */
const STEPS = 9_998;
const RETRIES = { limit: 8, delay: "10 seconds", backoff: "exponential" } as const;

/**
 * One run of a reconciliation: a step a page. The run itself is stored after every page, so a step that is done again
 * after a crash begins where the last stored page ended, and a workflow that is lost, or full, is followed by another.
 */
export class ReconcileFlow extends WorkflowEntrypoint<Env, { readonly runId: string }> {
  override async run(event: Readonly<WorkflowEvent<{ readonly runId: string }>>, step: WorkflowStep): Promise<{ readonly steps: number }> {
    const { runId } = event.payload;
    try {
      for (let number = 1; number <= STEPS; number++) {
        const config = { retries: RETRIES, timeout: "5 minutes" } as const;
        const next = await step.do(`page ${number}`, config, () => advanceRun(this.env, deploymentOf(this.env), runId));
        if (next === "done") return { steps: number };
      }
      await step.do("hand over", async () => void (await this.env.RECONCILE.create({ id: `${runId}-${Date.now()}`, params: { runId } })));
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      await step.do("give up", () => abandonRun(this.env, runId, problem));
    }
    return { steps: STEPS };
  }
}
