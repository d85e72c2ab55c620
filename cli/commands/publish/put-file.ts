// Sends a file, or a part of one, as the body of one PUT, streamed, with its length and SHA-256.
import { createReadStream } from "node:fs";
import { pipeline, Transform, type TransformCallback } from "node:stream";
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

/** @param what for the refusal: "could not upload …" @throws ServerRefusal, ConnectionError */
export async function putFile(
	api: OperatorApi,
	path: string,
	file: SentFile,
	what: string,
	nowMs: () => number,
	onProgress?: (done: number, total: number) => void,
): Promise<HttpAnswer> {
	const counter = createByteCounter((bytes) => onProgress?.(bytes, file.size));
	// An early refusal ends the upload midway; the reply says why, so the broken pipe itself is of no interest.
	const body = pipeline(readBytes(file), counter, () => {});
	const answer = await exchange({
		method: "PUT",
		url: `${api.server}${path}`,
		headers: {
			authorization: api.authorization,
			accept: "application/json",
			"content-type": "application/octet-stream",
			"content-length": String(file.size),
			// RFC 9530 §3: a structured-field byte sequence
			"repr-digest": `sha-256=:${Buffer.from(file.sha256, "hex").toString("base64")}:`,
		},
		body,
	});
	if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());
	return answer;
}

function readBytes({ path, start, size }: SentFile) {
	return createReadStream(path, start === undefined ? {} : { start, end: start + size - 1 });
}

/** A stream that passes bytes through and tells how many have passed. */
function createByteCounter(onCount: (bytes: number) => void): Transform {
	let passed = 0;
	return new Transform({
		transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
			passed += chunk.length;
			onCount(passed);
			done(null, chunk);
		},
	});
}
