// HTTP/1.1 requests as bytes, made before anything is measured, so that sending one costs the generator next to nothing.

/** Requests one after the other in shared memory; `ends[i]` is where the i-th ends. */
export interface RequestSet {
	readonly bytes: Uint8Array<SharedArrayBuffer>;
	readonly ends: Uint32Array<SharedArrayBuffer>;
}

export interface RequestParts {
	readonly method: "GET" | "POST";
	/** path and query */
	readonly target: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
}

/** The name of the service; every device calls it by that, whatever port the benchmark put it on. */
export const HOST = "updates.example.com";

/** @returns the requests, kept alive; a body is sent with its Content-Length */
export function buildRequests(requests: readonly RequestParts[]): RequestSet {
	const texts = requests.map(formatRequest);
	const ends = new Uint32Array(new SharedArrayBuffer(texts.length * 4));
	let length = 0;
	for (const [index, text] of texts.entries()) {
		length += Buffer.byteLength(text);
		ends[index] = length;
	}
	const bytes = new Uint8Array(new SharedArrayBuffer(length));
	let at = 0;
	for (const text of texts) at += Buffer.from(bytes.buffer).write(text, at);
	return { bytes, ends };
}

function formatRequest({ method, target, headers = {}, body }: RequestParts): string {
	const lines = [`${method} ${target} HTTP/1.1`, `host: ${HOST}`];
	for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
	if (body !== undefined) lines.push(`content-length: ${Buffer.byteLength(body)}`);
	return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}
