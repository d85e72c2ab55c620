// Stands between clients and the service as a validating proxy would, and notes each exchange that is not as the API is described.
// Passes everything on as it comes, so that broken connections stay broken.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request as sendOn } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { findUndeclared } from "../../support/description/declared-traffic.ts";

export interface Witness {
	readonly url: string;
	/** of exchanges that ended, each with what is wrong with it */
	faults(): readonly string[];
	/** exchanges that were looked at */
	seen(): number;
	close(): Promise<void>;
}

/** Answers in place of the service, as a thief of it would. @returns the body; null = 404; undefined = the service answers */
export type Forge = (path: string) => string | null | undefined;

/** Asked of each answer that has come. @returns true = nobody hears of it, and the connection breaks off */
export type Lose = (path: string) => boolean;

/** @param targetOf origin of the service; asked at each request, because the service starts later */
export async function startWitness(
	targetOf: () => URL,
	forge: Forge = () => undefined,
	lose: Lose = () => false,
): Promise<Witness> {
	const faults: string[] = [];
	let seen = 0;
	const server = createServer((incoming, outgoing) => {
		const { hostname, port } = targetOf();
		const { method = "GET", url = "/", headers } = incoming;
		const forged = forge(url);
		if (forged !== undefined) {
			outgoing.writeHead(forged === null ? 404 : 200).end(forged ?? "");
			return;
		}
		const sent = textOf(incoming);
		const onward = sendOn({ hostname, port, method, path: url, headers }, (answer) => {
			if (lose(url)) {
				answer.resume();
				outgoing.destroy();
				return;
			}
			const got = textOf(answer);
			// The header fields of the service, and none of this server.
			outgoing.removeHeader("connection");
			outgoing.sendDate = false;
			outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
			answer.pipe(outgoing);
			answer.once("aborted", () => outgoing.destroy());
			answer.once("end", () => {
				seen += 1;
				const fault = findUndeclared(
					{
						method,
						url: new URL(url, "http://witness.test"),
						headers: headersOf(headers),
						hasBody: Number(headers["content-length"] ?? 0) > 0 || headers["transfer-encoding"] !== undefined,
						text: sent(),
					},
					{ status: answer.statusCode ?? 0, headers: headersOf(answer.headers), text: got() },
				);
				if (fault !== null) faults.push(fault);
			});
		});
		onward.once("error", () => outgoing.destroy());
		outgoing.once("close", () => onward.destroy());
		incoming.pipe(onward);
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		faults: () => faults,
		seen: () => seen,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

/** Collects a text as it passes. @returns what has passed; nothing of what is no text */
function textOf(message: IncomingMessage): () => string {
	if (!/json|x-www-form-urlencoded/.test(message.headers["content-type"] ?? "")) return () => "";
	const chunks: Buffer[] = [];
	message.on("data", (chunk: Buffer) => chunks.push(chunk));
	const coding = message.headers["content-encoding"] ?? "";
	return () => decode(coding, Buffer.concat(chunks)).toString();
}

/** The server before the Worker compresses for clients that take it. */
function decode(coding: string, bytes: Buffer): Buffer {
	if (bytes.length === 0) return bytes;
	if (coding === "gzip") return gunzipSync(bytes);
	return coding === "br" ? brotliDecompressSync(bytes) : bytes;
}

function headersOf(headers: IncomingHttpHeaders): Headers {
	const entries = Object.entries(headers).flatMap(([name, value]) =>
		value === undefined ? [] : [[name, [value].flat().join(", ")] as [string, string]],
	);
	return new Headers(entries);
}
