// Answers to a download that are not the package's: login pages, packing proxies, caches. None of them may cost a byte of what
// has come, or count against the release.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { judgeReply } from "../../../../../cli/firewall/update/download-reply.ts";

const SHA256 = createHash("sha256").update("the package").digest("hex");
const SIZE = 1000;
const ETAG = `"${SHA256}"`;
const LENGTH = String(SIZE);

function judge(status: number, headers: Readonly<Record<string, string>>, offset = 0, validator = ETAG) {
	return judgeReply({ status, headers }, { sha256: SHA256, size: SIZE, offset, validator, nowMs: 0 });
}

describe("the whole package", () => {
	it.each([
		["by its length", { "content-length": LENGTH }],
		["by its ETag, where a proxy has taken the length away", { etag: ETAG }],
		["by both", { "content-length": LENGTH, etag: ETAG, "content-encoding": "identity" }],
		["of a storage that has its own ETags", { "content-length": LENGTH, etag: '"d41d8cd98f00b204"' }],
	])("is known %s, and begins the part anew", (_, headers) => {
		expect(judge(200, headers, 500)).toEqual({ step: "receive", from: 0 });
	});

	it.each([
		["of a login page", { "content-type": "text/html", "content-length": "812" }],
		["of a login page without a length", { "content-type": "text/html" }],
		["of a page under the package's ETag", { etag: ETAG, "content-length": "812" }],
		["that is packed", { etag: ETAG, "content-encoding": "gzip" }],
		["that is packed to the very same length", { "content-length": LENGTH, "content-encoding": "br" }],
		["that a proxy has changed, so that its ETag is weak", { etag: `W/${ETAG}` }],
		["of nothing", { "content-length": "0" }],
	])("is not the answer %s", (_, headers) => {
		for (const offset of [0, 500]) expect(judge(200, headers, offset)).toMatchObject({ step: "interrupted" });
	});

	it("that is missing is said with what came in its place", () => {
		expect(judge(200, { "content-type": "text/html", "content-length": "812" })).toEqual({
			step: "interrupted",
			detail: "the answer has 812 bytes, not 1000 (text/html): a login page or a proxy on the way gave it",
		});
		expect(judge(200, { etag: ETAG, "content-encoding": "gzip" })).toEqual({
			step: "interrupted",
			detail: "the answer is packed (gzip) though it should not be: a login page or a proxy on the way gave it",
		});
	});
});

describe("the rest of the package", () => {
	it.each([
		["the package's length", "bytes 500-999/1000", {}],
		["less than was asked for", "bytes 500-699/1000", {}],
		["no length but the package's ETag", "bytes 500-999/*", { etag: ETAG }],
	])("is taken with %s", (_, range, more) => {
		expect(judge(206, { "content-range": range, ...more }, 500)).toEqual({ step: "receive", from: 500 });
	});

	it.each([
		["another beginning", "bytes 499-999/1000"],
		["another length", "bytes 500-1000/1001"],
		["an end before its beginning", "bytes 500-499/1000"],
		["no length and no ETag", "bytes 500-999/*"],
		["several ranges at once", ""],
	])("is not taken with %s: all is asked for anew", (_, range) => {
		expect(judge(206, { "content-range": range }, 500)).toMatchObject({ step: "start_over" });
	});

	it.each([
		["the ETag that If-Range named", '"5d41402a"', true],
		["that ETag made weak on the way", 'W/"5d41402a"', true],
		["another ETag, from a server that ignores If-Range", '"7d793037"', false],
		["the SHA-256 where the part is from somewhere else", ETAG, false],
	])("with %s", (_, etag, isTaken) => {
		const answer = judge(206, { "content-range": "bytes 500-999/1000", etag }, 500, '"5d41402a"');
		expect(answer.step).toBe(isTaken ? "receive" : "start_over");
	});

	it("is not taken when it is packed, and what has come stays", () => {
		const headers = { "content-range": "bytes 500-999/1000", "content-encoding": "gzip" };
		expect(judge(206, headers, 500)).toMatchObject({ step: "interrupted" });
	});
});

describe("any other answer", () => {
	it.each([301, 302, 303, 307, 308])("%s leads somewhere else, which is said and not followed", (status) => {
		expect(judge(status, { location: "https://login.hotel.example/start?for=you" })).toEqual({
			step: "interrupted",
			detail: `the answer has status ${status}, to https://login.hotel.example: a login page or a proxy on the way gave it`,
		});
		expect(judge(status, { location: "/login" })).toMatchObject({ step: "interrupted" });
	});

	it.each([204, 304, 407, 429, 500, 502, 503, 504, 511])("%s is tried again with the same URL", (status) => {
		expect(judge(status, {})).toMatchObject({ step: "interrupted" });
	});

	it.each([400, 401, 403, 404, 410])("%s turns the URL down", (status) => {
		expect(judge(status, {})).toMatchObject({ step: "url_refused" });
	});
});
