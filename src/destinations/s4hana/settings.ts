import * as z from "zod";
import { TeamFieldsByKind } from "../../domain/field-pairs.ts";

const Path = z.string().regex(/^\/[^?#\\\s]*[^/?#\\\s]$/, "must begin with / and end before one");
const Code = (characters: number) =>
  z.string().regex(new RegExp(`^[A-Z0-9]{1,${characters}}$`), `must be a code of at most ${characters} characters`);

/** Codes that a system's own customizing may move have a default from a system as it is delivered. */
export const Settings = z.strictObject({
  /** OData version of the sales order service: API_SALES_ORDER_SRV or CE_SALESORDER_0001. Partners and bills are OData v2 in both. */
  dialect: z.enum(["v2", "v4"]).default("v2"),
  /** `basic`: the communication user; `oauth`: the arrangement's client credentials. */
  auth: z.enum(["basic", "oauth"]).default("basic"),
  /** Where tokens are issued, if not at the system itself. */
  tokenUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Paths of the services, where a system has others. `csrf` is read for the CSRF token: any service that the user may call. */
  paths: z.strictObject({ order: Path, customer: Path, invoice: Path, csrf: Path }).partial().default({}),
  /** What a new sales order is, and where it is sold. Needed where orders are written. */
  salesOrder: z
    .strictObject({
      type: Code(4).default("OR"),
      salesOrganization: Code(4),
      distributionChannel: Code(2),
      division: Code(2),
    })
    .optional(),
  /** The reason that a cancelled order's items are rejected with; best one of its own, since only it is taken back again. */
  rejectionReason: Code(2).default("10"),
  /** The condition type that a line's price is written as, such as a manual one; without it the system alone finds prices. */
  priceCondition: Code(4).optional(),
  /** Begins every key that is ours in PurchaseOrderByCustomer and in the customer's key: others are people's. */
  keyMark: z
    .string()
    .regex(/^[A-Z0-9]{2,4}$/, "must be 2 to 4 capitals or digits")
    .default("SB"),
  /** An extension field of the sales order (such as YY1_RouterKey_SDH) that holds the whole key, for keys that do not fit otherwise. */
  keyField: z.string().min(1).optional(),
  /** What holds our key of a business partner: an identification of this type (made in customizing), or a field of its header. */
  customerKey: z
    .union([
      z.strictObject({ identification: Code(6) }),
      z.strictObject({ field: z.enum(["BusinessPartnerIDByExtSystem", "SearchTerm1", "SearchTerm2"]) }),
    ])
    .default({ identification: "SIGBOX" }),
  /** Number range and roles of a new business partner. Without a customer's role it cannot be sold to. */
  customerGrouping: Code(4).optional(),
  customerRoles: z.array(Code(6)).default(["FLCU00", "FLCU01"]),
  /** Message class and number of errors that say another user or process holds the document: tried again. */
  lockCodes: z.array(z.string().min(1)).default(["V1/042", "VL/045"]),
  /** What the letters of SalesDocApprovalStatus mean; a letter that is not here says nothing. */
  approvalStatuses: z.record(z.string(), z.enum(["draft", "pending_approval"])).default({ A: "pending_approval", D: "draft" }),
  fields: TeamFieldsByKind.optional(),
});
export type Settings = z.infer<typeof Settings>;
