// What an operator does once before anybody measures: products, releases with their packages, an account, a message. Over
// HTTP, as in life; and single requests of other kinds that the benchmark makes beside the measured ones.
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "../load/requests.ts";

export interface Answer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: string;
}

export interface Call {
	readonly port: number;
	readonly method: string;
	readonly path: string;
	readonly headers?: Readonly<Record<string, string | number>>;
	readonly body?: string | Uint8Array;
}

/** One request over a connection of its own. @throws Error when the service cannot be reached */
export function send({ port, method, path, headers = {}, body }: Call): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
		const options = {
			port,
			host: "127.0.0.1",
			method,
			path,
			agent: false,
			headers: { host: HOST, ...length, ...headers },
		};
		const call = request(options, async (answer) => {
			try {
				let text = "";
				for await (const chunk of answer.setEncoding("utf8")) text += chunk;
				resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
			} catch (error) {
				reject(error);
			}
		});
		call.on("error", reject);
		call.end(body);
	});
}

export interface Catalogue {
	readonly account: string;
	/** SHA-256 of the 1 MB package that is offered, in hexadecimal */
	readonly sha256: string;
}

const PACKAGE_BYTES = 1_000_000;
/** product → the version that devices have, the version that they are offered */
export const VERSIONS = { crs: ["4.26.0", "4.27.0"], threats: ["8889", "8890"] } as const;
const SMALL_PACKAGE_BYTES = 1000;
const A_YEAR_MS = 365 * 86_400_000;

/** @throws Error when the service refuses anything */
export async function furnish(port: number, key: string): Promise<Catalogue> {
	const operate = async (method: string, path: string, body: unknown): Promise<string> => {
		const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
		const answer = await send({ port, method, path, headers, body: JSON.stringify(body) });
		if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
		return answer.body;
	};
	let sha256 = "";
	for (const [product, [older, newer]] of Object.entries(VERSIONS)) {
		await operate("POST", "/v1/products", { product, plan: "immediate" });
		await upload(port, key, product, older, randomBytes(SMALL_PACKAGE_BYTES));
		await operate("PUT", `/v1/products/${product}/releases/${older}`, {});
		const uploaded = await upload(port, key, product, newer, randomBytes(PACKAGE_BYTES));
		if (product === "crs") sha256 = uploaded;
		await operate("PUT", `/v1/products/${product}/releases/${newer}`, {
			notes: "Weekly signatures.",
			allow_size: "of a measurement",
		});
	}
	await operate("POST", "/v1/messages", {
		severity: "info",
		title: "Maintenance on Sunday",
		body: "The service may answer late on Sunday between 02:00 and 03:00 UTC.",
		ends_at: new Date(Date.now() + A_YEAR_MS).toISOString(),
	});
	const account: unknown = JSON.parse(await operate("POST", "/v1/accounts", { name: "Benchmark", same_name: true }));
	if (typeof account !== "object" || account === null || !("account" in account))
		throw new Error("no account was made");
	return { account: String(account.account), sha256 };
}

/** @returns the digest */
async function upload(port: number, key: string, product: string, version: string, bytes: Uint8Array): Promise<string> {
	const digest = createHash("sha256").update(bytes).digest();
	const path = `/v1/products/${product}/releases/${version}/package?name=${product}-${version}.bin`;
	const headers = { authorization: `Bearer ${key}`, "repr-digest": `sha-256=:${digest.toString("base64")}:` };
	const answer = await send({ port, method: "PUT", path, headers, body: bytes });
	if (answer.status >= 300) throw new Error(`PUT ${path}: ${answer.status} ${answer.body}`);
	return digest.toString("hex");
}

/**
 * Waits until a device would be offered everything: a head reaches the store a second or two after the last release.
 * @throws Error when that takes too long
 */
export async function awaitOffers(port: number, path: string, token: string): Promise<void> {
	const deadline = Date.now() + 60_000;
	const wanted = Object.keys(VERSIONS).length;
	for (;;) {
		const answer = await send({ port, method: "GET", path, headers: { authorization: `Bearer ${token}` } });
		if (answer.body.split('"capability"').length - 1 === wanted && answer.body.includes('"last":1')) return;
		if (Date.now() > deadline) throw new Error(`no offers after a minute: ${answer.status} ${answer.body}`);
		await sleep(500);
	}
}
