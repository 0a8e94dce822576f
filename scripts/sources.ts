import { verdictOf } from "../src/verification/index.ts";
import { signRequest } from "../sandbox/sign.ts";
import { ensureLocalSecrets } from "./local-secrets.ts";
import { ROOT } from "./local.ts";
import { LOCAL_SOURCES, localSource, samplesOf, signingKeyOf } from "./sender.ts";

const secrets = ensureLocalSecrets(ROOT);
const base = `http://localhost:${process.env["PORT"] ?? "8787"}`;

const sources = Object.keys(LOCAL_SOURCES).flatMap((name) => {
  const source = localSource(name, secrets);
  if (source === null) return [];
  // Where the proof is in the URL, the URL with it.
  const { url } = signRequest({
    verification: source.verification,
    secret: signingKeyOf(source),
    body: "",
    nowMs: Date.now(),
    url: `${base}/in/${name}`,
  });
  const proof = source.verification.kind === "queryToken" ? url : `${base}/in/${name}`;
  return [
    {
      name,
      url: proof,
      scheme: source.definition.scheme,
      verdict: verdictOf(source.verification),
      settings: source.settings,
      verification: source.verification,
      secrets: source.secrets,
      samples: samplesOf(source).map((sample) => sample.name),
    },
  ];
});
console.log(JSON.stringify(sources, null, 2));
