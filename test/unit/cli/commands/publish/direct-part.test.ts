// Parts of a large package go straight to the storage where the service gives URLs for that, and through the service where that fails.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { type PartedUploadOptions, uploadInParts } from "../../../../../cli/commands/publish/upload-parts.ts";
import { hashFile } from "../../../../../cli/files/file-digest.ts";
import { createOperatorApi } from "../../../../../cli/http/operator-api.ts";
import { createUploadUrlSigner } from "../../../../../src/signing/upload-urls.ts";
import { playS3, S3_KEYS } from "../../../../support/stand-ins/played-s3.ts";
import { API_KEY, startContractServer } from "../../support/contract-server.ts";
import type { ContractServer } from "../../support/contract-state.ts";
import { type Reply, refuse, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const NOW = 1_790_000_000;
const CONTENT = "first part|second one|end";
const PART_BYTES = 11;

let server: ContractServer;
let storage: ScriptedServer;
let folder: string;
let file: string;
let sha256: string;
/** by key: what the storage keeps */
let kept: Map<string, string>;
/** digests of parts that came through the service */
let sent: string[];
beforeEach(async () => {
	server = await startContractServer();
	storage = await startScriptedServer(() => ({ status: 500 }));
	kept = new Map();
	sent = [];
	storage.answer = keep;
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	file = join(folder, "big.rules");
	await writeFile(file, CONTENT);
	sha256 = await hashFile(file);
	await offer(storage.url);
});
afterEach(async () => {
	await Promise.all([server.close(), storage.close()]);
	await rm(folder, { recursive: true });
});

/** As S3 does, and notes with which answer. */
const verdicts: Promise<number>[] = [];
function keep({ method, path, headers, body }: ScriptedServer["seen"][number]): Reply {
	const request = {
		method,
		url: storage.url + path,
		headers: headers as Record<string, string>,
		body: Buffer.from(body),
	};
	verdicts.push(playS3(request, NOW, (key, bytes) => kept.set(key, String(bytes))).then(({ status }) => status));
	return { status: 200 };
}

/** The service signs URLs of this storage. @param host where they lead */
async function offer(host: string, fault: (method: string, path: string) => Reply | null = () => null): Promise<void> {
	const signer = createUploadUrlSigner({ bucketUrl: `${host}/bucket`, region: "auto", ...S3_KEYS });
	const parts = [CONTENT.slice(0, 11), CONTENT.slice(11, 22), CONTENT.slice(22)];
	const urls = new Map<string, unknown>();
	for (const part of parts) {
		const digest = createHash("sha256").update(part).digest("hex");
		const { url, headers } = await signer.sign(
			{ upload: { product: "crs", sha256 }, sha256: digest, size: part.length },
			NOW,
		);
		urls.set(digest, { url, headers, expires_at: "2026-09-21T14:13:20Z" });
	}
	server.faults.instead = ({ method, path, body }) => {
		const instead = fault(method, path);
		if (instead !== null) return instead;
		const [, digest = "", isUrl] = /\/parts\/([0-9a-f]{64})(\/url)?$/.exec(path) ?? [];
		if (isUrl !== undefined) return { status: 201, body: urls.get(digest) };
		const there = [...sent, ...[...kept.keys()].map((key) => key.split("/").at(-1))];
		if (method === "DELETE") {
			kept.clear();
			return { status: 204 };
		}
		if (method === "GET") return { status: 200, body: { parts: there.map((one) => ({ sha256: one })) } };
		if (digest !== "") {
			sent.push(digest);
			return { status: 200, body: { sha256: digest, size: body.length } };
		}
		const missing = (JSON.parse(body) as { parts: string[] }).parts.filter((one) => !there.includes(one));
		return missing.length > 0 ? refuse(409, "parts_missing") : { status: 201, body: { sha256, size: CONTENT.length } };
	};
}

function uploadIt(more: Partial<PartedUploadOptions> = {}) {
	const clock = { nowMs: () => NOW * 1_000, sleep: async () => {} };
	const api = createOperatorApi({ server: server.url, key: API_KEY, ...clock });
	const names = { product: "crs", version: "4.28.0", name: "big.rules" };
	const payload = { path: file, size: CONTENT.length, sha256 };
	return uploadInParts(
		{ openApi: async () => api, ...names, payload, clock, partBytes: PART_BYTES, ...more },
		z.looseObject({ sha256: z.string() }),
	);
}

it("each part goes straight to the storage, which is told no secret of the service", async () => {
	verdicts.length = 0;
	expect(await uploadIt()).toMatchObject({ sha256 });
	expect(await Promise.all(verdicts)).toEqual([200, 200, 200]);
	expect([...kept.values()].sort()).toEqual(["end", "first part|", "second one|"]);
	expect([...kept.keys()].every((key) => key.startsWith(`uploads/crs/${sha256}/`))).toBe(true);
	expect(sent).toEqual([]);
	expect(storage.seen.filter(({ headers }) => "authorization" in headers)).toEqual([]);
});

it("parts go through the service where that is asked for", async () => {
	await uploadIt({ direct: false });
	expect([storage.seen.length, sent.length]).toEqual([0, 3]);
});

it.each<[string, () => unknown]>([
	["cannot be reached", () => offer("http://127.0.0.1:1")],
	["hangs up", () => Object.assign(storage, { answer: () => "hang up" })],
	[
		"refuses",
		() => Object.assign(storage, { answer: () => ({ status: 403, body: "<Error>key of the bucket</Error>" }) }),
	],
	[
		"is none of this service",
		() => offer(storage.url, (method) => (method === "POST" ? refuse(404, "not_found") : null)),
	],
	[
		"has no address",
		() =>
			offer(storage.url, (method) => (method === "POST" ? { status: 201, body: { url: "no", headers: {} } } : null)),
	],
])("parts go through the service where the storage %s", async (_what, arrange) => {
	await arrange();
	expect(await uploadIt()).toMatchObject({ sha256 });
	expect([kept.size, sent.length]).toEqual([0, 3]);
});

it("what the service itself refuses ends the upload", async () => {
	await offer(storage.url, (method) => (method === "POST" ? refuse(429, "upload_quota_exceeded") : null));
	await expect(uploadIt()).rejects.toMatchObject({ refusal: { code: "upload_quota_exceeded" } });
	expect(sent).toEqual([]);
});

it("a storage that kept other bytes has all parts sent through the service, once", async () => {
	const isJoin = (path: string) => path.endsWith("/package/parts");
	await offer(storage.url, (_, path) => (isJoin(path) && kept.size > 0 ? refuse(422, "digest_mismatch") : null));
	expect(await uploadIt()).toMatchObject({ sha256 });
	expect(sent).toHaveLength(3);
	await offer(storage.url, (_, path) => (isJoin(path) ? refuse(422, "digest_mismatch") : null));
	sent = [];
	await expect(uploadIt()).rejects.toMatchObject({ code: "digest_mismatch", fix: expect.stringContaining("bucket") });
});

it.each([undefined, false])(
	"parts of other bytes that are all there already are sent anew (direct: %s)",
	async (direct) => {
		await offer(storage.url, (_, path) =>
			path.endsWith("/package/parts") && kept.size > 0 ? refuse(422, "digest_mismatch") : null,
		);
		for (const part of [CONTENT.slice(0, 11), CONTENT.slice(11, 22), CONTENT.slice(22)]) {
			const digest = createHash("sha256").update(part).digest("hex");
			kept.set(`uploads/crs/${sha256}/${digest}`, "x".repeat(part.length));
		}
		expect(await uploadIt({ direct })).toMatchObject({ sha256 });
		expect([kept.size, sent.length]).toEqual([0, 3]);
	},
);
