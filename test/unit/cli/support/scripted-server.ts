// A plain node:http server whose every answer a test writes itself: for answers that no service should give, and for commands
// whose calls are few.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { listen, readBody } from "./contract-replies.ts";

export interface SeenRequest {
	readonly method: string;
	/** with its query */
	readonly path: string;
	readonly headers: IncomingMessage["headers"];
	readonly body: string;
}

export type Reply =
	| {
			/** 200 if not said */
			readonly status?: number;
			readonly headers?: Readonly<Record<string, string>>;
			/** text or bytes; anything else is sent as JSON */
			readonly body?: unknown;
	  }
	/** the connection ends without an answer */
	| "hang up";

export interface ScriptedServer {
	readonly url: string;
	readonly seen: SeenRequest[];
	answer: (request: SeenRequest) => Reply;
	close(): Promise<void>;
}

/** @param answer what is said to a request; can be replaced later */
export async function startScriptedServer(answer: ScriptedServer["answer"]): Promise<ScriptedServer> {
	const seen: SeenRequest[] = [];
	const server = createServer(async (request, response) => {
		const { method = "", url: path = "", headers } = request;
		const asked: SeenRequest = { method, path, headers, body: await readBody(request) };
		seen.push(asked);
		sendReply(request, response, scripted.answer(asked));
	});
	await listen(server);
	const scripted: ScriptedServer = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		seen,
		answer,
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
	return scripted;
}

export function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
	if (reply === "hang up") return void request.socket.destroy();
	const { status = 200, headers = {}, body = "" } = reply;
	const isRaw = typeof body === "string" || Buffer.isBuffer(body);
	response.writeHead(status, { ...(isRaw ? {} : { "content-type": "application/json" }), ...headers });
	response.end(isRaw ? body : JSON.stringify(body));
}

/** A refusal as the service words it (RFC 9457). */
export function refuse(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Reply {
	const body = { type: "about:blank", title: `refused: ${code}`, status, code, request_id: "req-1" };
	return { status, headers: { "content-type": "application/problem+json", ...headers }, body: JSON.stringify(body) };
}
