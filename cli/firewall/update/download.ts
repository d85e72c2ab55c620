// Downloads one package into a .part file and resumes it there (RFC 9110 §14: Range with If-Range). Nothing is trusted
// before the whole file has the wanted SHA-256; only then may somebody move it anywhere.
import { type FileHandle, mkdir, open, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ConnectionError, DiskError } from "../../errors.ts";
import { hashFile } from "../../files/file-digest.ts";
import { type HttpReply, openReply } from "../../http/exchange.ts";
import type { SessionOptions } from "../identity/session.ts";
import { judgeReply, type ReplyVerdict } from "./download-reply.ts";
import { forgetEtag, keepEtag, removePart, validatorOf } from "./part-etag.ts";

/** Attempts in a row that bring no byte before giving up. */
const MAX_FRUITLESS_ATTEMPTS = 4;
/** How often in one run. A server that breaks off each time and never has the rest would be asked for an hour. */
const MAX_STARTS_OVER = 4;
/** A line that drips must not keep the firewall from asking what to run, which may be something more urgent by now. */
const MAX_DOWNLOAD_MS = 3_600_000;
const RETRY_DELAYS_MS = [250, 1000, 4000] as const;

export interface DownloadOptions {
	/** @param refused the last URL was turned down, so a new one is needed */
	readonly urlFor: (refused: boolean) => Promise<string>;
	readonly sha256: string;
	readonly size: number;
	readonly partPath: string;
	readonly clock: SessionOptions;
	readonly onProgress?: (done: number, total: number) => void;
	/** stops it, with what has come */
	readonly signal?: AbortSignal | undefined;
}

export type DownloadResult =
	| { readonly ok: true; readonly resumedFrom: number }
	/** the bytes are not the ones that were promised; the .part file is gone */
	| { readonly ok: false; readonly reason: "digest_mismatch" | "size_mismatch"; readonly detail: string }
	/** the .part file stays, for another try */
	| { readonly ok: false; readonly reason: "interrupted" | "refused"; readonly detail: string };

type DownloadAttempt =
	| { readonly step: "complete" }
	| Exclude<ReplyVerdict, { step: "receive" }>
	| { readonly step: "too_long"; readonly detail: string };

/**
 * @returns ok when the .part file is complete and has the digest; expected failures are values, anything else throws
 * @throws DiskError when the part cannot be written; then it is gone. The signal's reason when it is stopped
 */
export async function downloadPackage(options: DownloadOptions): Promise<DownloadResult> {
	const { partPath, sha256, size } = options;
	/** the bytes of an earlier run at the head of the part */
	let resumedFrom = await sizeOf(partPath);
	const dropPart = async () => {
		resumedFrom = 0;
		await removePart(partPath);
	};
	let refused = false;
	let fruitless = 0;
	let startsOver = 0;
	const endsMs = options.clock.nowMs() + MAX_DOWNLOAD_MS;
	for (;;) {
		const before = await sizeOf(partPath);
		const attempt: DownloadAttempt =
			before === size
				? { step: "complete" }
				: await attemptDownload(options, { offset: before, refused, endsMs }, dropPart);
		if (attempt.step === "complete") {
			const found = await hashFile(partPath);
			if (found === sha256) {
				await forgetEtag(partPath);
				return { ok: true, resumedFrom };
			}
			// What an earlier run left behind may have been bad: that deserves one whole download.
			const isAllOfThisRun = resumedFrom === 0;
			await dropPart();
			if (isAllOfThisRun) return { ok: false, reason: "digest_mismatch", detail: `SHA-256 is ${found}, not ${sha256}` };
			continue;
		}
		if (attempt.step === "too_long") {
			await dropPart();
			return { ok: false, reason: "size_mismatch", detail: attempt.detail };
		}
		if (attempt.step === "start_over") {
			startsOver += 1;
			await dropPart();
		}
		options.signal?.throwIfAborted();
		if (options.clock.nowMs() >= endsMs) {
			return { ok: false, reason: "interrupted", detail: "it takes longer than an hour" };
		}
		fruitless = (await sizeOf(partPath)) > before ? 0 : fruitless + 1;
		refused = attempt.step === "url_refused";
		const isStuck = fruitless >= MAX_FRUITLESS_ATTEMPTS || startsOver >= MAX_STARTS_OVER;
		if (isStuck || (refused && fruitless > 1)) {
			return { ok: false, reason: refused ? "refused" : "interrupted", detail: attempt.detail };
		}
		if (attempt.step === "interrupted") {
			await options.clock.sleep(attempt.retryAfterMs ?? delayMs(fruitless), options.signal);
		}
	}
}

/** @param dropPart is called before a whole package takes the part's place */
async function attemptDownload(
	options: DownloadOptions,
	{ offset, refused, endsMs }: { readonly offset: number; readonly refused: boolean; readonly endsMs: number },
	dropPart: () => Promise<void>,
): Promise<DownloadAttempt> {
	const { sha256, size, partPath, clock, signal } = options;
	if (offset > size) return { step: "start_over", detail: "the part is longer than the package" };
	const url = await options.urlFor(refused);
	const validator = await validatorOf(partPath, sha256);
	let reply: HttpReply;
	try {
		reply = await openReply({
			method: "GET",
			url,
			headers: {
				"accept-encoding": "identity",
				...(offset === 0 ? {} : { range: `bytes=${offset}-`, "if-range": validator }),
			},
			agent: clock.agent,
			...(signal === undefined ? {} : { signal }),
		});
	} catch (cause) {
		if (cause instanceof ConnectionError) return { step: "interrupted", detail: cause.message };
		throw cause;
	}
	const verdict = judgeReply(reply, { sha256, size, offset, validator, nowMs: clock.nowMs() });
	if (verdict.step !== "receive") {
		reply.body.destroy();
		return verdict;
	}
	if (verdict.from < offset) await dropPart();
	if (verdict.from === 0) await keepEtag(partPath, reply.headers.etag, sha256);
	return receiveBody(reply, { from: verdict.from, endsMs }, options);
}

async function receiveBody(
	reply: HttpReply,
	{ from, endsMs }: { readonly from: number; readonly endsMs: number },
	options: DownloadOptions,
): Promise<DownloadAttempt> {
	const { size, partPath, clock, onProgress } = options;
	let received = from;
	onProgress?.(received, size);
	let file: FileHandle | undefined;
	try {
		file = await writing(partPath, async () => {
			await mkdir(dirname(partPath), { recursive: true, mode: 0o700 });
			return open(partPath, "a", 0o600);
		});
		// Chunk by chunk, so that what came before a break is kept.
		for await (const chunk of reply.body) {
			received += chunk.length;
			if (received > size) return { step: "too_long", detail: `more than ${size} bytes` };
			await writing(partPath, () => file?.writeFile(chunk));
			onProgress?.(received, size);
			if (clock.nowMs() >= endsMs) break;
		}
	} catch (cause) {
		if (cause instanceof DiskError) throw cause;
		return { step: "interrupted", detail: cause instanceof Error ? cause.message : String(cause) };
	} finally {
		reply.body.destroy();
		await file?.close();
	}
	if (received === size) return { step: "complete" };
	const detail = `${received} of ${size} bytes came`;
	// A chunked body can end early without an error. Where not even a byte of the rest came so, it would not the next time either.
	return { step: received === from && from > 0 ? "start_over" : "interrupted", detail };
}

/** A part that the disk does not take is not gone on with: it would only be in the way there. @throws DiskError */
async function writing<T>(partPath: string, write: () => T): Promise<Awaited<T>> {
	try {
		return await write();
	} catch (cause) {
		await rm(partPath, { force: true }).catch(() => {});
		throw new DiskError(`cannot write ${partPath}`, cause);
	}
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
