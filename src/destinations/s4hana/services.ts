import type { Settings } from "./settings.ts";

/** The sales order service in each version: its path in the public cloud and its names. */
const ORDER_SERVICES = {
  v2: {
    path: "/sap/opu/odata/sap/API_SALES_ORDER_SRV",
    orders: "A_SalesOrder",
    items: "A_SalesOrderItem",
    part: "to_Item",
    prices: "A_SalesOrderItemPrElement",
    pricePart: "to_PricingElement",
    rate: "ConditionRateValue",
  },
  v4: {
    path: "/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001",
    orders: "SalesOrder",
    items: "SalesOrderItem",
    part: "_Item",
    prices: "SalesOrderItemPricingElement",
    pricePart: "_ItemPricingElement",
    rate: "ConditionRateAmount",
  },
} as const;

/** The path of a service, by the settings or as it is in the public cloud (https://api.sap.com). */
export function pathOf(service: "order" | "customer" | "invoice" | "csrf", { paths, dialect }: Settings): string {
  const order = paths.order ?? ORDER_SERVICES[dialect].path;
  const known = {
    order,
    customer: "/sap/opu/odata/sap/API_BUSINESS_PARTNER",
    invoice: "/sap/opu/odata/sap/API_BILLING_DOCUMENT_SRV",
    csrf: order,
  };
  return paths[service] ?? known[service];
}

export const orderServiceOf = ({ dialect }: Settings): (typeof ORDER_SERVICES)["v2" | "v4"] => ORDER_SERVICES[dialect];
