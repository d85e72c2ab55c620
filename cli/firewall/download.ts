// Downloads one package into a .part file and resumes it there (RFC 9110 §14: Range with If-Range). Nothing is trusted
// before the whole file has the wanted SHA-256; only then may somebody move it anywhere.
import { mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ConnectionError } from "../errors.ts";
import { hashFile } from "../files/file-digest.ts";
import { type HttpReply, openReply, retryAfterOf } from "../http/exchange.ts";
import type { Clock } from "./session.ts";

/** Attempts in a row that bring no byte before giving up. */
const MAX_FRUITLESS_ATTEMPTS = 4;
const RETRY_DELAYS_MS = [250, 1000, 4000] as const;
const MAX_RETRY_AFTER_SECONDS = 60;

export interface DownloadOptions {
	/** @param refused the last URL was turned down, so a new one is needed */
	readonly urlFor: (refused: boolean) => Promise<string>;
	readonly sha256: string;
	readonly size: number;
	readonly partPath: string;
	readonly clock: Clock;
	readonly onProgress?: (done: number, total: number) => void;
}

export type DownloadResult =
	| { readonly ok: true; readonly resumedFrom: number }
	/** the bytes are not the ones that were promised; the .part file is gone */
	| { readonly ok: false; readonly reason: "digest_mismatch" | "size_mismatch"; readonly detail: string }
	/** the .part file stays, for another try */
	| { readonly ok: false; readonly reason: "interrupted" | "refused"; readonly detail: string };

type DownloadAttempt =
	| { readonly step: "complete" }
	| { readonly step: "interrupted"; readonly detail: string; readonly retryAfterMs?: number | undefined }
	| { readonly step: "url_refused"; readonly detail: string }
	| { readonly step: "start_over"; readonly detail: string }
	| { readonly step: "too_long"; readonly detail: string };

/** @returns ok when the .part file is complete and has the digest; expected failures are values, anything else throws */
export async function downloadPackage(options: DownloadOptions): Promise<DownloadResult> {
	const { partPath, sha256, size } = options;
	await mkdir(dirname(partPath), { recursive: true, mode: 0o700 });
	const resumedFrom = await sizeOf(partPath);
	let trusted = resumedFrom === 0;
	let refused = false;
	let fruitless = 0;
	for (;;) {
		const before = await sizeOf(partPath);
		const attempt: DownloadAttempt =
			before === size ? { step: "complete" } : await attemptDownload(options, before, refused);
		if (attempt.step === "complete") {
			const found = await hashFile(partPath);
			if (found === sha256) return { ok: true, resumedFrom };
			await rm(partPath, { force: true });
			const detail = `SHA-256 is ${found}, not ${sha256}`;
			if (trusted) return { ok: false, reason: "digest_mismatch", detail };
			// What an earlier run left behind may have been bad: that deserves one whole download.
			trusted = true;
			continue;
		}
		if (attempt.step === "too_long") {
			await rm(partPath, { force: true });
			return { ok: false, reason: "size_mismatch", detail: attempt.detail };
		}
		if (attempt.step === "start_over") await rm(partPath, { force: true });
		fruitless = (await sizeOf(partPath)) > before ? 0 : fruitless + 1;
		refused = attempt.step === "url_refused";
		if (fruitless >= MAX_FRUITLESS_ATTEMPTS || (refused && fruitless > 1)) {
			return { ok: false, reason: refused ? "refused" : "interrupted", detail: attempt.detail };
		}
		if (attempt.step === "interrupted") await options.clock.sleep(attempt.retryAfterMs ?? delayMs(fruitless));
	}
}

async function attemptDownload(options: DownloadOptions, offset: number, refused: boolean): Promise<DownloadAttempt> {
	if (offset > options.size) return { step: "start_over", detail: "the part is longer than the package" };
	const url = await options.urlFor(refused);
	let reply: HttpReply;
	try {
		reply = await openReply({
			method: "GET",
			url,
			headers: {
				"accept-encoding": "identity",
				...(offset === 0 ? {} : { range: `bytes=${offset}-`, "if-range": `"${options.sha256}"` }),
			},
		});
	} catch (cause) {
		if (cause instanceof ConnectionError) return { step: "interrupted", detail: cause.message };
		throw cause;
	}
	const verdict = judgeReply(reply, offset, { size: options.size, nowMs: options.clock.nowMs() });
	if (verdict.step !== "receive") {
		reply.body.destroy();
		return verdict;
	}
	return receiveBody(reply, verdict.from, options);
}

function judgeReply(
	reply: HttpReply,
	offset: number,
	{ size, nowMs }: { readonly size: number; readonly nowMs: number },
): DownloadAttempt | { readonly step: "receive"; readonly from: number } {
	const { status, headers } = reply;
	if (status === 200) return { step: "receive", from: 0 };
	if (status === 206) {
		// RFC 9110 §14.4: what was sent may differ from what was asked for
		const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers["content-range"] ?? "");
		const fits = range !== null && Number(range[1]) === offset && (range[2] === "*" || Number(range[2]) === size);
		return fits ? { step: "receive", from: offset } : { step: "start_over", detail: "the server sent another range" };
	}
	if (status === 416) return { step: "start_over", detail: "the server has no such range" };
	const retryable = status === 429 || status >= 500;
	const detail = `the download answered ${status}`;
	if (!retryable) return { step: "url_refused", detail };
	const retryAfter = retryAfterOf(headers, nowMs);
	const waitMs = retryAfter === undefined ? undefined : Math.min(retryAfter, MAX_RETRY_AFTER_SECONDS) * 1000;
	return { step: "interrupted", detail, retryAfterMs: waitMs };
}

async function receiveBody(reply: HttpReply, from: number, options: DownloadOptions): Promise<DownloadAttempt> {
	const { size, partPath, onProgress } = options;
	let received = from;
	onProgress?.(received, size);
	const file = await open(partPath, from === 0 ? "w" : "a", 0o600);
	try {
		// Chunk by chunk, so that what came before a break is kept.
		for await (const chunk of reply.body) {
			received += chunk.length;
			if (received > size) return { step: "too_long", detail: `more than ${size} bytes` };
			await file.writeFile(chunk);
			onProgress?.(received, size);
		}
	} catch (cause) {
		return { step: "interrupted", detail: cause instanceof Error ? cause.message : String(cause) };
	} finally {
		await file.close();
	}
	// A chunked body can end early without an error.
	return received === size
		? { step: "complete" }
		: { step: "interrupted", detail: `${received} of ${size} bytes came` };
}

/** @param fruitless attempts that brought no byte since the last one that did */
function delayMs(fruitless: number): number {
	return RETRY_DELAYS_MS[Math.min(fruitless, RETRY_DELAYS_MS.length - 1)] ?? 0;
}

async function sizeOf(path: string): Promise<number> {
	return stat(path).then(
		({ size }) => size,
		() => 0,
	);
}
