// An HTTP server that answers every request with the same bytes, or begins to and never ends.
import { createServer } from "node:http";
import { listenLocally } from "../../../dev/redis/listening.ts";

export interface Lie {
	readonly status?: number;
	readonly contentType?: string;
	readonly body: string;
	/** at what point it falls silent */
	readonly silent?: "at once" | "after the headers";
	/** instead of an answer */
	readonly hangUp?: boolean;
}

export interface LyingServer {
	readonly url: string;
	/** bodies of all requests so far */
	readonly requests: readonly { readonly body: string; readonly headers: Readonly<Record<string, unknown>> }[];
	lie: Lie;
	close(): Promise<void>;
}

/** Starts the server. The caller closes it. */
export async function startLyingServer(): Promise<LyingServer> {
	const requests: { body: string; headers: Record<string, unknown> }[] = [];
	const server = createServer(async (request, response) => {
		let body = "";
		for await (const chunk of request) body += chunk;
		requests.push({ body, headers: request.headers });
		const { lie } = lying;
		if (lie.hangUp) return void request.socket.destroy();
		if (lie.silent === "at once") return;
		response.writeHead(lie.status ?? 200, { "content-type": lie.contentType ?? "application/json" });
		if (lie.silent === "after the headers") response.write(lie.body);
		else response.end(lie.body);
	});
	const port = await listenLocally(server, 0);
	const lying: LyingServer = {
		url: `http://127.0.0.1:${port}`,
		requests,
		lie: { body: "" },
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
	return lying;
}
