import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { signatureBase, withOAuth1 } from "../../src/connection/oauth1.ts";

describe("the OAuth 1.0a signature base string", () => {
  it("is that of RFC 5849 section 3.4.1.1", () => {
    const parameters = [
      ["oauth_consumer_key", "9djdj82h48djs9d2"],
      ["oauth_token", "kkk9d7dj3k39sjv7"],
      ["oauth_signature_method", "HMAC-SHA1"],
      ["oauth_timestamp", "137131201"],
      ["oauth_nonce", "7d8f3e4a"],
      ["c2", ""],
      ["a3", "2 q"],
    ] as const;
    expect(signatureBase({ method: "POST", url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b" }, parameters)).toBe(
      "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dj3k39sjv7",
    );
  });

  it("is built as NetSuite's help page on token-based authentication shows (section_1534939551)", () => {
    const base = signatureBase({ method: "POST", url: "https://1234567.restlets.api.netsuite.com/rest/requesttoken" }, [
      ["oauth_callback", "https://my.example.com/TBA/?callbackRequest"],
      ["oauth_nonce", "bUvpxBX93OWo0FLswq5M"],
      ["oauth_signature_method", "HMAC-SHA256"],
      ["oauth_timestamp", "1575998103"],
      ["oauth_version", "1.0"],
      ["role", "45678"],
    ]);
    expect(base).toMatch(/^POST&https%3A%2F%2F1234567\.restlets\.api\.netsuite\.com%2Frest%2Frequesttoken&/);
    expect(base).toContain("oauth_callback%3Dhttps%253A%252F%252Fmy.example.com%252FTBA%252F%253FcallbackRequest");
    expect(base).toMatch(/%26oauth_timestamp%3D1575998103%26oauth_version%3D1\.0%26role%3D45678$/);
  });

  it("encodes the colon of an external id once", () => {
    expect(signatureBase({ method: "PUT", url: "https://x.example/customer/eid:CID002" }, [])).toBe(
      "PUT&https%3A%2F%2Fx.example%2Fcustomer%2Feid%3ACID002&",
    );
  });
});

it("signs with both secrets, encoded, and names the realm without signing it", async () => {
  const client = { realm: "1234567_SB1", consumerKey: "ck", consumerSecret: "a!b", token: "tk", tokenSecret: "c'd" };
  const request = { method: "GET" as const, url: "https://x.example/a?q=1", headers: { accept: "application/json" } };
  const signed = await withOAuth1(request, client, { nonce: "n1", timestampSeconds: 1_700_000_000 });
  const base =
    "GET&https%3A%2F%2Fx.example%2Fa&oauth_consumer_key%3Dck%26oauth_nonce%3Dn1%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D1700000000%26oauth_token%3Dtk%26oauth_version%3D1.0%26q%3D1";
  const expected = createHmac("sha256", "a%21b&c%27d").update(base).digest("base64");
  expect(signed.headers["authorization"]).toMatch(/^OAuth realm="1234567_SB1", oauth_consumer_key="ck"/);
  expect(signed.headers["authorization"]).toContain(`oauth_signature="${encodeURIComponent(expected)}"`);
});
