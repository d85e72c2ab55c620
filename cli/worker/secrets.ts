// The server's secrets: what each looks like, and fresh ones. Made here so that local ones and production ones cannot
// differ in form; the server reads and checks them in src/config.ts.
import { randomBytes } from "node:crypto";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { exportJWK } from "jose/key/export";
import { generateKeyPair } from "jose/key/generate/keypair";

export const SECRET_NAMES = ["TOKEN_KEYS", "MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY"] as const;
export type SecretName = (typeof SECRET_NAMES)[number];

/** "local" secrets say so, and the server refuses them in production. */
export type SecretPlace = "local" | "production";

const KEY_BYTES = 32;

export async function generateSecret(name: SecretName, place: SecretPlace): Promise<string> {
	const random = () => randomBytes(KEY_BYTES).toString("base64url");
	switch (name) {
		case "TOKEN_KEYS":
			return JSON.stringify({ ...(place === "local" ? { local: true } : {}), keys: [await generateTokenKey()] });
		case "MAC_KEYS":
			return `${place === "local" ? "local1" : `k${randomBytes(3).toString("hex")}`}:${random()}`;
		case "LOOKUP_KEY":
			// The mark is base64url like the rest: 48 characters, 36 bytes.
			return place === "local" ? `local${random()}` : random();
		case "BOOTSTRAP_KEY":
			return `${place === "local" ? "local" : "operator"}-${random()}`;
	}
}

/** @returns one fresh value for each name */
export async function generateSecrets(
	names: readonly SecretName[],
	place: SecretPlace,
): Promise<[SecretName, string][]> {
	return Promise.all(
		names.map(async (name): Promise<[SecretName, string]> => [name, await generateSecret(name, place)]),
	);
}

async function generateTokenKey() {
	const { privateKey } = await generateKeyPair("ES256", { extractable: true });
	const { kty, crv, x, y, d } = await exportJWK(privateKey);
	// RFC 7638: the kid is the thumbprint, so that a key cannot be named for another
	const kid = await calculateJwkThumbprint({ kty, crv, x, y });
	return { kty, crv, x, y, d, kid, alg: "ES256", use: "sig" };
}
