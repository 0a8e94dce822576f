import { readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import cds from "@sap/cds";
import express from "express";
import { gateway } from "./gateway.js";
import { applyRules } from "./rules.js";

const require = createRequire(import.meta.url);
const DESCRIPTIONS = path.join(import.meta.dirname, "../../contract/destinations/descriptions");

/** What the pruned descriptions leave out: the parts of a document, made and read with it. */
const PARTS = {
  "API_SALES_ORDER_SRV.A_SalesOrder": { to_Item: ["API_SALES_ORDER_SRV.A_SalesOrderItem", "SalesOrder"] },
  "CE_SALESORDER_0001.SalesOrder": { _Item: ["CE_SALESORDER_0001.SalesOrderItem", "SalesOrder"] },
  "API_BUSINESS_PARTNER.A_BusinessPartner": {
    to_BuPaIdentification: ["API_BUSINESS_PARTNER.A_BuPaIdentification", "BusinessPartner"],
    to_BusinessPartnerRole: ["API_BUSINESS_PARTNER.A_BusinessPartnerRole", "BusinessPartner"],
  },
};
/** What changes with every write, and what a writer must have read (If-Match). */
const STAMPS = { "API_SALES_ORDER_SRV.A_SalesOrder": "LastChangeDateTime", "CE_SALESORDER_0001.SalesOrder": "LastChangeDateTime" };
const PAGE_ROWS = 3;

async function model() {
  const { from } = require("@sap/cds-dk/lib/import/importapi.js");
  const definitions = {};
  for (const file of readdirSync(DESCRIPTIONS).filter((name) => name.endsWith(".edmx")))
    Object.assign(definitions, (await from.edmx(path.join(DESCRIPTIONS, file))).definitions);
  for (const [name, definition] of Object.entries(definitions)) {
    delete definition["@cds.external"];
    delete definition["@cds.persistence.skip"];
    if (definition.kind === "service") Object.assign(definition, { "@path": name, "@requires": "any" });
    // A field that nobody fills has SAP's initial value, not null.
    for (const element of Object.values(definition.elements ?? {}))
      if (element.notNull && !element.key && element.type === "cds.String") element.default = { val: "" };
      else if (!element.key) delete element.notNull;
    if (definition.kind === "entity")
      Object.assign(definition, { "@cds.query.limit.default": PAGE_ROWS, "@cds.query.limit.max": PAGE_ROWS });
  }
  for (const [name, element] of Object.entries(STAMPS))
    Object.assign(definitions[name].elements[element], {
      "@odata.etag": true,
      "@cds.on.insert": { "=": "$now" },
      "@cds.on.update": { "=": "$now" },
    });
  for (const [name, parts] of Object.entries(PARTS))
    for (const [part, [target, key]] of Object.entries(parts))
      definitions[name].elements[part] = {
        type: "cds.Composition",
        cardinality: { max: "*" },
        target,
        on: [{ ref: [part, key] }, "=", { ref: [key] }],
      };
  return { definitions };
}

const file = path.join(tmpdir(), `s4hana-${process.pid}.csn`);
writeFileSync(file, JSON.stringify(await model()));
cds.env.requires.db = { kind: "sqlite", impl: "@cap-js/sqlite", credentials: { url: ":memory:" } };
cds.env.cov2ap = { plugin: false };
const csn = await cds.load(file);
cds.model = cds.compile.for.nodejs(csn);
cds.db = await cds.connect.to("db");
await cds.deploy(csn).to(cds.db);
const app = express();
app.use(gateway);
const { default: cov2ap } = await import("@cap-js-community/odata-v2-adapter");
app.use(cov2ap({ model: file }));
await cds.serve("all").from(csn).in(app);
await applyRules(cds, PAGE_ROWS);
await cds.emit("served", cds.services);
const server = app.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => {
  cds.emit("listening", { server, url: `http://127.0.0.1:${server.address().port}` });
  console.log(`listening on ${server.address().port}`);
});
