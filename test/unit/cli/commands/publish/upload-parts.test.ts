// A large package goes up in parts: what was there is not sent again, what fails is, and at most a few are under way.
import { createHash } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { uploadInParts } from "../../../../../cli/commands/publish/upload-parts.ts";
import { ServerRefusal } from "../../../../../cli/errors.ts";
import { hashFile } from "../../../../../cli/files/file-digest.ts";
import { createOperatorApi } from "../../../../../cli/http/operator-api.ts";
import { API_KEY, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { type Reply, refuse } from "../../support/scripted-server.ts";

const PART_BYTES = 100_000;
/** The last part is one of its own. */
const SIZE = 2 * PART_BYTES + 3;
const NOW = 1_790_000_000_000;

let server: ContractServer;
let folder: string;
let file: string;
let sha256: string;
/** digests of the parts that the server holds */
let held: Set<string>;
let waits: number[];
/** how often the API was asked for */
let opened: number;
beforeEach(async () => {
	server = await startContractServer();
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	file = join(folder, "big.rules");
	const handle = await open(file, "w");
	await handle.truncate(SIZE);
	await handle.write("begins", 0);
	await handle.write("goes on", PART_BYTES);
	await handle.close();
	sha256 = await hashFile(file);
	held = new Set();
	waits = [];
	opened = 0;
	serve(() => null);
});
afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true });
});

const partOf = (path: string) => /\/uploads\/[0-9a-f]{64}\/parts\/([0-9a-f]{64})$/.exec(path)?.[1];

/** Keeps parts as the service does. @param fault instead of what it would say */
function serve(fault: (request: { method: string; path: string }) => Reply | null): void {
	server.faults.instead = ({ method, path, body }) => {
		const instead = fault({ method, path });
		if (instead !== null) return instead;
		// As a service without storage of its own for that.
		if (method === "POST") return refuse(404, "not_found");
		const part = partOf(path);
		if (part !== undefined) {
			if (createHash("sha256").update(body, "latin1").digest("hex") !== part) return refuse(400, "digest_mismatch");
			held.add(part);
			return { status: 200, body: { sha256: part, size: body.length } };
		}
		if (method === "GET") return { status: 200, body: { parts: [...held].map((one) => ({ sha256: one })) } };
		if (method === "DELETE") {
			held.clear();
			return { status: 204 };
		}
		const missing = (JSON.parse(body) as { parts: string[] }).parts.filter((one) => !held.has(one));
		return missing.length > 0 ? refuse(409, "parts_missing") : { status: 201, body: { sha256, size: SIZE } };
	};
}

const progress: number[] = [];
function uploadIt(more: { own?: { variant: string; models: string[] } } = {}) {
	progress.length = 0;
	const sleep = async (ms: number) => void waits.push(ms);
	const api = createOperatorApi({ server: server.url, key: API_KEY, nowMs: () => NOW, sleep });
	const payload = { path: file, size: SIZE, sha256 };
	const onProgress = (done: number) => void progress.push(done);
	const clock = { nowMs: () => NOW, sleep };
	const names = { product: "crs", version: "4.28.0+1", name: "big.rules" };
	const openApi = async () => {
		opened++;
		return api;
	};
	return uploadInParts(
		{ openApi, ...names, ...more, payload, clock, partBytes: PART_BYTES, onProgress },
		z.looseObject({ sha256: z.string() }),
	);
}
const sentParts = () => server.seen.filter(({ path }) => partOf(path) !== undefined);

it("each part is sent once under its own digest, then all are joined in their order", async () => {
	expect(await uploadIt()).toMatchObject({ sha256 });
	const lengths = sentParts().map(({ headers }) => Number(headers["content-length"]));
	expect(lengths.sort((a, b) => a - b)).toEqual([3, PART_BYTES, PART_BYTES]);
	const last = server.seen.at(-1);
	expect(last).toMatchObject({ method: "PUT", path: "/v1/products/crs/releases/4.28.0%2B1/package/parts" });
	const parts = await Promise.all(
		[0, PART_BYTES, 2 * PART_BYTES].map((start) =>
			hashFile(file, { start, end: Math.min(start + PART_BYTES, SIZE) - 1 }),
		),
	);
	expect(JSON.parse(last?.body ?? "")).toEqual({ sha256, parts, name: "big.rules" });
	expect(progress[0]).toBe(0);
	expect(progress.at(-1)).toBe(SIZE);
	// Each of the six requests, so that none outlasts its token.
	expect(opened).toBe(6);
});

it("a variant is joined as one, for its models", async () => {
	const own = { variant: "arm", models: ["FW-100", "FW-200"] };
	await uploadIt({ own });
	expect(JSON.parse(server.seen.at(-1)?.body ?? "")).toMatchObject({ sha256, name: "big.rules", ...own });
});

it("nothing is sent where the version has the package already", async () => {
	serve(({ path }) => (path.endsWith("/package/parts") ? { status: 200, body: { sha256, size: SIZE } } : null));
	await uploadIt();
	expect(server.seen).toHaveLength(1);
});

it("what is there is not sent again, and counts as done", async () => {
	held.add(await hashFile(file, { start: 0, end: PART_BYTES - 1 }));
	await uploadIt();
	expect(sentParts()).toHaveLength(2);
	expect(progress[0]).toBe(PART_BYTES);
});

it.each<[string, () => Reply, number]>([
	["is asked to wait for", () => refuse(429, "rate_limited", { "retry-after": "2" }), 2_000],
	["fails on the server's side", () => refuse(502, "bad_gateway"), 1_000],
])("a part that %s is sent again", async (_what, reply, waitMs) => {
	const failed = new Set<string>();
	serve(({ path }) => {
		const part = partOf(path);
		if (part === undefined || failed.size > 0) return null;
		failed.add(part);
		return reply();
	});
	await uploadIt();
	expect(sentParts()).toHaveLength(4);
	expect(waits).toEqual([waitMs]);
});

it("a part that is refused ends the upload, and nothing is joined", async () => {
	serve(({ path }) => (partOf(path) === undefined ? null : refuse(422, "upload_quota_exceeded")));
	await expect(uploadIt()).rejects.toThrow(ServerRefusal);
	expect(server.seen.filter(({ path }) => path.endsWith("/package/parts"))).toHaveLength(1);
});

it("parts that were forgotten while others came are sent again, once", async () => {
	let isForgotten = false;
	serve(({ path }) => {
		if (path.endsWith("/package/parts") && held.size > 0 && !isForgotten) {
			isForgotten = true;
			held.clear();
		}
		return null;
	});
	await uploadIt();
	expect(sentParts()).toHaveLength(6);
	serve(({ path }) => (path.endsWith("/package/parts") ? refuse(409, "parts_missing") : null));
	await expect(uploadIt()).rejects.toMatchObject({ refusal: { code: "parts_missing" } });
});

it("a package that somebody changes before its parts are hashed is told from one that the line changed", async () => {
	serve(({ path }) => (path.endsWith("/package/parts") ? refuse(422, "digest_mismatch") : null));
	await expect(uploadIt()).rejects.toMatchObject({ code: "digest_mismatch", fix: expect.stringContaining("bucket") });
	await writeFile(file, "other");
	await expect(uploadIt()).rejects.toMatchObject({ code: "package_changed" });
});
