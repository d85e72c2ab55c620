// The service under test, reached as the world reaches it: one request in, one answer out. Each caller gets an address of
// its own, so that rate limits of one test do not meet another.
import { exports } from "cloudflare:workers";
import { TEST_SECRETS } from "./secrets.ts";

export const ISSUER = "https://updates.test";

let addresses = 0;

/** An address that no other caller has. */
export function newAddress(): string {
	addresses += 1;
	return `192.0.2.${addresses % 256}, ${addresses}`;
}

export async function send(path: string, init: RequestInit = {}): Promise<Response> {
	return exports.default.fetch(new Request(path.startsWith("http") ? path : ISSUER + path, init));
}

/** Sends JSON. @param key API key, the bootstrap key if left out */
export async function operate(
	method: string,
	path: string,
	body?: unknown,
	key: string = TEST_SECRETS.BOOTSTRAP_KEY,
): Promise<Response> {
	const headers: Record<string, string> = { authorization: `Bearer ${key}` };
	const text = body === undefined ? undefined : JSON.stringify(body);
	if (text !== undefined) {
		headers["content-type"] = "application/json";
		headers["content-length"] = String(new TextEncoder().encode(text).length);
	}
	return send(path, { method, headers, ...(text === undefined ? {} : { body: text }) });
}

/** As `operate`, and the answer must be a success. @returns its body */
export async function operated<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
	const answer = await operate(method, path, body);
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
	return (answer.status === 204 ? {} : await answer.json()) as T;
}
