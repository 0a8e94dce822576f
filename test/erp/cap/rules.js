/** The few rules of a sales system that the test needs: numbers, customers, materials, and a status that follows the items. */

const SALES = [
  { service: "API_SALES_ORDER_SRV", orders: "A_SalesOrder", items: "A_SalesOrderItem", part: "to_Item", material: "Material" },
  { service: "CE_SALESORDER_0001", orders: "SalesOrder", items: "SalesOrderItem", part: "_Item", material: "Product" },
];
const MATERIALS = new Set(["TG11", "TG12"]);
const REASON = "SalesDocumentRjcnReason";

export async function applyRules(cds, pageRows) {
  let number = 90_000_000;
  const { API_BUSINESS_PARTNER: partners, API_BILLING_DOCUMENT_SRV: bills } = cds.services;
  for (const sale of SALES) salesRules(cds, sale, partners, () => String(++number));
  partners.before("CREATE", "A_BusinessPartner", (request) => {
    const { data } = request;
    if (!data.OrganizationBPName1)
      return request.reject({ status: 400, code: "R11/401", message: "Enter a name", target: "OrganizationBPName1" });
    data.BusinessPartner = String(++number);
    const roles = (data.to_BusinessPartnerRole ?? []).map((role) => role.BusinessPartnerRole);
    if (roles.includes("FLCU01")) data.Customer = data.BusinessPartner;
    Object.assign(data, { CreationDate: today(), CreationTime: now() });
    for (const each of data.to_BuPaIdentification ?? []) each.BPIdentificationNumber = each.BPIdentificationNumber.toUpperCase();
  });
  partners.before("UPDATE", "A_BusinessPartner", ({ data }) => Object.assign(data, { LastChangeDate: today(), LastChangeTime: now() }));
  bills.before(["CREATE", "UPDATE", "DELETE"], "*", (request) => request.reject(405, "Method not allowed"));
  await seedBills(cds, pageRows + 2);
}

const today = () => new Date().toISOString().slice(0, 10);
const now = () => new Date().toISOString().slice(11, 19);

function salesRules(cds, { service, orders, items, part, material }, partners, nextNumber) {
  const sales = cds.services[service];
  const Orders = `${service}.${orders}`;
  const Items = `${service}.${items}`;
  const checkItem = (request, item, place) => {
    if (!MATERIALS.has(item[material]))
      request.error({ status: 400, code: "V1/382", message: `Material ${item[material]} is not defined`, target: `${place}${material}` });
  };
  sales.before("CREATE", orders, async (request) => {
    const { data } = request;
    data.SalesOrder = nextNumber();
    if (
      (await cds.db.run(SELECT.one.from("API_BUSINESS_PARTNER.A_BusinessPartner").where({ Customer: data.SoldToParty ?? "" }))) ===
      undefined
    )
      request.error({ status: 400, code: "VP/199", message: `Sold-to party ${data.SoldToParty} is not maintained`, target: "SoldToParty" });
    if (data.DeliveryBlockReason === "99")
      request.error({ status: 400, code: "V1/042", message: "Sales document is currently being processed by user CB1", target: "" });
    for (const [at, item] of (data[part] ?? []).entries()) {
      item.SalesOrderItem = String((at + 1) * 10);
      item[REASON] ??= "";
      checkItem(request, item, `${part}/`);
    }
    const rejected = (data[part] ?? []).filter((item) => item[REASON] !== "").length;
    Object.assign(data, {
      TotalNetAmount: "0",
      OverallSDProcessStatus: "A",
      OverallSDDocumentRejectionSts: letter(rejected, (data[part] ?? []).length),
    });
  });
  sales.before("CREATE", items, async (request) => {
    const { data } = request;
    const held = await cds.db.run(SELECT.from(Items).where({ SalesOrder: data.SalesOrder }));
    data.SalesOrderItem = String(Math.max(0, ...held.map((each) => Number(each.SalesOrderItem))) + 10);
    data[REASON] ??= "";
    checkItem(request, data, "");
  });
  sales.before("UPDATE", items, (request) => {
    if (request.data[material] !== undefined) checkItem(request, request.data, "");
  });
  sales.after(["CREATE", "UPDATE", "DELETE"], items, async (_result, request) => {
    const order = request.data.SalesOrder ?? request.params.at(-1).SalesOrder;
    const held = await cds.db.run(SELECT.from(Items).where({ SalesOrder: order }));
    const rejected = held.filter((each) => each[REASON] !== "").length;
    const stamp = { LastChangeDateTime: new Date().toISOString(), OverallSDDocumentRejectionSts: letter(rejected, held.length) };
    await cds.db.run(UPDATE.entity(Orders).set(stamp).where({ SalesOrder: order }));
  });
}

const letter = (rejected, all) => (rejected === 0 ? "A" : rejected === all ? "C" : "B");

/** Bills, which no API makes: one of them paid, one cancelled. */
async function seedBills(cds, count) {
  const entries = Array.from({ length: count }, (_none, at) => ({
    BillingDocument: String(70_000_001 + at),
    TotalGrossAmount: "119.00",
    TransactionCurrency: "EUR",
    BillingDocumentDate: today(),
    CreationDate: today(),
    CreationTime: now(),
    LastChangeDateTime: at === 0 ? null : new Date().toISOString(),
    PurchaseOrderByCustomer: "SB-ord-1",
    OverallBillingStatus: "A",
    AccountingTransferStatus: "C",
    InvoiceClearingStatus: at === 1 ? "C" : "",
    BillingDocumentIsCancelled: at === 2,
  }));
  await cds.db.run(INSERT.into("API_BILLING_DOCUMENT_SRV.A_BillingDocument").entries(entries));
}
