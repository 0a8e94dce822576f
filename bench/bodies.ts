import { createHmac } from "node:crypto";

export const ORDER_SECRET = "bench-order-secret-0123456789abcdef";
export const SALESFORCE_TOKEN = "bench-salesforce-token-0123456789abcdef";
export const SINK_SECRET = `whsec_${Buffer.from("bench-sink-secret-0123456789abcd").toString("base64")}`;

export interface Order {
  readonly entity: string;
  readonly version: number;
  /** Carried through to the sink, where it says which event arrived. */
  readonly seq: string;
  readonly lines: number;
}

const line = (number: number): object => ({
  sku: `SKU-${String(100_000 + number)}`,
  description: `Rail kit ${String(1000 + number)}, 19 inch, with screws, black, to dock 4 by road`,
  quantity: String((number % 9) + 1),
  unitPrice: { amount: `${String(90 + (number % 400))}.90`, currency: "EUR" },
});

/** An order as a provisioning service would post it; 22 lines make 4 KB, 400 make 64 KB. */
export function orderBody(order: Order): string {
  return JSON.stringify({
    eventId: `evt-${order.seq}`,
    type: "order.updated",
    data: {
      id: order.entity,
      version: order.version,
      number: `SO-${order.entity}`,
      customerId: "C-100234",
      opportunityId: "0061t00000ABCDEAA4",
      status: "confirmed",
      total: { amount: "18230.50", currency: "EUR" },
      orderedAt: "2026-11-24T08:15:30.000Z",
      region: "EMEA",
      seq: order.seq,
      lines: Array.from({ length: order.lines }, (_none, index) => line(index)),
    },
  });
}

export const LINES_4_KB = 22;
export const LINES_64_KB = 400;

/** The whole HTTP/1.1 request of a body, as it goes over the wire. */
export function request(target: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const bytes = Buffer.from(body);
  const named = { host: "127.0.0.1", "content-length": String(bytes.length), ...headers };
  const head = Object.entries(named).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${target} HTTP/1.1\r\n${head.join("")}\r\n`), bytes]);
}

/** A request signed as both the floor and our `orders` sources want it: hex HMAC-SHA256 over time, dot and body. */
export function signedOrder(target: string, order: Order): Buffer {
  const body = orderBody(order);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", ORDER_SECRET).update(`${timestamp}.${body}`).digest("hex");
  return request(target, { "content-type": "application/json", "x-timestamp": timestamp, "x-signature": signature }, body);
}

const FIELDS = 35;

/** A Salesforce outbound message with one opportunity, 4 KB. */
export function salesforceNotification(serial: number): string {
  const own = Array.from(
    { length: FIELDS },
    (_none, index) => `<sf:Custom_Field_${index}__c>Value ${index} of the record, as typed</sf:Custom_Field_${index}__c>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00D24000000abcDEAQ</OrganizationId><ActionId>04k24000000PXYZAA4</ActionId><SessionId xsi:nil="true"/>
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/61.0/00D24000000abcD</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/61.0/00D24000000abcD</PartnerUrl>
   <Notification><Id>04l24000${String(serial).padStart(7, "0")}AAA</Id>
    <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>0062400000${String(serial % 1000).padStart(5, "0")}AAA</sf:Id><sf:Name>Acme &amp; Sons, 1,200 seats</sf:Name><sf:StageName>Closed Won</sf:StageName>
     <sf:Amount>18230.5</sf:Amount><sf:AccountId>00124000004ABCDAA4</sf:AccountId><sf:CloseDate>2026-11-24</sf:CloseDate>
     <sf:LastModifiedDate>2026-11-24T08:15:30.000Z</sf:LastModifiedDate>${own.join("\n     ")}
    </sObject>
   </Notification>
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>`;
}

export const salesforceRequest = (serial: number): Buffer =>
  request(
    `/in/salesforce?token=${SALESFORCE_TOKEN}`,
    { "content-type": "text/xml; charset=utf-8", soapaction: '""' },
    salesforceNotification(serial),
  );
