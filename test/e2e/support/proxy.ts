// A forward proxy as stands between many firewalls and the world, which answers in the place of others or changes what passes
// when a test says so.
import { createServer, type IncomingMessage, type ServerResponse, request as sendOn } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

/** What it does with one request; undefined = passes it on */
export type Trick =
	/** answers as the login page of a hotel does */
	| "login page"
	/** sends the browser there */
	| "redirect"
	/** asks for the whole of a thing and knows no ranges */
	| "no ranges"
	/** has no range that is asked for */
	| "no such range"
	/** sends a range that ends before it begins */
	| "empty range"
	/** packs the body */
	| "gzip"
	/** breaks off after half of the body */
	| "half"
	| undefined;

export interface TrickyProxy {
	/** what HTTP_PROXY names */
	readonly url: string;
	/** paths asked for since it started, each with its range */
	readonly seen: string[];
	trick: (path: string) => Trick;
	close(): Promise<void>;
}

/** The caller closes it. */
export async function startProxy(): Promise<TrickyProxy> {
	const server = createServer((incoming, outgoing) => {
		const { pathname } = new URL(incoming.url ?? "");
		proxy.seen.push(`${pathname} ${incoming.headers.range ?? ""}`.trim());
		answer(incoming, outgoing, proxy.trick(pathname));
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	const proxy: TrickyProxy = {
		url: `http://127.0.0.1:${port}`,
		seen: [],
		trick: () => undefined,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
	return proxy;
}

function answer(incoming: IncomingMessage, outgoing: ServerResponse, trick: Trick): void {
	if (trick === "login page") {
		outgoing.writeHead(200, { "content-type": "text/html" }).end("<h1>Welcome! Please log in.</h1>".repeat(100));
		return;
	}
	if (trick === "redirect") {
		outgoing.writeHead(302, { location: "http://login.hotel.test/" }).end("<h1>Over there</h1>");
		return;
	}
	if (trick === "no such range") {
		outgoing.writeHead(416, { "content-range": "bytes */9" }).end();
		return;
	}
	const { url = "", method = "GET", headers } = incoming;
	const { hostname, port, pathname, search } = new URL(url);
	const { range, ...others } = headers;
	const sent = trick === "no ranges" ? others : headers;
	const onward = sendOn({ hostname, port, method, path: pathname + search, headers: sent }, async (reply) => {
		const chunks: Buffer[] = [];
		for await (const chunk of reply) chunks.push(chunk);
		const body = Buffer.concat(chunks);
		const status = reply.statusCode ?? 502;
		const { "transfer-encoding": _, ...got } = reply.headers;
		if (trick === "gzip") {
			const packed = gzipSync(body);
			outgoing.writeHead(status, { ...got, "content-encoding": "gzip", "content-length": packed.length }).end(packed);
			return;
		}
		if (trick === "empty range") {
			const range = got["content-range"]?.replace(/(\d+)-\d+/, (_, from) => `${from}-${from - 1}`);
			outgoing.writeHead(status, { ...got, "content-range": range, "content-length": 0 }).end();
			return;
		}
		outgoing.writeHead(status, got);
		if (trick !== "half") outgoing.end(body);
		else outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.end());
	});
	onward.once("error", () => outgoing.destroy());
	incoming.pipe(onward);
}
