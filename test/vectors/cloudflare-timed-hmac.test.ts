// URLs that Cloudflare's documentation of `is_timed_hmac_valid_v0` gives as valid ("Protect an entire URI path prefix with a single
// signature", WAF custom rules). Those are without the flag "s": base64 in the URL's own encoding. Ours says the same 32 bytes with it.
import { expect, it } from "vitest";
import { signTimedPath } from "../../src/signing/download-urls/cdn-url-signer.ts";

const SECRET = "mysecrettoken";

it.each([
	["12345678-90ab-4cde-f012-3456789abcde", 1_755_877_101, "5WOroVcDINdl2%2BQZxZFHJcJ6l%2Fep4HGIrX3DtSXzWO0%3D"],
	["768bf477-22d5-4545-857d-b155510119ff", 1_755_878_057, "jeMS5S1F3MIgxvL61UmiX4vODiWtuLfcPV6q%2B0Y3Rig%3D"],
])("the MAC over /case-studies/%s/ and %d is the documented one", async (id, issuedAt, mac) => {
	const algorithm = { name: "HMAC", hash: "SHA-256" };
	const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(SECRET), algorithm, false, ["sign"]);
	const signed = await signTimedPath(key, `/case-studies/${id}/`, issuedAt);
	const urlSafe = decodeURIComponent(mac).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
	expect(signed).toBe(`/case-studies/${id}/?verify=${issuedAt}-${urlSafe}`);
});
