// Parts that go straight to the storage by URLs of the service: each URL takes one content, for a quarter of an hour; what came so is
// joined, and held against the whole, as any part is. The bucket is played, and verifies the signature by itself.
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { joinBytes } from "../../../../support/archives/tar.ts";
import { createProduct, makePackage, type Package } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../../../support/secrets.ts";
import { operated } from "../../../../support/service.ts";
import { playS3, S3_KEYS } from "../../../../support/stand-ins/played-s3.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { serviceWith } from "../../../support/fixtures.ts";

const KEY = `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`;
const NOW = 1_900_000_000;
const S3 = {
	S3_BUCKET_URL: "https://storage.example.com/packages-bucket",
	S3_ACCESS_KEY_ID: S3_KEYS.accessKeyId,
	S3_SECRET_ACCESS_KEY: S3_KEYS.secretAccessKey,
	S3_USE: "uploads",
};
interface PartUrl {
	readonly url: string;
	readonly headers: Record<string, string>;
	readonly expires_at: string;
}

let product: string;
let whole: Package;
let parts: [Package, Package, Package];
beforeEach(async () => {
	product = freshProduct().name;
	await createProduct(product);
	parts = [await makePackage("the rules of "), await makePackage("today and "), await makePackage(`${product}'s`)];
	whole = await makePackage(joinBytes(...parts.map(({ bytes }) => bytes)));
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
});
afterEach(() => {
	vi.useRealTimers();
});

const send = (path: string, method: string, body: unknown, settings: Record<string, string> = S3, key = KEY) => {
	const text = JSON.stringify(body);
	const headers = { authorization: key, "content-type": "application/json", "content-length": String(text.length) };
	return serviceWith(settings)(`/v1/products/${path}`, { method, headers, body: text });
};
const ask = ({ sha256, bytes }: Package, size = bytes.length, settings: Record<string, string> = S3, key = KEY) =>
	send(`${product}/uploads/${whole.sha256}/parts/${sha256}/url`, "POST", { size }, settings, key);
const urlOf = async (part: Package) => {
	const answer = await ask(part);
	expect(answer.status).toBe(201);
	return (await answer.json()) as PartUrl;
};
/** @param change of what a sender that keeps to the answer would send */
function put(
	{ url, headers }: PartUrl,
	body: Uint8Array,
	change: { url?: string; headers?: Record<string, string>; after?: number } = {},
) {
	const request = {
		method: "PUT",
		url: change.url ?? url,
		headers: { ...headers, host: "storage.example.com", ...change.headers },
		body,
	};
	return playS3(request, NOW + (change.after ?? 0), (key, bytes) => env.PACKAGES.put(key, bytes));
}
const join = (chosen: readonly Package[] = parts) =>
	send(`${product}/releases/1.0.0/package/parts`, "PUT", {
		sha256: whole.sha256,
		parts: chosen.map(({ sha256 }) => sha256),
	});
const listed = async () =>
	(await operated<{ parts: { sha256: string }[] }>("GET", `/v1/products/${product}/uploads/${whole.sha256}`)).parts;

test("parts by URLs, out of order and one twice, become the package", async () => {
	const [first, second, third] = parts;
	for (const part of [third, first, second, first]) {
		const signed = await urlOf(part);
		expect(signed.expires_at).toBe("2030-03-17T18:01:40Z");
		for (let count = 0; count < 2; count++) expect(await put(signed, part.bytes)).toEqual({ status: 200, code: "" });
	}
	const answer = await join();
	expect([answer.status, await answer.json()]).toMatchObject([201, { sha256: whole.sha256, inspected: true }]);
	expect(await listed()).toEqual([]);
});

test("parts by URLs and parts through the service are parts of one package", async () => {
	const [first, ...others] = parts;
	await put(await urlOf(first), first.bytes);
	for (const { sha256, bytes } of others) {
		const headers = { authorization: KEY, "content-length": String(bytes.length) };
		const path = `/v1/products/${product}/uploads/${whole.sha256}/parts/${sha256}`;
		expect((await serviceWith(S3)(path, { method: "PUT", headers, body: bytes })).status).toBe(200);
	}
	expect((await join()).status).toBe(201);
});

describe("the storage keeps nothing", () => {
	const flipped = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte));
	test.each<[string, (signed: PartUrl, bytes: Uint8Array) => ReturnType<typeof put>, string]>([
		["after a quarter of an hour", (signed, bytes) => put(signed, bytes, { after: 900 }), "AccessDenied"],
		["of another length than was told", (signed, bytes) => put(signed, bytes.subarray(1)), "IncompleteBody"],
		[
			"of another length, told to the storage too",
			(signed, bytes) => put(signed, bytes.subarray(1), { headers: { "content-length": String(bytes.length - 1) } }),
			"SignatureDoesNotMatch",
		],
		["of other bytes", (signed, bytes) => put(signed, flipped(bytes)), "BadDigest"],
		[
			"of other bytes whose checksum is told",
			(signed, bytes) => put(signed, flipped(bytes), { headers: { "x-amz-checksum-sha256": "AAAA" } }),
			"SignatureDoesNotMatch",
		],
		[
			"under another key",
			(signed, bytes) => put(signed, bytes, { url: signed.url.replace("/uploads/", "/packages/") }),
			"SignatureDoesNotMatch",
		],
		[
			"for a longer time than was signed",
			(signed, bytes) => put(signed, bytes, { url: signed.url.replace("Expires=900", "Expires=9000"), after: 901 }),
			"SignatureDoesNotMatch",
		],
	])("%s", async (_what, attempt, code) => {
		const [first] = parts;
		expect(await attempt(await urlOf(first), first.bytes)).toMatchObject({ code });
		expect(await listed()).toEqual([]);
	});
	test("a moment before, it does", async () => {
		const [first] = parts;
		expect(await put(await urlOf(first), first.bytes, { after: 899 })).toMatchObject({ status: 200 });
	});
});

test("a part that never came is missing", async () => {
	const [first, second, third] = parts;
	for (const part of [first, second, third]) await urlOf(part);
	for (const part of [first, third]) await put(await urlOf(part), part.bytes);
	expect(await expectProblem(await join(), "parts_missing")).toMatchObject({ missing: [second.sha256] });
});

test("a storage that looks at no digest gets nothing past the whole", async () => {
	const [first, ...others] = parts;
	for (const part of others) await put(await urlOf(part), part.bytes);
	await env.PACKAGES.put(`uploads/${product}/${whole.sha256}/${first.sha256}`, "other rules");
	await expectProblem(await join(), "digest_mismatch");
	expect(await env.PACKAGES.head(`packages/${whole.sha256}`)).toBeNull();
});

describe("no URL is given", () => {
	test("where the service has no storage for it: by default, and where only downloads come from there", async () => {
		for (const settings of [{ S3_USE: "" }, { ...S3, S3_USE: "downloads" }] as Record<string, string>[]) {
			const answer = await send(
				`${product}/uploads/${whole.sha256}/parts/${whole.sha256}/url`,
				"POST",
				{ size: 1 },
				settings,
			);
			expect(await expectProblem(answer, "not_found")).toMatchObject({ detail: expect.stringContaining("PUT") });
		}
	});
	test("for a part larger than any package, or of no bytes", async () => {
		const [first] = parts;
		const settings = { ...S3, MAX_PACKAGE_BYTES: "100" };
		expect(await expectProblem(await ask(first, 101, settings), "content_too_large")).toMatchObject({
			limit_bytes: 100,
		});
		for (const size of [0, 0.5, -1]) await expectProblem(await ask(first, size), "invalid_request");
	});
	test("of no product", async () => {
		product = freshProduct().name;
		await expectProblem(await ask(parts[0]), "not_found");
	});
	test("beyond the key's quota: a URL counts as the bytes that it takes", async () => {
		const quota = String(whole.bytes.length);
		const settings = { ...S3, MAX_PACKAGE_BYTES: quota, UPLOAD_BYTES_PER_DAY: quota };
		const scopes = [`publish:${product}`];
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes });
		const [first] = parts;
		for (const part of parts) expect((await ask(part, part.bytes.length, settings, `Bearer ${key}`)).status).toBe(201);
		await expectProblem(await ask(first, first.bytes.length, settings, `Bearer ${key}`), "upload_quota_exceeded");
	});
});
