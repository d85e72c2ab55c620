// Sends a file, or a part of one, as the body of one PUT, streamed, with its length and SHA-256: to the service, or to whoever a URL of it
// leads to. The bytes are held against both as they go:
// a file that somebody still writes to is told from a line that changes bytes.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline, Transform, type TransformCallback } from "node:stream";
import { CliError, systemFault } from "../../errors.ts";
import { exchange, type HttpAnswer } from "../../http/exchange.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { refusalFrom } from "../../http/refusal.ts";

export interface SentFile {
	readonly path: string;
	/** first byte of the part; not given = the file is sent whole */
	readonly start?: number;
	/** bytes that are sent */
	readonly size: number;
	/** of those bytes, hexadecimal */
	readonly sha256: string;
}

/**
 * @param what for the refusal: "could not upload …"
 * @throws ServerRefusal, ConnectionError; CliError `unreadable_package`, `package_changed` when the file no longer has those bytes
 */
export async function putFile(
	api: OperatorApi,
	path: string,
	file: SentFile,
	what: string,
	nowMs: () => number,
	onProgress?: (done: number, total: number) => void,
): Promise<HttpAnswer> {
	const headers = {
		authorization: api.authorization,
		accept: "application/json",
		"content-type": "application/octet-stream",
		"content-length": String(file.size),
		// RFC 9530 §3: a structured-field byte sequence
		"repr-digest": `sha-256=:${Buffer.from(file.sha256, "hex").toString("base64")}:`,
	};
	const answer = await sendFile({ url: `${api.server}${path}`, headers }, file, onProgress);
	if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());
	return answer;
}

/**
 * @param to whose headers have the file's length
 * @returns the answer, whatever it says @throws ConnectionError; CliError as `putFile`
 */
export async function sendFile(
	to: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
	file: SentFile,
	onProgress?: (done: number, total: number) => void,
): Promise<HttpAnswer> {
	const { path: filePath, start = 0, size } = file;
	let fault: CliError | undefined;
	const bytes = createReadStream(filePath, { start, end: start + size - 1 });
	bytes.once("error", (cause) => {
		fault = new CliError(`cannot read ${filePath}: ${systemFault(cause)}`, { code: "unreadable_package", cause });
	});
	const checked = createCheck(
		file,
		(done) => onProgress?.(done, size),
		() => {
			fault = fileChanged(filePath);
			return fault;
		},
	);
	// An early refusal ends the upload midway; the reply says why, so the broken pipe itself is of no interest.
	const body = pipeline(bytes, checked, () => {});
	const answer = await exchange({ method: "PUT", ...to, body }).catch((error: unknown) => {
		throw fault ?? error;
	});
	if (fault !== undefined) throw fault;
	return answer;
}

/** A stream that passes bytes through, tells how many have passed, and fails at their end where they are not those of the file. */
function createCheck({ size, sha256 }: SentFile, onCount: (bytes: number) => void, onOther: () => Error): Transform {
	const hash = createHash("sha256");
	let passed = 0;
	return new Transform({
		transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
			passed += chunk.length;
			hash.update(chunk);
			onCount(passed);
			done(null, chunk);
		},
		flush(done: TransformCallback) {
			done(passed === size && hash.digest("hex") === sha256 ? null : onOther());
		},
	});
}

export function fileChanged(path: string): CliError {
	return new CliError(`${path} was changed while it was sent`, {
		code: "package_changed",
		fix: "nothing is published of it: publish it again once nobody writes to it any more",
	});
}
