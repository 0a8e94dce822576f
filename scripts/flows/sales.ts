import { opportunity, type Stage } from "../demo/stage.ts";

/** A record of the sandbox ERP, as its lists show it. */
interface ErpRecord {
  readonly id: string;
  readonly externalKey: string;
  readonly status?: string;
  readonly orderId?: string;
}

/** A change that the sandbox ERP has made. */
interface Effect {
  readonly id: string;
  readonly collection: string;
  readonly externalKey: string;
  readonly change: string;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: Readonly<Record<string, string>> | null;
}

const AT_ONCE = 20;

export const saleKey = (index: number): string => `00624000${String(index).padStart(7, "0")}AAR`;

/** Does something to each, some at a time. */
export async function each<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...all];
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

/** Tells, as the CRM, of sales that are won; each has an account of its own. */
export const sell = (stage: Stage, indexes: readonly number[], region: string): Promise<void> =>
  each(indexes, (index) =>
    stage.send(
      "salesforce",
      opportunity({
        id: saleKey(index),
        name: `Sale ${index}`,
        amount: `${100 + index}.00`,
        account: `0012400000${String(index).padStart(5, "0")}AAR`,
        region,
      }),
    ),
  );

async function pages<T>(stage: Stage, path: string): Promise<readonly T[]> {
  const all: T[] = [];
  for (let query = "limit=500"; ;) {
    const page = await stage.sandbox<Page<T>>(`${path}?${query}`);
    all.push(...page.items);
    if (page.next === null) return all;
    query = `limit=500&${new URLSearchParams(page.next).toString()}`;
  }
}

export const ordersOf = (stage: Stage): Promise<readonly ErpRecord[]> => pages(stage, "/erp/orders");
export const effectsOf = (stage: Stage): Promise<readonly Effect[]> => pages(stage, "/erp/effects");

/** As the ERP's people do: every order that is not invoiced yet is, and is paid. Answers the orders there are by now. */
export async function bill(stage: Stage, billed: Set<string>): Promise<readonly ErpRecord[]> {
  const orders = await ordersOf(stage);
  await each(
    orders.filter(({ id }) => !billed.has(id)),
    async ({ id }) => {
      const invoice = await stage.sandbox<ErpRecord>(`/erp/orders/${id}/invoice`, { method: "POST", body: {} });
      await stage.sandbox(`/erp/invoices/${invoice.id}/pay`, { method: "POST", body: {} });
      billed.add(id);
    },
  );
  return orders;
}

/** How many runs of a flow stand where. */
export async function runStates(stage: Stage, flow: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let cursor = ""; ;) {
    const page = await stage.ops<{ readonly items: readonly { readonly state: string }[]; readonly nextCursor: string | null }>(
      `/flows?flow=${flow}&limit=200${cursor}`,
    );
    for (const { state } of page.items) counts.set(state, (counts.get(state) ?? 0) + 1);
    if (page.nextCursor === null) return counts;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}
