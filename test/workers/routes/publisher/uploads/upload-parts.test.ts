// A package that goes up in parts: in any order, again, interrupted; joined it is the package that one request would have sent, or nothing.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { partKey } from "../../../../../src/storage/keys.ts";
import { createR2PackageStore } from "../../../../../src/storage/packages/r2-package-store.ts";
import { createR2PartStore } from "../../../../../src/storage/packages/r2-part-store.ts";
import { joinBytes, makeTar } from "../../../../support/archives/tar.ts";
import { createProduct, makePackage, type Package } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../../../support/secrets.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { serviceWith } from "../../../support/fixtures.ts";

const KEY = `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`;
let product: string;
let whole: Package;
let parts: Package[];
beforeEach(async () => {
	product = freshProduct().name;
	await createProduct(product);
	parts = await Promise.all(
		["the rules of ", "today and ", `${product} of all the others`].map((text) => makePackage(text)),
	);
	whole = await makePackage(joinBytes(...parts.map(({ bytes }) => bytes)));
});

const uploadPath = (of = product) => `/v1/products/${of}/uploads/${whole.sha256}`;
const putPart = (part: Package, headers: Record<string, string> = {}, of = product) =>
	send(`${uploadPath(of)}/parts/${part.sha256}`, {
		method: "PUT",
		headers: { authorization: KEY, "content-length": String(part.bytes.length), ...headers },
		body: part.bytes,
	});
async function putParts(...chosen: Package[]): Promise<void> {
	for (const part of chosen) expect((await putPart(part)).status).toBe(200);
}
const join = (chosen = parts, more: Record<string, unknown> = {}, version = "1.0.0") =>
	operate("PUT", `/v1/products/${product}/releases/${version}/package/parts`, {
		sha256: whole.sha256,
		parts: chosen.map(({ sha256 }) => sha256),
		...more,
	});
const listed = async () => (await operated<{ parts: { sha256: string; size: number }[] }>("GET", uploadPath())).parts;

async function expectNoPackage(): Promise<void> {
	expect((await operated<{ releases: unknown[] }>("GET", `/v1/products/${product}/releases`)).releases).toEqual([]);
	expect(await env.PACKAGES.head(`packages/${whole.sha256}`)).toBeNull();
}

test("parts in any order and twice become the package, which can be released; then they are forgotten", async () => {
	const [first, second, third] = parts as [Package, Package, Package];
	await putParts(third, first, second, first);
	const answer = await join();
	expect(answer.status).toBe(201);
	expect(answer.headers.get("repr-digest")).toBe(whole.digest);
	expect(await answer.json()).toEqual({
		...{ product, version: "1.0.0", sha256: whole.sha256, size: whole.bytes.length },
		...{ name: `${product}-1.0.0`, inspected: true },
	});
	const stored = await env.PACKAGES.get(`packages/${whole.sha256}`);
	expect(new Uint8Array((await stored?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(whole.bytes);
	await operated("PUT", `/v1/products/${product}/releases/1.0.0`, {});
	expect(await listed()).toEqual([]);
	const again = await join();
	expect(again.status).toBe(200);
	expect(await again.json()).toMatchObject({ sha256: whole.sha256, inspected: true });
});

test("whoever was interrupted is told what is there, and may give up", async () => {
	const [first, second] = parts as [Package, Package];
	expect(await listed()).toEqual([]);
	await putParts(second, first);
	const sizes = [first, second].map(({ sha256, bytes }) => ({ sha256, size: bytes.length }));
	expect(await listed()).toEqual(sizes.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)));
	for (let count = 0; count < 2; count++) expect((await operate("DELETE", uploadPath())).status).toBe(204);
	expect(await listed()).toEqual([]);
	await expectNoPackage();
});

test("a part that comes several times in the package is sent once", async () => {
	const [first] = parts as [Package];
	whole = await makePackage(joinBytes(first.bytes, first.bytes));
	await putParts(first);
	expect(await (await join([first, first])).json()).toMatchObject({ size: 2 * first.bytes.length });
});

test("the same package in parts and in one request is one package, of both versions", async () => {
	await putParts(...parts);
	expect((await join()).status).toBe(201);
	await putParts(...parts);
	expect((await join(parts, {}, "1.0.1")).status).toBe(201);
	expect(await env.PACKAGES.list({ prefix: `uploads/${product}` })).toMatchObject({ objects: [] });
});

describe("not joined are", () => {
	test("parts of which one is missing, and it is said which", async () => {
		const [first, second, third] = parts as [Package, Package, Package];
		await putParts(first, third);
		expect(await expectProblem(await join(), "parts_missing")).toMatchObject({ missing: [second.sha256] });
		await expectNoPackage();
	});

	test("parts of another product", async () => {
		const other = freshProduct().name;
		await createProduct(other);
		for (const part of parts) expect((await putPart(part, {}, other)).status).toBe(200);
		await expectProblem(await join(), "parts_missing");
	});

	test("parts in another order, or too few", async () => {
		await putParts(...parts);
		for (const chosen of [parts.toReversed(), parts.slice(1), [...parts, ...parts]])
			await expectProblem(await join(chosen), "digest_mismatch");
		await expectNoPackage();
		expect((await join()).status).toBe(201);
	});

	test.each([
		["none", { parts: [] }],
		["more than can be read", { parts: Array.from({ length: 501 }, () => "a".repeat(64)) }],
		["one whose digest is none", { parts: ["../packages"] }],
		["ones of a file whose name is a path", { name: "../x" }],
		["ones with a field that nobody knows", { size: 3 }],
	])("%s", async (_what, more) => {
		await putParts(...parts);
		await expectProblem(await join(parts, more), "invalid_request");
	});

	test("parts that no firewall should unpack", async () => {
		const bad = makeTar({ path: "rules/a.rules" }, { path: "../x" });
		whole = await makePackage(bad);
		parts = await Promise.all([bad.subarray(0, 700), bad.subarray(700)].map((bytes) => makePackage(bytes)));
		await putParts(...parts);
		await expectProblem(await join(), "unsafe_package");
		expect((await operated<{ releases: unknown[] }>("GET", `/v1/products/${product}/releases`)).releases).toEqual([]);
	});

	test("parts for a version that has another package", async () => {
		await putParts(...parts);
		await join();
		whole = await makePackage("other rules");
		await expectProblem(await join(), "version_exists");
	});

	test("parts that are together more than a package may be", async () => {
		const small = serviceWith({ MAX_PACKAGE_BYTES: String(whole.bytes.length - 1) });
		await putParts(...parts);
		const body = JSON.stringify({ sha256: whole.sha256, parts: parts.map(({ sha256 }) => sha256) });
		const headers = { authorization: KEY, "content-type": "application/json", "content-length": String(body.length) };
		const path = `/v1/products/${product}/releases/1.0.0/package/parts`;
		await expectProblem(await small(path, { method: "PUT", headers, body }), "content_too_large");
	});
});

describe("not kept is a part", () => {
	test.each([
		["longer than it says", { "content-length": "3" }, "length_mismatch"],
		["shorter than it says", { "content-length": "400" }, "length_mismatch"],
		["larger than a body may be", { "content-length": "104857601" }, "content_too_large"],
		["that is packed", { "content-encoding": "gzip" }, "unsupported_media_type"],
	] as const)("%s", async (_what, headers, code) => {
		await expectProblem(await putPart(parts[0] as Package, headers), code);
		expect(await listed()).toEqual([]);
	});

	test("of other bytes than its name says; the one that was there stays", async () => {
		const [first, second] = parts as [Package, Package];
		await putParts(first);
		await expectProblem(await putPart({ ...second, sha256: first.sha256 }), "digest_mismatch");
		expect((await listed()).map(({ sha256 }) => sha256)).toEqual([first.sha256]);
	});

	test("of no product", async () => {
		await expectProblem(await putPart(parts[0] as Package, {}, freshProduct().name), "not_found");
	});

	test.each(["uploads/x/parts/y", `uploads/${"A".repeat(64)}/parts/${"a".repeat(64)}`])("under %s", async (path) => {
		const headers = { authorization: KEY, "content-length": "3" };
		await expectProblem(
			await send(`/v1/products/${product}/${path}`, { method: "PUT", headers, body: "abc" }),
			"invalid_identifier",
		);
	});
});

test("a part counts of the quota when it comes, and not again when it is joined", async () => {
	const service = serviceWith({
		MAX_PACKAGE_BYTES: String(whole.bytes.length),
		UPLOAD_BYTES_PER_DAY: String(whole.bytes.length),
	});
	const scopes = [`publish:${product}`];
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes });
	const put = (path: string, type: string, body: Uint8Array | string) =>
		service(`/v1/products/${product}/${path}`, {
			method: "PUT",
			headers: { authorization: `Bearer ${key}`, "content-type": type, "content-length": String(body.length) },
			body,
		});
	for (const { sha256, bytes } of parts)
		expect((await put(`uploads/${whole.sha256}/parts/${sha256}`, "application/octet-stream", bytes)).status).toBe(200);
	const [first] = parts as [Package];
	const refused = await put(`uploads/${whole.sha256}/parts/${first.sha256}`, "application/octet-stream", first.bytes);
	await expectProblem(refused, "upload_quota_exceeded");
	const body = JSON.stringify({ sha256: whole.sha256, parts: parts.map(({ sha256 }) => sha256) });
	expect((await put("releases/1.0.0/package/parts", "application/json", body)).status).toBe(201);
});

test("a part that comes again in a package counts each time: a small one makes no large package beside the quota", async () => {
	const [first] = parts as [Package];
	whole = await makePackage(joinBytes(first.bytes, first.bytes, first.bytes));
	const quota = String(3 * first.bytes.length - 1);
	const service = serviceWith({ MAX_PACKAGE_BYTES: quota, UPLOAD_BYTES_PER_DAY: quota });
	const scopes = [`publish:${product}`];
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes });
	await putParts(first);
	const joined = (times: number) => {
		const body = JSON.stringify({ sha256: whole.sha256, parts: Array(times).fill(first.sha256) });
		const headers = {
			...{ authorization: `Bearer ${key}`, "content-type": "application/json" },
			"content-length": String(body.length),
		};
		return service(`/v1/products/${product}/releases/1.0.0/package/parts`, { method: "PUT", headers, body });
	};
	await expectProblem(await joined(3), "content_too_large");
	await expectProblem(await joined(2), "digest_mismatch");
	await expectProblem(await joined(2), "upload_quota_exceeded");
});

test("a join that is no package counts of the quota as an upload of its size, even beyond it", async () => {
	const quota = String(whole.bytes.length);
	const service = serviceWith({ MAX_PACKAGE_BYTES: quota, UPLOAD_BYTES_PER_DAY: quota });
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
		subject: "ci",
		scopes: [`publish:${product}`],
	});
	await putParts(...parts);
	const joined = (chosen: readonly Package[]) => {
		const body = JSON.stringify({ sha256: whole.sha256, parts: chosen.map(({ sha256 }) => sha256) });
		const headers = {
			...{ authorization: `Bearer ${key}`, "content-type": "application/json" },
			"content-length": String(body.length),
		};
		return service(`/v1/products/${product}/releases/1.0.0/package/parts`, { method: "PUT", headers, body });
	};
	for (let count = 0; count < 2; count++) {
		await expectProblem(await joined(parts.toReversed()), "digest_mismatch");
	}
	const refused = await expectProblem(await joined(parts), "upload_quota_exceeded");
	expect(refused).toMatchObject({ detail: expect.stringContaining("0 are left") });
});

test("a part that goes while the parts are read breaks the package off: nothing is stored", async () => {
	const [first] = parts as [Package];
	await putParts(first);
	const sha256s = parts.map(({ sha256 }) => sha256);
	const joined = createR2PartStore(env.PACKAGES).join({ product, sha256: whole.sha256 }, sha256s);
	const put = createR2PackageStore(env.PACKAGES).put(whole.sha256, joined, whole.bytes.length);
	await expect(put).rejects.toMatchObject({ cause: { message: expect.stringContaining("is not there any more") } });
	await expectNoPackage();
});

test("whoever sends more than a body may have is told to send parts", async () => {
	const answer = await send(`/v1/products/${product}/releases/1.0.0/package`, {
		method: "PUT",
		headers: { authorization: KEY, "content-length": "104857601", "repr-digest": whole.digest },
		body: whole.bytes,
	});
	expect(await expectProblem(answer, "content_too_large")).toMatchObject({
		limit_bytes: 104_857_600,
		detail: expect.stringContaining("in parts"),
	});
});

test("more parts than the storage lists at once are all listed, and all forgotten", async () => {
	const upload = { product, sha256: whole.sha256 };
	const sha256s = Array.from({ length: 1_001 }, (_, n) => n.toString(16).padStart(64, "0"));
	await Promise.all(sha256s.map((sha256) => env.PACKAGES.put(partKey(upload, sha256), "x")));
	const store = createR2PartStore(env.PACKAGES);
	expect((await store.list(upload)).map(({ sha256 }) => sha256)).toEqual(sha256s);
	await store.remove(upload);
	expect(await store.list(upload)).toEqual([]);
});
