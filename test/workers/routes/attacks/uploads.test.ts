// Uploads that are not what they say: nothing is stored, under the version or under the digest, and nothing is offered.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { packageKey } from "../../../../src/storage/keys.ts";
import { makePackage, type Package, upload } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newProduct, serviceWith, unknownLength } from "../../support/fixtures.ts";

let product: string;
let content: Package;
let other: Package;
beforeAll(async () => {
	product = await newProduct();
	content = await makePackage("the rules of today");
	other = await makePackage("other rules");
});

async function expectNothingStored(): Promise<void> {
	const { releases } = await operated<{ releases: unknown[] }>("GET", `/v1/products/${product}/releases`);
	expect(releases).toEqual([]);
	for (const { sha256 } of [content, other]) expect(await env.PACKAGES.head(packageKey(sha256))).toBeNull();
}

const put = (headers: Record<string, string>, body: BodyInit | null = content.bytes, path = "1.0.0/package") =>
	send(`/v1/products/${product}/releases/${path}`, {
		method: "PUT",
		headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, ...headers },
		body,
	});

describe("refused is an upload", () => {
	test.each([
		["longer than it says", -1],
		["shorter than it says", 1],
	])("%s", async (_, more) => {
		const length = String(content.bytes.length + more);
		await expectProblem(await upload(product, "1.0.0", content, { "content-length": length }), "length_mismatch");
		await expectNothingStored();
	});

	test("of other bytes than its digest says", async () => {
		await expectProblem(await upload(product, "1.0.0", { ...content, digest: other.digest }), "digest_mismatch");
		await expectNothingStored();
	});

	test.each(["gzip", "br", "zstd", "GZIP", "gzip, gzip", "aes128gcm"])("with the content coding %s", async (coding) => {
		const answer = await upload(product, "1.0.0", content, { "content-encoding": coding });
		expect(answer.headers.get("accept-encoding")).toBe("identity");
		await expectProblem(answer, "unsupported_media_type");
		await expectNothingStored();
	});

	test("whose two digests differ, whichever is right", async () => {
		for (const digests of [
			{ "repr-digest": content.digest, "content-digest": other.digest },
			{ "repr-digest": other.digest, "content-digest": content.digest },
			{ "repr-digest": content.digest, "content-digest": "sha-256=garbage" },
		]) {
			await expectProblem(await upload(product, "1.0.0", content, digests), "invalid_digest");
			await expectNothingStored();
		}
	});

	test("without a length", async () => {
		const answer = await put({ "repr-digest": content.digest }, unknownLength("the rules of today"));
		await expectProblem(answer, "length_required");
		await expectNothingStored();
	});

	test.each([
		["without a body", null, "length_required"],
		["of nothing", "", "length_mismatch"],
	] as const)("%s", async (_, body, code) => {
		const length: Record<string, string> = body === null ? {} : { "content-length": "0" };
		await expectProblem(await put({ "repr-digest": content.digest, ...length }, body), code);
		await expectNothingStored();
	});

	const digests: [string, () => string][] = [
		["that is empty", () => ""],
		["of another algorithm", () => content.digest.replace("sha-256", "sha-512")],
		["in hexadecimal", () => `sha-256=${content.sha256}`],
		["without colons", () => content.digest.replaceAll(":", "")],
		["of 31 bytes", () => `sha-256=:${btoa("x".repeat(31))}:`],
		["given twice", () => `${content.digest}, ${other.digest}`],
		["as the old Digest header had it", () => content.digest.replace("sha-256=:", "SHA-256=").slice(0, -1)],
		["of 2 KB", () => `sha-256=:${"A".repeat(2000)}:`],
	];
	test.each(digests)("with a digest %s", async (_, digest) => {
		await expectProblem(await upload(product, "1.0.0", { ...content, digest: digest() }), "invalid_digest");
		await expectNothingStored();
	});

	test("without a digest", async () => {
		await expectProblem(await put({ "content-length": String(content.bytes.length) }), "invalid_digest");
		await expectNothingStored();
	});

	test("larger than the service takes, before a byte is read, and says the limit", async () => {
		const small = serviceWith({ MAX_PACKAGE_BYTES: "17" });
		const answer = await small(`/v1/products/${product}/releases/1.0.0/package`, {
			method: "PUT",
			headers: {
				authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`,
				"content-length": "18",
				"repr-digest": content.digest,
			},
			body: content.bytes,
		});
		expect((await expectProblem(answer, "content_too_large"))["limit_bytes"]).toBe(17);
		await expectNothingStored();
	});

	test("of a key that has uploaded its bytes of the day, before a byte is read, and says when to go on", async () => {
		const service = serviceWith({ MAX_PACKAGE_BYTES: "18", UPLOAD_BYTES_PER_DAY: "40" });
		const own = await newProduct();
		const newKey = async () =>
			(await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: [`publish:${own}`] })).key;
		const uploadBy = async (by: string, version: string) => {
			const { bytes, digest } = await makePackage(`18 bytes, of ${version}`);
			const headers = { authorization: `Bearer ${by}`, "content-length": String(bytes.length), "repr-digest": digest };
			return service(`/v1/products/${own}/releases/${version}/package`, { method: "PUT", headers, body: bytes });
		};
		const key = await newKey();
		expect((await uploadBy(key, "1.0.0")).status).toBe(201);
		expect((await uploadBy(key, "1.0.1")).status).toBe(201);
		const refused = await uploadBy(key, "1.0.2");
		expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
		expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(86_400);
		const { detail } = await expectProblem(refused, "upload_quota_exceeded");
		expect(detail).toBe("of 40 bytes a day 4 are left, and the content has 18");
		expect((await uploadBy(await newKey(), "1.0.2")).status).toBe(201);
	});

	test.each([
		["of a product that does not exist", "no-such-product", "1.0.0", "not_found"],
		["of a product in capitals", "CRS", "1.0.0", "invalid_identifier"],
		["of a version that climbs", "crs", "..%2F..%2Fx", "invalid_identifier"],
		["of a version with a null byte", "crs", "1%00", "invalid_identifier"],
		["of a version of 65 characters", "crs", "1".repeat(65), "invalid_identifier"],
		["of an emoji version", "crs", "%F0%9F%94%A5", "invalid_identifier"],
	] as const)("%s", async (_, name, version, code) => {
		const answer = await send(`/v1/products/${name}/releases/${version}/package`, {
			method: "PUT",
			headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, "repr-digest": content.digest },
			body: content.bytes,
		});
		await expectProblem(answer, code);
		await expectNothingStored();
	});

	test.each(["../x", ".hidden", "a/b", "a b", "x".repeat(129), "%0a"])("under the file name %s", async (name) => {
		const headers = { "content-length": String(content.bytes.length), "repr-digest": content.digest };
		const answer = await put(headers, content.bytes, `1.0.0/package?name=${encodeURIComponent(name)}`);
		await expectProblem(answer, "invalid_request");
		await expectNothingStored();
	});
});

describe("refused as a release is", () => {
	const path = (version: string) => `/v1/products/${product}/releases/${version}`;
	test("a version whose package was never uploaded", async () => {
		await expectProblem(await operate("PUT", path("9.9.9"), {}), "not_found");
		await expectProblem(await operate("POST", `${path("9.9.9")}/withdraw`, { reason: "x" }), "conflict");
		await expectNothingStored();
	});

	test.each([
		["another urgency", { urgency: "panic" }],
		["notes that are too long", { notes: "x".repeat(2001) }],
		["notes that are no text", { notes: 1 }],
		["no model at all", { models: [] }],
		["a model that is none", { models: ["../x"] }],
		["an engine range with a third end", { engine: { min: "1", max: "2", mid: "1.5" } }],
		["a sequence of its own", { sequence: 99 }],
		["a digest of its own", { sha256: "ab".repeat(32) }],
		["a tenant", { tenant_id: "x" }],
	])("%s", async (_, body) => {
		await expectProblem(await operate("PUT", path("1.0.0"), body), "invalid_request");
		await expectNothingStored();
	});

	test("a withdrawal without a reason", async () => {
		for (const body of [{}, { reason: "" }, { reason: "x".repeat(501) }]) {
			await expectProblem(await operate("POST", `${path("1.0.0")}/withdraw`, body), "invalid_request");
		}
	});
});
