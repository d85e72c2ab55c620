// Signatures of webhooks against the reference library's own example, and against an independent verification.
import { createHmac, hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { importMacKeyring } from "../../../src/signing/keys/mac-keyring.ts";
import { formatWebhookSecret, signWebhook, webhookSecret } from "../../../src/signing/webhook-signature.ts";

const KEY = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const OTHER = "k2:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA";
const ref = { kid: "k1", trail: "f5any44xnh", webhook: "whk-0000aaaa", generation: 1 };

async function secretOf(change: Partial<typeof ref> = {}, macKeys = `${KEY},${OTHER}`): Promise<string | null> {
	const secret = await webhookSecret(await importMacKeyring(macKeys), { ...ref, ...change });
	return secret === null ? null : formatWebhookSecret(secret);
}

describe("the signature of a webhook", () => {
	it("is that of the Standard Webhooks reference libraries", async () => {
		const secret = new Uint8Array(Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64"));
		const signature = await signWebhook(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}');
		expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	});

	it("verifies with nothing but the secret as it was shown, node:crypto and the rule", async () => {
		const shown = (await secretOf()) ?? "";
		const key = Buffer.from(shown.slice("whsec_".length), "base64");
		const body = '{"type":"device.new","data":{"detail":"Zürich"}}';
		const signature = await signWebhook(new Uint8Array(key), "evt-f5any44xnh-3", 1_800_000_000, body);
		const mac = createHmac("sha256", key).update(`evt-f5any44xnh-3.1800000000.${body}`).digest("base64");
		expect(signature).toBe(`v1,${mac}`);
	});

	it("is not made for an id with a full stop", async () => {
		await expect(signWebhook(new Uint8Array(32), "evt-a.1", 1, "{}")).rejects.toThrow(RangeError);
	});
});

describe("the secret of a webhook", () => {
	it("is 32 bytes in base64 behind whsec_, and the same each time it is made", async () => {
		expect(await secretOf()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
		expect(await secretOf()).toBe(await secretOf());
	});

	it("is derived as docs/storage-schema.md says, for ever: receivers hold it", async () => {
		const key = hkdfSync("sha256", Buffer.alloc(32), "", "parapet/webhook/k1", 32);
		const text = ["parapet-webhook", "1", "k1", "f5any44xnh", "whk-0000aaaa", "1"].join("\n");
		const secret = createHmac("sha256", Buffer.from(key)).update(text).digest("base64");
		expect(await secretOf()).toBe(`whsec_${secret}`);
	});

	it("is another for another trail, endpoint, generation and key", async () => {
		const secrets = await Promise.all([
			secretOf(),
			secretOf({ trail: "t000000001" }),
			secretOf({ webhook: "whk-0000bbbb" }),
			secretOf({ generation: 2 }),
			secretOf({ kid: "k2" }),
		]);
		expect(new Set(secrets).size).toBe(5);
	});

	it("stays when the keys of the deployment are rotated, and is gone with its key", async () => {
		expect(await secretOf({}, `${OTHER},${KEY}`)).toBe(await secretOf());
		expect(await secretOf({}, OTHER)).toBeNull();
	});
});
