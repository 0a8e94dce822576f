import { SOURCES } from "/work/main/src/sources/index.ts";
import { readOutboundMessage } from "/work/main/src/sources/soap.ts";
import { parseXml } from "@rgrove/parse-xml";
import { fillSample } from "/work/main/sandbox/sign.ts";
const enc = (s: string) => new TextEncoder().encode(s);
const dec = new TextDecoder("utf-8", { fatal: true });
const sf = SOURCES["salesforce-outbound-message"]!;
const settings = sf.settings.parse({ organizationIds: ["00D24000000abcD"], currency: "EUR" });
const objects = sf.objects(settings);
const make = (ch: string) => { let xml = fillSample(sf.samples[0]!.body, { nowMs: Date.now(), id: "04l24000000AAAA" }).replace("Größenwahn &amp; Co – 東京 🚂", `Acme &amp; Co ${ch}`);
 let extra = ""; for (let i = 0; i < 50; i++) extra += `\n     <sf:Field_${i}__c>value number ${i} text</sf:Field_${i}__c>`; return xml.replace("</sObject>", `${extra}</sObject>`); };
const time = (name: string, n: number, f: () => unknown) => { for (let i = 0; i < n; i++) f(); const best: number[] = []; for (let r = 0; r < 5; r++) { const c = process.cpuUsage(); for (let i = 0; i < n; i++) f(); const d = process.cpuUsage(c); best.push((d.user + d.system) / n); } best.sort((a, b) => a - b); console.log(name.padEnd(28), "min", best[0]!.toFixed(1), "median", best[2]!.toFixed(1), "us"); };
for (const [kind, ch] of [["ascii", "x"], ["latin1", "ö"], ["bmp", "東"], ["astral", "🚂"]] as const) {
  const body = enc(make(ch));
  time(`${kind} ${body.length} parse fresh`, 2000, () => parseXml(dec.decode(body)));
  time(`${kind} read fresh`, 2000, () => readOutboundMessage(dec.decode(body)));
  time(`${kind} decode`, 2000, () => { const r = sf.decode({ body, headers: new Headers(), contentType: "text/xml", receivedAtMs: 0 }, { settings, objects }); if (!r.ok) throw new Error(JSON.stringify(r)); });
}
