// The download of the contract server: Range and If-Range, and everything that can go wrong on the way.
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { problem } from "./contract-replies.ts";
import type { ContractServer, OfferedRelease } from "./contract-state.ts";

export type DownloadState = Pick<ContractServer, "faults" | "release">;

export function packageOf(release: { version: string; bytes: Buffer }) {
	const sha256 = digestOf(release.bytes);
	return { version: release.version, sha256, size: release.bytes.length, name: `crs-${release.version}.tar` };
}

function digestOf(bytes: Buffer): string {
	return createHash("sha256").update(bytes).digest("hex");
}

/** What a permit says of the delta, if the release has one. */
export function deltaOf({ delta }: OfferedRelease, url: string) {
	if (delta === undefined) return {};
	const { bytes, from_sha256 } = delta;
	const sha256 = digestOf(bytes);
	const coding = from_sha256 === null ? "zstd" : "dcz";
	return { delta: { coding, from_sha256, sha256, size: bytes.length, url: `${url}/d/${sha256}/delta?s=1` } };
}

/** Answers one GET of a signed URL, as whole or as broken as `faults` say. */
export function answerDownload(
	{ faults, release }: DownloadState,
	request: IncomingMessage,
	response: ServerResponse,
): void {
	if (release === null || (faults.refuseUrls ?? 0) > 0) {
		faults.refuseUrls = (faults.refuseUrls ?? 0) - 1;
		problem(response, 403, "url_expired");
		return;
	}
	const { delta } = release;
	const isDelta = delta !== undefined && request.url?.startsWith(`/d/${digestOf(delta.bytes)}/`) === true;
	const bytes = isDelta ? delta.bytes : release.bytes;
	const sha256 = digestOf(bytes);
	const sent = faults.corrupt ? Buffer.from(bytes).fill(0x21) : faults.tooLong ? Buffer.concat([bytes, bytes]) : bytes;
	const wanted = /^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1];
	const from = wanted !== undefined && request.headers["if-range"] === `"${sha256}"` ? Number(wanted) : 0;
	const headers = { "content-type": "application/octet-stream", etag: `"${sha256}"`, "accept-ranges": "bytes" };
	response.writeHead(from > 0 ? 206 : 200, {
		...headers,
		...(faults.tooLong ? {} : { "content-length": sent.length - from }),
		...(from > 0 ? { "content-range": `bytes ${from}-${sent.length - 1}/${sent.length}` } : {}),
	});
	if (faults.holdAt !== undefined) return void response.write(sent.subarray(from, faults.holdAt));
	const { cutAt } = faults;
	faults.cutAt = undefined;
	if (cutAt === undefined) {
		response.end(sent.subarray(from));
		return;
	}
	// Ends the connection after what was written, as a line that goes down.
	response.write(sent.subarray(from, cutAt), () => request.socket.end());
}
