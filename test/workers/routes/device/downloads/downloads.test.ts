// A download as clients do it: whole, in parts, resumed, asked about first. The digest is the strong ETag of it all.
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { packageKey } from "../../../../../src/storage/keys.ts";
import { publish } from "../../../../support/fleet.ts";
import { send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newScene, offerOf, permitOf, type Scene } from "../../../support/fixtures.ts";

let scene: Scene;
let url: string;
let etag: string;
let text: string;
beforeAll(async () => {
	scene = await newScene();
	url = (await permitOf(scene.firewall, scene.product)).url;
	etag = `"${scene.content.sha256}"`;
	text = new TextDecoder().decode(scene.content.bytes);
});

const get = (headers: Record<string, string> = {}, method = "GET") => send(url, { method, headers });

test("a whole package comes with its digest, its length and nothing that would let it be cached or changed", async () => {
	const answer = await get();
	expect([answer.status, await answer.text()]).toEqual([200, text]);
	expect(Object.fromEntries(answer.headers)).toMatchObject({
		etag,
		"repr-digest": scene.content.digest,
		"content-length": String(text.length),
		"content-type": "application/octet-stream",
		"accept-ranges": "bytes",
		"cache-control": "private, no-store, no-transform",
		"referrer-policy": "no-referrer",
		"x-content-type-options": "nosniff",
	});
});

test("HEAD tells the same and sends nothing", async () => {
	const [whole, head] = [await get(), await get({}, "HEAD")];
	expect([head.status, await head.text()]).toEqual([200, ""]);
	expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(whole.headers));
});

describe("a range of bytes", () => {
	// "rules of product-1": 18 bytes
	test.each([
		["the first five", "bytes=0-4", "rules", "0-4"],
		["from the sixth on", "bytes=6-", "of product-1", "6-17"],
		["the last one", "bytes=-1", "1", "17-17"],
		["more than there is at the end", "bytes=-99", "rules of product-1", "0-17"],
		["past the end", "bytes=9-99", "product-1", "9-17"],
		["the very last by number", "bytes=17-17", "1", "17-17"],
	])("%s", async (_, range, part, place) => {
		const answer = await get({ range });
		expect([answer.status, await answer.text()]).toEqual([206, part]);
		expect(answer.headers.get("content-range")).toBe(`bytes ${place}/18`);
		expect(answer.headers.get("content-length")).toBe(String(part.length));
		expect([answer.headers.get("etag"), answer.headers.get("repr-digest")]).toEqual([etag, scene.content.digest]);
	});

	test.each(["bytes=18-", "bytes=99-100", "bytes=-0"])("%s lies outside", async (range) => {
		const answer = await get({ range });
		expect([answer.status, await answer.text()]).toEqual([416, ""]);
		expect(answer.headers.get("content-range")).toBe("bytes */18");
	});

	test.each(["bytes=0-1,3-4", "bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "items=0-1", "0-1", "bytes=0x1-2"])(
		"%s is ignored: the whole comes",
		async (range) => {
			const answer = await get({ range });
			expect([answer.status, await answer.text()]).toEqual([200, text]);
		},
	);

	test("resumes only what is still the same", async () => {
		const same = await get({ range: "bytes=6-", "if-range": etag });
		expect([same.status, await same.text()]).toEqual([206, "of product-1"]);
		for (const other of [`"${"0".repeat(64)}"`, `W/${etag}`, "Fri, 20 Nov 2026 00:00:00 GMT", "x"]) {
			const answer = await get({ range: "bytes=6-", "if-range": other });
			expect([other, answer.status, await answer.text()]).toEqual([other, 200, text]);
		}
	});

	test("is not for HEAD", async () => {
		const answer = await get({ range: "bytes=0-4" }, "HEAD");
		expect([answer.status, answer.headers.get("content-length")]).toEqual([200, "18"]);
	});
});

test("whoever has it is told so and sent nothing", async () => {
	for (const value of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
		const answer = await get({ "if-none-match": value });
		expect([value, answer.status, await answer.text()]).toEqual([value, 304, ""]);
		expect(answer.headers.get("etag")).toBe(etag);
	}
	expect((await get({ "if-none-match": '"x"' })).status).toBe(200);
});

test("a package of a megabyte comes whole and in parts, byte for byte", async () => {
	const content = await publish(scene.product, "2", "0123456789abcdef".repeat(65_536), { allow_size: "of a test" });
	const { capability } = await offerOf(scene.firewall, scene.product);
	const permit = await scene.firewall.call("POST", "/v1/permits", { offer: capability });
	const { url: big } = (await permit.json()) as { url: string };
	const whole = new Uint8Array(await (await send(big)).arrayBuffer());
	expect(whole.length).toBe(1_048_576);
	expect(whole).toEqual(content.bytes);
	const parts: string[] = [];
	for (const range of ["bytes=0-524286", "bytes=524287-1048570", "bytes=1048571-"]) {
		parts.push(await (await send(big, { headers: { range } })).text());
	}
	expect(parts.join("")).toBe(new TextDecoder().decode(content.bytes));
});

test("bytes that are gone from storage are a fault of the service, to be retried", async () => {
	const content = await publish(scene.product, "3", "soon gone", { allow_size: "of a test" });
	const { url: gone } = await permitOf(scene.firewall, scene.product);
	await env.PACKAGES.delete(packageKey(content.sha256));
	for (const method of ["GET", "HEAD"]) {
		const answer = await send(gone, { method });
		if (method === "GET") await expectProblem(answer, "content_missing");
		else expect(answer.status).toBe(502);
	}
});

describe("If-Match", () => {
	test.each([
		["another digest", '"nope"'],
		["the digest as a weak ETag", () => `W/${etag}`],
		["the digest without quotes", () => etag.slice(1, -1)],
	])("of %s is answered 412, for GET, HEAD and a range alike, also beside If-None-Match", async (_, value) => {
		const named = typeof value === "string" ? value : value();
		await expectProblem(await get({ "if-match": named }), "precondition_failed");
		await expectProblem(await get({ "if-match": named, range: "bytes=0-4" }), "precondition_failed");
		await expectProblem(await get({ "if-match": named, "if-none-match": etag }), "precondition_failed");
		expect((await get({ "if-match": named }, "HEAD")).status).toBe(412);
	});

	test("of the digest, of it among others, and of * lets pass", async () => {
		for (const value of [etag, `"x", ${etag}`, "*"]) expect((await get({ "if-match": value })).status).toBe(200);
		expect((await get({ "if-match": etag, range: "bytes=0-4" })).status).toBe(206);
	});

	test("comes first, and then If-None-Match; If-Unmodified-Since is ignored, since packages have no date", async () => {
		expect((await get({ "if-match": etag, "if-none-match": etag })).status).toBe(304);
		expect((await get({ "if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT" })).status).toBe(200);
	});
});
