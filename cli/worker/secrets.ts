// The server's secrets: what each looks like, and fresh ones. Made here so that local ones and production ones cannot
// differ in form; the server reads and checks them in src/config.ts.
import { randomBytes } from "node:crypto";

export const SECRET_NAMES = ["MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY"] as const;
/** Those of a deployment: DOWNLOAD_KEY is read beside DOWNLOAD_ORIGIN alone, and changes nothing without it. */
export const DEPLOYED_SECRET_NAMES = [...SECRET_NAMES, "DOWNLOAD_KEY"] as const;
export type SecretName = (typeof DEPLOYED_SECRET_NAMES)[number];

/** "local" secrets say so, and the server refuses them in production. */
export type SecretPlace = "local" | "production";

const KEY_BYTES = 32;

export function generateSecret(name: SecretName, place: SecretPlace): string {
	const random = () => randomBytes(KEY_BYTES).toString("base64url");
	switch (name) {
		case "MAC_KEYS":
			return `${place === "local" ? "local1" : `k${randomBytes(3).toString("hex")}`}:${random()}`;
		case "LOOKUP_KEY":
			// The mark is base64url like the rest: 48 characters, 36 bytes.
			return place === "local" ? `local${random()}` : random();
		case "BOOTSTRAP_KEY":
			return `${place === "local" ? "local" : "operator"}-${random()}`;
		case "DOWNLOAD_KEY":
			return random();
	}
}

/** @returns one fresh value for each name */
export function generateSecrets(names: readonly SecretName[], place: SecretPlace): [SecretName, string][] {
	return names.map((name) => [name, generateSecret(name, place)]);
}
