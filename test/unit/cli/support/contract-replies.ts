// Small change of the contract server: reading bodies, writing replies.
import type { IncomingMessage, Server, ServerResponse } from "node:http";

export function inSeconds(seconds: number): string {
	return new Date(Date.now() + seconds * 1000).toISOString();
}

export async function readBody(request: IncomingMessage): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of request) chunks.push(chunk);
	return Buffer.concat(chunks).toString("latin1");
}

export function listen(server: Server): Promise<void> {
	return new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
}

export function json(
	response: ServerResponse,
	status: number,
	body: unknown,
	headers: Record<string, string> = {},
): void {
	response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

export function problem(response: ServerResponse, status: number, code: string, detail?: string): void {
	const body = {
		type: "about:blank",
		title: `refused: ${code}`,
		status,
		code,
		detail,
		fix: "do it right",
		retryable: false,
		request_id: "req-1",
	};
	response.writeHead(status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
}

export function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
	response.writeHead(status, headers).end();
}
