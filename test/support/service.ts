// The service under test, reached as the world reaches it: one request in, one answer out. Each caller gets an address of
// its own, so that rate limits of one test do not meet another.
import { exports } from "cloudflare:workers";
import { requireDeclared, seeRequest } from "./description/declared-traffic.ts";
import { newAddress } from "./fresh-names.ts";
import { TEST_SECRETS } from "./secrets.ts";

export const ISSUER = "https://updates.test";

/** Sends a request, from an address of its own unless the headers name one. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
	const request = requestTo(path, init);
	const seen = await seeRequest(request);
	const answer = await exports.default.fetch(request);
	await requireDeclared(seen, answer);
	return answer;
}

/** As `send`, for a request that is taken although the API's description has it otherwise. */
export async function sendUndeclared(path: string, init: RequestInit = {}): Promise<Response> {
	return exports.default.fetch(requestTo(path, init));
}

function requestTo(path: string, init: RequestInit): Request {
	const request = new Request(path.startsWith("http") ? path : ISSUER + path, init);
	if (!request.headers.has("cf-connecting-ip")) request.headers.set("cf-connecting-ip", newAddress());
	return request;
}

/** Sends JSON. @param key API key, the bootstrap key if left out */
export async function operate(
	method: string,
	path: string,
	body?: unknown,
	key: string = TEST_SECRETS.BOOTSTRAP_KEY,
): Promise<Response> {
	return send(path, operatorRequest(method, body, key));
}

/** A request with JSON. @param key API key, the bootstrap key if left out */
export function operatorRequest(method: string, body?: unknown, key: string = TEST_SECRETS.BOOTSTRAP_KEY): RequestInit {
	const headers: Record<string, string> = { authorization: `Bearer ${key}` };
	const text = body === undefined ? undefined : JSON.stringify(body);
	if (text !== undefined) {
		headers["content-type"] = "application/json";
		headers["content-length"] = String(new TextEncoder().encode(text).length);
	}
	return { method, headers, ...(text === undefined ? {} : { body: text }) };
}

/** As `operate`, and the answer must be a success. @returns its body */
export async function operated<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
	const answer = await operate(method, path, body);
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
	return (answer.status === 204 ? {} : await answer.json()) as T;
}
