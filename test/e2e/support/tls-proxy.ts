// What ends TLS in front of the service and asks for client certificates, as docs/operations.md has it: it verifies them against one authority and
// its list of revoked ones, and says by RFC 9440 which one it has verified. Whatever its clients say of that themselves it takes away.
import { type IncomingMessage, type ServerResponse, request as sendOn } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Authority, Issued } from "../../support/certificates.ts";

export interface TlsProxy {
	/** origin, no slash at the end */
	readonly url: string;
	/** to where it passes on; to be set before the first request */
	target: string;
	/** what it sends beside the certificate */
	secret: string;
	/** whether it lets its clients' own words about certificates pass, as one does that nobody has set up */
	isCareless: boolean;
	close(): Promise<void>;
}

/** @param revoked of the authority @param server its own certificate */
export async function startTlsProxy(
	authority: Authority,
	server: Issued,
	revoked: readonly Issued[],
): Promise<TlsProxy> {
	const listener = createServer(
		{
			...{ key: server.keyPem, cert: server.pem, ca: authority.pem, crl: await authority.revoke(...revoked) },
			// The service refuses, so that it can say why.
			...{ requestCert: true, rejectUnauthorized: false },
		},
		(incoming, outgoing) => passOn(proxy, incoming, outgoing),
	);
	await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
	const { port } = listener.address() as AddressInfo;
	const proxy: TlsProxy = {
		...{ url: `https://127.0.0.1:${port}`, target: "", secret: "", isCareless: false },
		close: () =>
			new Promise((resolve) => {
				listener.close(() => resolve());
				listener.closeAllConnections();
			}),
	};
	return proxy;
}

function passOn({ target, secret, isCareless }: TlsProxy, incoming: IncomingMessage, outgoing: ServerResponse): void {
	const { "client-cert": claimed, "parapet-proxy-secret": guessed, host: _, ...headers } = incoming.headers;
	const socket = incoming.socket as TLSSocket;
	const shown = socket.authorized ? socket.getPeerX509Certificate() : undefined;
	const own = {
		"parapet-proxy-secret": secret,
		...(shown === undefined ? {} : { "client-cert": `:${shown.raw.toString("base64")}:` }),
	};
	const theirs = { ...(claimed && { "client-cert": claimed }), ...(guessed && { "parapet-proxy-secret": guessed }) };
	const onward = sendOn(
		target + incoming.url,
		{ method: incoming.method ?? "GET", headers: { ...headers, ...(isCareless ? theirs : own) } },
		(answer) => {
			outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
			answer.pipe(outgoing);
		},
	);
	onward.on("error", () => outgoing.writeHead(502).end());
	incoming.pipe(onward);
}
