// Which line of an import describes a device, and how the others are refused. Private keys are refused first and never
// repeated.
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { readDeviceLine } from "../../../../src/entitlement/devices/device-line.ts";

let publicKey: JWK;
let privateKey: JWK;
beforeAll(async () => {
	const pair = await generateKeyPair("ES256", { extractable: true });
	publicKey = await exportJWK(pair.publicKey);
	privateKey = await exportJWK(pair.privateKey);
});
const line = (more: Record<string, unknown> = {}) => ({
	...{ serial: "FW-1", model: "PA-440", jwk: publicKey, license: "lic-00000000" },
	...more,
});

describe("a line of devices", () => {
	it("is a device with the thumbprint of its key", async () => {
		const given = {
			labels: { site: "berlin" },
			dpop_bound: true,
			status: "suspended",
			id: "dev-x",
			activated_at: "then",
		};
		expect(await readDeviceLine(line(given))).toMatchObject({
			ok: true,
			line: {
				serial: "FW-1",
				labels: { site: "berlin" },
				dpopBound: true,
				status: "suspended",
				jkt: expect.any(String),
			},
		});
	});

	it("takes Ed25519 keys too", async () => {
		const pair = await generateKeyPair("Ed25519", { extractable: true });
		expect(await readDeviceLine(line({ jwk: await exportJWK(pair.publicKey) }))).toMatchObject({ ok: true });
	});

	it("with a private key is refused as that before anything else, and nothing of the key is repeated", async () => {
		const read = await readDeviceLine({ jwk: privateKey, serial: 5, nonsense: true });
		expect(read).toMatchObject({ ok: false, reason: "private_key" });
		expect(JSON.stringify(read)).not.toContain(privateKey.d);
	});

	it.each(["d", "p", "q", "dp", "dq", "qi", "oth", "k"])("refuses a key with the secret member %s", async (member) => {
		const jwk = { ...publicKey, [member]: "s3cr3t-value" };
		const read = await readDeviceLine(line({ jwk }));
		expect(read).toMatchObject({ ok: false, reason: "private_key" });
		expect(JSON.stringify(read)).not.toContain("s3cr3t");
	});

	it("refuses a key that is no point of its curve", async () => {
		const jwk = { ...publicKey, y: publicKey.x };
		expect(await readDeviceLine(line({ jwk }))).toMatchObject({ ok: false, reason: "key_unusable" });
	});

	it.each([
		["no object", "a text", ""],
		["null", null, ""],
		["a serial number with a blank", { serial: "FW 1" }, "serial"],
		["no model", { model: undefined }, "model"],
		["a license that is none", { license: "L-1" }, "license"],
		["a status that no import may set", { status: "revoked" }, "status"],
		["nine labels", { labels: Object.fromEntries(Array.from("abcdefghi", (key) => [key, "x"])) }, "labels"],
		["a field that is misspelt", { label: {} }, ""],
		["an RSA key", { jwk: { kty: "RSA", n: "AQAB", e: "AQAB" } }, "jwk"],
	])("is refused with %s, naming the field", async (_, change, field) => {
		const value = typeof change === "object" && change !== null ? line(change) : change;
		const read = await readDeviceLine(value);
		expect(read).toMatchObject({ ok: false, reason: "malformed", errors: [{ field }] });
	});
});
