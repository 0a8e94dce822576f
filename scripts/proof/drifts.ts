import type { FindingState, FindingType } from "../../src/domain/reconciliation/findings.ts";
import { decimal } from "../tryton/rpc.ts";
import type { Books, Party, Sale } from "./books.ts";

/** A record that the router and Tryton agree on, until somebody comes between. */
export type Victim =
  | { readonly of: "party"; readonly party: Party }
  | { readonly of: "sale"; readonly sale: Sale }
  /** A sale that the router has made, from an opportunity. */
  | { readonly of: "made"; readonly key: string; readonly id: number; readonly party: Party };

/** What a finding about it must be called. */
export interface Named {
  readonly reconciliation: "customers" | "orders";
  readonly type: FindingType;
}

export interface DriftKind {
  readonly title: string;
  /** Its part of all drifts, in percent. */
  readonly share: number;
  readonly victim: Victim["of"];
  readonly named: Named;
  /** What cannot be seen by any stamp is found by the pass over everything. */
  readonly seenBy: "changes" | "full";
  /** Where it ends by the policy alone. */
  readonly ends: FindingState;
  /** Does it in Tryton, behind the router's back. Answers the key that its finding must have. */
  readonly inject: (victim: Victim, world: World, number: number) => Promise<string>;
}

export interface World {
  readonly books: Books;
  /** Sends a change of a customer through the router that cannot get through to Tryton; answers once that has been seen. */
  readonly hold: (party: Party) => Promise<void>;
}

const party = (victim: Victim): Party => {
  if (victim.of === "sale") throw new Error("no party");
  return victim.party;
};
const sale = (victim: Victim): Sale => {
  if (victim.of !== "sale") throw new Error("no sale");
  return victim.sale;
};

const CUSTOMER_OF = (type: FindingType): Named => ({ reconciliation: "customers", type });
const ORDER_OF = (type: FindingType): Named => ({ reconciliation: "orders", type });

/** Every way in which an ERP moves away from what everybody else believes. The title says what a person or a script did. */
export const DRIFT_KINDS: readonly DriftKind[] = [
  {
    title: "customer created in the ERP",
    share: 10,
    victim: "party",
    named: CUSTOMER_OF("missingHere"),
    seenBy: "changes",
    ends: "repaired",
    inject: async (_victim, { books }, number) => {
      const code = `BYHAND-${number}`;
      await books.makeParty(code, `By hand ${number}`);
      return code;
    },
  },
  {
    title: "customer renamed, which the CRM owns",
    share: 14,
    victim: "party",
    named: CUSTOMER_OF("ownershipViolation"),
    seenBy: "changes",
    ends: "repaired",
    inject: async (victim, { books }) => {
      await books.write("party.party", party(victim).id, { name: `${party(victim).name}, as Finance calls it` });
      return party(victim).code;
    },
  },
  {
    title: "customer deactivated",
    share: 8,
    victim: "party",
    named: CUSTOMER_OF("ownershipViolation"),
    seenBy: "changes",
    ends: "repaired",
    inject: async (victim, { books }) => {
      await books.write("party.party", party(victim).id, { active: false });
      return party(victim).code;
    },
  },
  {
    title: "customer deleted",
    share: 10,
    victim: "party",
    named: CUSTOMER_OF("missingInErp"),
    seenBy: "full",
    ends: "repaired",
    inject: async (victim, { books }) => {
      await books.perform("delete", "party.party", party(victim).id);
      return party(victim).code;
    },
  },
  {
    title: "customer renamed by a script, backdated",
    share: 10,
    victim: "party",
    named: CUSTOMER_OF("ownershipViolation"),
    seenBy: "full",
    ends: "repaired",
    inject: (victim, { books }) => {
      books.backdate("party_party", party(victim).id, "name", `${party(victim).name}, from the old system`);
      return Promise.resolve(party(victim).code);
    },
  },
  {
    title: "order created in the ERP",
    share: 8,
    victim: "party",
    named: ORDER_OF("missingHere"),
    seenBy: "changes",
    ends: "repaired",
    inject: async (victim, { books }, number) => {
      const reference = `BYPHONE-${number}`;
      await books.makeSale(reference, party(victim));
      return reference;
    },
  },
  {
    title: "order at another price",
    share: 12,
    victim: "sale",
    named: ORDER_OF("mismatch"),
    seenBy: "changes",
    ends: "repaired",
    inject: async (victim, { books }) => {
      const { id, line } = sale(victim);
      await books.write("sale.sale", id, { lines: [["write", [line], { unit_price: decimal("4321.00") }]] });
      return String(id);
    },
  },
  {
    title: "order's line changed under it, its own stamp untouched",
    share: 4,
    victim: "sale",
    named: ORDER_OF("mismatch"),
    seenBy: "full",
    ends: "repaired",
    inject: async (victim, { books }) => {
      const { id, line } = sale(victim);
      await books.write("sale.line", line, { unit_price: decimal("1234.00") });
      return String(id);
    },
  },
  {
    title: "order cancelled",
    share: 8,
    victim: "sale",
    named: ORDER_OF("mismatch"),
    seenBy: "changes",
    ends: "repaired",
    inject: async (victim, { books }) => {
      await books.perform("cancel", "sale.sale", sale(victim).id);
      return String(sale(victim).id);
    },
  },
  {
    title: "order cancelled by a script, backdated",
    share: 8,
    victim: "sale",
    named: ORDER_OF("mismatch"),
    seenBy: "full",
    ends: "repaired",
    inject: (victim, { books }) => {
      books.backdate("sale_sale", sale(victim).id, "state", "cancelled");
      return Promise.resolve(String(sale(victim).id));
    },
  },
  {
    title: "order deleted",
    share: 4,
    victim: "sale",
    named: ORDER_OF("missingInErp"),
    seenBy: "full",
    ends: "open",
    inject: async (victim, { books }) => {
      const { id } = sale(victim);
      await books.perform("cancel", "sale.sale", id);
      await books.perform("delete", "sale.sale", id);
      return String(id);
    },
  },
  {
    title: "order entered twice",
    share: 2,
    victim: "made",
    named: ORDER_OF("duplicateInErp"),
    seenBy: "changes",
    ends: "open",
    inject: async (victim, { books }) => {
      const key = victim.of === "made" ? victim.key : "";
      await books.makeSale(key, party(victim));
      return key;
    },
  },
  {
    title: "customer renamed while a change of ours is held up",
    share: 2,
    victim: "party",
    named: CUSTOMER_OF("late"),
    seenBy: "changes",
    ends: "open",
    inject: async (victim, { books, hold }) => {
      await hold(party(victim));
      await books.write("party.party", party(victim).id, { name: `${party(victim).name}, at the wrong moment` });
      return party(victim).code;
    },
  },
];

/** Changes that are none: nobody may be told of them. */
export const HARMLESS: readonly {
  readonly title: string;
  readonly victim: Victim["of"];
  readonly change: (victim: Victim, world: World) => Promise<void>;
}[] = [
  {
    title: "a field that is not compared",
    victim: "party",
    change: (victim, { books }) =>
      books.write("party.party", party(victim).id, { contact_mechanisms: [["create", [{ type: "phone", value: "+49 30 123456" }]]] }),
  },
  {
    title: "touched, and the same as before",
    victim: "party",
    change: (victim, { books }) => books.write("party.party", party(victim).id, { name: party(victim).name }),
  },
  {
    title: "changed and changed back at once",
    victim: "party",
    change: async (victim, { books }) => {
      await books.write("party.party", party(victim).id, { name: "A slip of the hand" });
      await books.write("party.party", party(victim).id, { name: party(victim).name });
    },
  },
  {
    title: "a cent, within the tolerance",
    victim: "sale",
    change: async (victim, { books }) => {
      const { id, line, amount } = sale(victim);
      const cent = amount.replace(/00$/, "01");
      await books.write("sale.sale", id, { lines: [["write", [line], { unit_price: decimal(cent) }]] });
    },
  },
  {
    title: "entered twice, and the second one cancelled",
    victim: "made",
    change: async (victim, { books }) => {
      const id = await books.makeSale(victim.of === "made" ? victim.key : "", party(victim));
      await books.perform("cancel", "sale.sale", id);
    },
  },
];
