// What a test from outside needs first, made over HTTP as an operator would: accounts, codes, products and releases.
import { createHash } from "node:crypto";
import type { RunningService } from "./service.ts";

/** What an operator needs to know of a service. */
export type Operable = Pick<RunningService, "url" | "bootstrapKey">;

/** One call of the operator; the answer must be a success. */
export async function operate<T>(service: Operable, method: string, path: string, body?: unknown): Promise<T> {
	const answer = await fetch(service.url + path, {
		method,
		headers: { authorization: `Bearer ${service.bootstrapKey}`, "content-type": "application/json" },
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});
	const text = await answer.text();
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
	return (text === "" ? {} : JSON.parse(text)) as T;
}

/** An account with a license of ten seats for the products. @returns an auth code for its devices */
export async function createCode(service: Operable, products: readonly string[]): Promise<string> {
	const { account } = await operate<{ account: string }>(service, "POST", "/v1/accounts", {
		name: "Test account",
		same_name: true,
	});
	const terms = { products, seats: 10, ends_at: new Date(Date.now() + 86_400_000).toISOString() };
	const path = `/v1/accounts/${account}`;
	const { license } = await operate<{ license: string }>(service, "POST", `${path}/licenses`, terms);
	const { code } = await operate<{ code: string }>(service, "POST", `${path}/codes`, { license, uses: 10 });
	return code;
}

/** What is said of a release, of whatever size it is. */
const ANY_SIZE: object = { allow_size: "of a test" };

/** Uploads and releases a package. @param metadata for a Worker of before, which knows other words @returns its SHA-256, hexadecimal */
export async function publish(
	service: Operable,
	product: string,
	version: string,
	bytes: Uint8Array<ArrayBuffer>,
	metadata = ANY_SIZE,
): Promise<string> {
	const sha256 = await upload(service, product, version, bytes);
	await release(service, product, version, metadata);
	return sha256;
}

/** Uploads a package, which nobody is offered yet. @returns its SHA-256, hexadecimal */
export async function upload(
	service: Operable,
	product: string,
	version: string,
	bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
	const path = `/v1/products/${product}/releases/${version}/package?name=${product}-${version}.bin`;
	const hash = createHash("sha256").update(bytes);
	const sha256 = hash.copy().digest("hex");
	const answer = await fetch(service.url + path, {
		method: "PUT",
		headers: {
			authorization: `Bearer ${service.bootstrapKey}`,
			"repr-digest": `sha-256=:${hash.digest("base64")}:`,
		},
		body: bytes,
	});
	if (!answer.ok) throw new Error(`upload: ${answer.status} ${await answer.text()}`);
	return sha256;
}

/** Releases what was uploaded. */
export async function release(service: Operable, product: string, version: string, metadata = ANY_SIZE): Promise<void> {
	await operate(service, "PUT", `/v1/products/${product}/releases/${version}`, metadata);
}
