// What a test of the device plane needs first: an account with a license and a code, and releases to be offered.
import { TEST_SECRETS } from "./secrets.ts";
import { operate, operated, send } from "./service.ts";

export interface Fleet {
	readonly account: string;
	readonly license: string;
	readonly code: string;
}

const IN_A_YEAR = new Date(Date.now() + 365 * 86_400_000).toISOString();

export async function createFleet(
	options: { products?: string[]; seats?: number; uses?: number; license?: Record<string, unknown> } = {},
): Promise<Fleet> {
	const { products = ["crs"], seats = 10, uses = 10 } = options;
	const { account } = await operated<{ account: string }>("POST", "/v1/accounts", {
		name: "Test account",
		same_name: true,
	});
	for (const product of products) await createProduct(product);
	const terms = { products, seats, ends_at: IN_A_YEAR, ...options.license };
	const { license } = await operated<{ license: string }>("POST", `/v1/accounts/${account}/licenses`, terms);
	const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, { license, uses });
	return { account, license, code };
}

/** Creates it unless it is there. */
export async function createProduct(product = "crs"): Promise<void> {
	const { status } = await operate("POST", "/v1/products", { product, plan: "immediate" });
	if (status !== 201 && status !== 409) throw new Error(`product ${product}: ${status}`);
}

export interface Package {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly sha256: string;
	/** value of Repr-Digest */
	readonly digest: string;
}

export async function makePackage(content: string | Uint8Array): Promise<Package> {
	const bytes = new Uint8Array(typeof content === "string" ? new TextEncoder().encode(content) : content);
	const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
	return {
		bytes,
		sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
		digest: `sha-256=:${btoa(String.fromCharCode(...hash))}:`,
	};
}

export async function upload(
	product: string,
	version: string,
	content: Package,
	headers: Record<string, string> = {},
	query = `?name=${product}-${version}.rules`,
): Promise<Response> {
	return send(`/v1/products/${product}/releases/${version}/package${query}`, {
		method: "PUT",
		headers: {
			authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`,
			"content-length": String(content.bytes.length),
			"repr-digest": content.digest,
			...headers,
		},
		body: content.bytes,
	});
}

/** Uploads and releases; both must succeed. */
export async function publish(
	product: string,
	version: string,
	content: string,
	metadata: Record<string, unknown> = {},
): Promise<Package> {
	const made = await makePackage(content);
	const uploaded = await upload(product, version, made);
	if (!uploaded.ok) throw new Error(`upload: ${uploaded.status} ${await uploaded.text()}`);
	await operated("PUT", `/v1/products/${product}/releases/${version}`, metadata);
	return made;
}
