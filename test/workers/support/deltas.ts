// Deltas for tests of the service, which stores and serves them: their heads are right, what follows nobody decodes here.
import { type Package, upload } from "../../support/fleet.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { operated, send } from "../../support/service.ts";

const DCZ_FRAME = [0x5e, 0x2a, 0x4d, 0x18, 0x20, 0, 0, 0];
const ZSTD_FRAME = [0x28, 0xb5, 0x2f, 0xfd];

const fromHex = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** @param from the package that it needs; null = a packed copy of at least 40 bytes */
export async function makeDeltaOf(from: Pick<Package, "sha256"> | null, content: string): Promise<Package> {
	const head = from === null ? ZSTD_FRAME : [...DCZ_FRAME, ...fromHex(from.sha256)];
	const tail = new TextEncoder().encode(from === null ? content.padEnd(40, ".") : content);
	const bytes = new Uint8Array([...head, ...tail]);
	const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
	const sha256 = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
	return { bytes, sha256, digest: `sha-256=:${btoa(String.fromCharCode(...hash))}:` };
}

export interface SentDelta {
	readonly product: string;
	readonly version: string;
	readonly target: Pick<Package, "sha256">;
	readonly from: { readonly version: string; readonly sha256: string } | null;
	readonly delta: Package;
}

export function sendDelta(
	{ product, version, target, from, delta }: SentDelta,
	headers: Record<string, string> = {},
): Promise<Response> {
	const base = from === null ? "" : `&from=${from.version}&from_sha256=${from.sha256}`;
	return send(`/v1/products/${product}/releases/${version}/delta?sha256=${target.sha256}${base}`, {
		method: "PUT",
		headers: {
			authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`,
			"content-length": String(delta.bytes.length),
			"repr-digest": delta.digest,
			...headers,
		},
		body: delta.bytes,
	});
}

/** Uploads the version with its deltas, and releases it. */
export async function publishWithDeltas(
	product: string,
	version: string,
	target: Package,
	deltas: readonly Pick<SentDelta, "from" | "delta">[],
): Promise<void> {
	const answers = [await upload(product, version, target)];
	for (const one of deltas) answers.push(await sendDelta({ product, version, target, ...one }));
	for (const answer of answers) if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
	await operated("PUT", `/v1/products/${product}/releases/${version}`, {});
}
