// Downloads into a .part file, from a server that answers anything: what is kept, what is asked again, and how long is waited.

import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { downloadPackage } from "../../../../../cli/firewall/update/download.ts";
import { type Reply, refuse, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const BYTES = Buffer.from("0123456789".repeat(100));
const SHA256 = createHash("sha256").update(BYTES).digest("hex");
const HALF = 500;

let server: ScriptedServer;
let folder: string;
let pauses: number[];
let nowMs: number;
beforeEach(async () => {
	server = await startScriptedServer(() => whole());
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	pauses = [];
	nowMs = 0;
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

const part = () => join(folder, "x.part");
const ranges = () => server.seen.map(({ headers }) => headers.range ?? null);
const refusals: boolean[] = [];

function download(url = `${server.url}/d`) {
	refusals.length = 0;
	return downloadPackage({
		urlFor: async (refused) => {
			refusals.push(refused);
			return url;
		},
		...{ sha256: SHA256, size: BYTES.length, partPath: part() },
		clock: {
			nowMs: () => nowMs,
			sleep: async (ms) => {
				pauses.push(ms);
			},
		},
	});
}

/** As the service answers. */
const whole = (body: Uint8Array = BYTES): Reply => ({ headers: { etag: `"${SHA256}"` }, body });

/** The replies one after the other, then the whole package. */
function answerWith(...replies: readonly Reply[]) {
	const left = [...replies];
	server.answer = () => left.shift() ?? whole();
}

const rest = (from: number, more: Readonly<Record<string, string>> = {}, to = BYTES.length): Reply => ({
	status: 206,
	headers: { "content-range": `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`, ...more },
	body: BYTES.subarray(from, to),
});

describe("what an earlier run has left", () => {
	it("is gone on from, with the whole checked at the end", async () => {
		await writeFile(part(), BYTES.subarray(0, HALF));
		answerWith(rest(HALF));
		expect(await download()).toEqual({ ok: true, resumedFrom: HALF });
		expect(ranges()).toEqual([`bytes=${HALF}-`]);
		expect(await readFile(part())).toEqual(BYTES);
	});

	it("needs no request at all when it is whole", async () => {
		await writeFile(part(), BYTES);
		expect(await download()).toEqual({ ok: true, resumedFrom: BYTES.length });
		expect(server.seen).toEqual([]);
	});

	it.each([
		["is longer than the package", Buffer.concat([BYTES, BYTES]), []],
		["is of another file, says the server with 416", BYTES.subarray(0, HALF), [{ status: 416 } as const]],
		["is followed by another range than was asked for", BYTES.subarray(0, HALF), [rest(HALF + 1)]],
		[
			"is followed by the rest of a file of another length",
			BYTES.subarray(0, HALF),
			[rest(HALF, { "content-range": `bytes ${HALF}-${BYTES.length}/${BYTES.length + 1}` })],
		],
		[
			"is followed by a range that ends before it begins",
			BYTES.subarray(0, HALF),
			[rest(HALF, { "content-range": `bytes ${HALF}-${HALF - 1}/${BYTES.length}` }, HALF)],
		],
		["is followed by a rest without a byte", BYTES.subarray(0, HALF), [rest(HALF, {}, HALF)]],
		["is followed by a range that is not said", BYTES.subarray(0, HALF), [rest(HALF, { "content-range": "bytes" })]],
	])("is thrown away when it %s, and all is downloaded at once", async (_, left, replies) => {
		await writeFile(part(), left);
		answerWith(...replies);
		expect(await download()).toEqual({ ok: true, resumedFrom: 0 });
		expect(ranges().at(-1)).toBeNull();
		expect(await readFile(part())).toEqual(BYTES);
		expect(pauses).toEqual([]);
	});

	it("is replaced when the server sends the whole file instead of the rest", async () => {
		await writeFile(part(), Buffer.alloc(HALF, "x"));
		expect(await download()).toEqual({ ok: true, resumedFrom: 0 });
		expect(await readFile(part())).toEqual(BYTES);
	});

	it("may have been bad once: bytes that this run brought itself are not asked for twice", async () => {
		server.answer = () => whole(Buffer.alloc(BYTES.length, "x"));
		expect(await download()).toMatchObject({ ok: false, reason: "digest_mismatch" });
		expect(server.seen).toHaveLength(1);
		server.seen.length = 0;
		await writeFile(part(), Buffer.alloc(BYTES.length, "y"));
		expect(await download()).toMatchObject({ ok: false, reason: "digest_mismatch" });
		expect(server.seen).toHaveLength(1);
		expect(await readdir(folder)).toEqual([]);
	});
});

describe("a server that has no package now", () => {
	it.each([429, 500, 503])("and answers %s is asked again after the pause that it names", async (status) => {
		answerWith(refuse(status, "later", { "retry-after": "7" }));
		expect(await download()).toMatchObject({ ok: true });
		expect(pauses).toEqual([7000]);
	});

	it("is asked again after a minute at most, whatever it says", async () => {
		answerWith(refuse(503, "later", { "retry-after": "86400" }));
		expect(await download()).toMatchObject({ ok: true });
		expect(pauses).toEqual([60_000]);
	});

	it("is given up on after four attempts that brought nothing, and what has come stays", async () => {
		await writeFile(part(), BYTES.subarray(0, HALF));
		server.answer = () => refuse(503, "later");
		expect(await download()).toEqual({ ok: false, reason: "interrupted", detail: "the download answered 503" });
		expect(server.seen).toHaveLength(4);
		expect(await readFile(part())).toEqual(BYTES.subarray(0, HALF));
	});
});

describe("a poor line", () => {
	it("before a server that never has the rest is given up on after four starts over", async () => {
		server.answer = ({ headers }) => (headers.range === undefined ? whole(BYTES.subarray(0, HALF)) : { status: 416 });
		const detail = "the server has no such range";
		expect(await download()).toEqual({ ok: false, reason: "interrupted", detail });
		expect(server.seen).toHaveLength(8);
	});

	it("that ends each answer early is gone on with for as long as each brings something", async () => {
		const step = BYTES.length / 10;
		server.answer = ({ headers }) => {
			const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
			const range = `bytes ${from}-${BYTES.length - 1}/${BYTES.length}`;
			const part = BYTES.subarray(from, from + step);
			return from === 0 ? whole(part) : { status: 206, headers: { "content-range": range }, body: part };
		};
		expect(await download()).toEqual({ ok: true, resumedFrom: 0 });
		expect(server.seen).toHaveLength(10);
		expect(pauses).toEqual(Array(9).fill(250));
		expect(await readFile(part())).toEqual(BYTES);
	});
});

describe("a line that drips", () => {
	it("is given up on after an hour, with what has come: there may be something more urgent by then", async () => {
		server.answer = ({ headers }) => {
			nowMs += 1_000_000;
			const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
			return from === 0 ? whole(BYTES.subarray(0, 1)) : rest(from, {}, from + 1);
		};
		expect(await download()).toEqual({ ok: false, reason: "interrupted", detail: "it takes longer than an hour" });
		expect(await readFile(part())).toEqual(BYTES.subarray(0, 4));
	});

	it("is cut in the middle of an answer", async () => {
		const wire = createServer((_, response) => {
			response.writeHead(200, { etag: `"${SHA256}"` }).write(BYTES.subarray(0, HALF));
			nowMs += 3_600_000;
		});
		await new Promise<void>((resolve) => wire.listen(0, "127.0.0.1", resolve));
		const { port } = wire.address() as AddressInfo;
		expect(await download(`http://127.0.0.1:${port}/d`)).toMatchObject({ ok: false, reason: "interrupted" });
		// Closes only once the connection has been cut: the answer itself never ends.
		await new Promise<void>((resolve) => wire.close(() => resolve()));
		expect(await readFile(part())).toEqual(BYTES.subarray(0, HALF));
	});
});

describe("a URL that is turned down", () => {
	it.each([400, 403, 404])("with %s is replaced once, at once", async (status) => {
		server.answer = () => refuse(status, "url_expired");
		expect(await download()).toEqual({ ok: false, reason: "refused", detail: `the download answered ${status}` });
		expect(refusals).toEqual([false, true]);
		expect(pauses).toEqual([]);
	});
});
