// The keys that sign access tokens (TOKEN_KEYS): a JWK Set of private ES256 keys. The first signs, all verify, all are
// published. A kid is the key's RFC 7638 thumbprint, so no two keys can share one and nobody has to invent any.
import { calculateJwkThumbprint, importJWK } from "jose";
import { z } from "zod";
import { decodeBase64url } from "./base64url.ts";

export interface PublicTokenKey {
	readonly kty: "EC";
	readonly crv: "P-256";
	readonly x: string;
	readonly y: string;
	readonly kid: string;
	readonly alg: "ES256";
	readonly use: "sig";
}

export interface TokenKeyring {
	readonly current: { readonly kid: string; readonly key: CryptoKey };
	readonly publicJwks: { readonly keys: readonly PublicTokenKey[] };
	readonly verifyByKid: ReadonlyMap<string, CryptoKey>;
}

const number256 = z.string().refine((text) => decodeBase64url(text)?.length === 32, "is not base64url of 32 bytes");
const privateTokenKey = z.strictObject({
	kty: z.literal("EC", "is not EC"),
	crv: z.literal("P-256", "is not P-256"),
	x: number256,
	y: number256,
	d: number256,
	kid: z.string().optional(),
	alg: z.literal("ES256", "is not ES256").optional(),
	use: z.literal("sig", "is not sig").optional(),
	key_ops: z.array(z.string()).optional(),
	ext: z.boolean().optional(),
});
export type PrivateTokenKey = z.infer<typeof privateTokenKey>;
/** RFC 7517 §5: other members of a set are ignored. */
const keySet = z.object({ keys: z.tuple([privateTokenKey], privateTokenKey) });

/**
 * Parses TOKEN_KEYS. Whether kid, x, y and d belong together only `importTokenKeyring` can tell.
 * @throws Error that names the wrong member and never shows its value
 */
export function parseTokenKeys(json: string): readonly [PrivateTokenKey, ...PrivateTokenKey[]] {
	const parsed = keySet.safeParse(parseJson(json));
	if (parsed.success) return parsed.data.keys;
	const [issue] = parsed.error.issues;
	throw new Error(`TOKEN_KEYS: ${["set", ...(issue?.path ?? [])].join(".")}: ${issue?.message ?? "is malformed"}`);
}

function parseJson(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		// Without a cause: the parser's message quotes the text.
		throw new Error("TOKEN_KEYS: is not JSON");
	}
}

/**
 * Imports TOKEN_KEYS, once per isolate.
 * @throws Error that says which key is wrong and how, without any private part
 */
export async function importTokenKeyring(json: string): Promise<TokenKeyring> {
	const pairs = await Promise.all(parseTokenKeys(json).map(importPair));
	const verifyByKid = new Map(pairs.map((pair) => [pair.published.kid, pair.verifyKey]));
	const [first] = pairs;
	if (first === undefined || verifyByKid.size < pairs.length) throw new Error("TOKEN_KEYS: a key is given twice");
	return {
		current: { kid: first.published.kid, key: first.signKey },
		publicJwks: { keys: pairs.map((pair) => pair.published) },
		verifyByKid,
	};
}

interface ImportedPair {
	readonly published: PublicTokenKey;
	readonly signKey: CryptoKey;
	readonly verifyKey: CryptoKey;
}

async function importPair(jwk: PrivateTokenKey, index: number): Promise<ImportedPair> {
	const { kty, crv, x, y, d } = jwk;
	const kid = await calculateJwkThumbprint({ kty, crv, x, y }, "sha256");
	if (jwk.kid !== undefined && jwk.kid !== kid) {
		throw new Error(`TOKEN_KEYS: keys.${index}.kid: is not the RFC 7638 thumbprint, ${kid}`);
	}
	const verifyKey = await importHalf({ kty, crv, x, y });
	// Runtimes refuse a `d` of another key here, so no token is ever signed that nobody can verify.
	const signKey = await importHalf({ kty, crv, x, y, d });
	if (verifyKey === null || signKey === null) {
		throw new Error(`TOKEN_KEYS: keys.${index}: x, y and d are not one key pair`);
	}
	return { published: { kty, crv, x, y, kid, alg: "ES256", use: "sig" }, signKey, verifyKey };
}

async function importHalf(
	jwk: Pick<PrivateTokenKey, "kty" | "crv" | "x" | "y"> & { d?: string },
): Promise<CryptoKey | null> {
	try {
		const key = await importJWK(jwk, "ES256", { extractable: false });
		return key instanceof Uint8Array ? null : key;
	} catch {
		// Not passed on as the cause: a runtime may quote what it could not read.
		return null;
	}
}
