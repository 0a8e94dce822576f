// Checks a signed export of Signalbox's audit trail. Plain Node 20, nothing of Signalbox, no network:
//   node verify-audit-export.mjs export.ndjson keys.json      (keys.json: the router's /.well-known/signalbox-audit-keys.json)
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
const sha256 = async (text) => Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(text))).toString("hex");
const ALGORITHMS = { ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }, EdDSA: { name: "Ed25519" } };
const must = (holds, words) => holds || fail(words);
const fail = (words) => {
  throw new Error(words);
};

async function signed(jws, { keys }) {
  const [header, payload, signature] = jws.split(".");
  const { alg, kid } = JSON.parse(Buffer.from(header, "base64url"));
  const { kty, crv, x, y } = keys.find((key) => key.kid === kid && key.alg === alg) ?? fail(`there is no public key ${kid} for ${alg}`);
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, ALGORITHMS[alg], false, ["verify"]);
  const holds = await crypto.subtle.verify(ALGORITHMS[alg], key, Buffer.from(signature, "base64url"), Buffer.from(`${header}.${payload}`));
  return must(holds, "a signature does not hold") && JSON.parse(Buffer.from(payload, "base64url"));
}

export async function verifyExport(text, keys) {
  const chains = new Map();
  let part = { number: 1, before: "0".repeat(64), text: "", lines: 0, last: false };
  let entries = 0;
  for (const line of text.split("\n").slice(0, -1)) {
    must(!part.last, "there is more after the last part");
    const { line: kind, chain, base, seq, atMs, eventId, body, prev, hash, signature } = JSON.parse(line);
    if (kind === "end") {
      const [sum, of] = [await sha256(part.text), await signed(signature, keys)];
      must(of.format === "signalbox audit 1" && of.sha256 === sum && of.lines === part.lines, `part ${part.number} was changed`);
      must(of.part === part.number && of.before === part.before, `part ${part.number} does not follow the one before it`);
      must((part.period ?? of.from + of.to) === of.from + of.to, "the parts are of different periods");
      part = { number: part.number + 1, before: sum, text: "", lines: 0, last: of.last, period: of.from + of.to };
      continue;
    }
    part = { ...part, text: `${part.text}${line}\n`, lines: part.lines + 1 };
    if (kind === "chain" && must(!chains.has(chain), `${chain} comes twice`))
      chains.set(chain, { ...base, erased: [], vouched: new Map() });
    if (kind !== "entry") continue;
    const at = chains.get(chain) ?? fail(`${chain} has no beginning`);
    must(seq === at.seq + 1 && prev === at.hash, `${chain}: line ${seq} does not follow the one before it`);
    const isWhole = hash === (await sha256(`${prev}\n${seq}\n${atMs}\n${eventId}\n${body}`));
    // A line that an erasure changed must be as a later, unchanged line says that it was left.
    if (!isWhole) at.erased.push([seq, await sha256(`${seq}\n${atMs}\n${eventId}\n${body}`)]);
    const vouches = isWhole && body.startsWith('{"type":"erasure",') ? JSON.parse(body).lines : [];
    for (const earlier of vouches) if (earlier.seq < seq) at.vouched.set(earlier.seq, earlier.digest);
    Object.assign(at, { seq, hash, entries: ++entries });
  }
  must(part.last && part.text === "", "the export does not end with its last part");
  const erased = [...chains].flatMap(([chain, of]) => of.erased.map((line) => [chain, of.vouched, ...line]));
  for (const [chain, vouched, seq, digest] of erased) must(vouched.get(seq) === digest, `${chain}: line ${seq} was changed`);
  return { parts: part.number - 1, chains: chains.size, entries, erased: erased.length };
}

const say = (found) => console.log(`intact: ${JSON.stringify(found)}`);
const refuse = (error) => console.error(`NOT INTACT: ${error.message}`) ?? process.exit(1);
const [, script = "", file, keyFile] = process.argv;
if (import.meta.url === pathToFileURL(script).href)
  verifyExport(`${readFileSync(file)}`, JSON.parse(readFileSync(keyFile))).then(say, refuse);
