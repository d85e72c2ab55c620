// A firewall's key pair, and the two things it signs: DPoP proofs (RFC 9449) and client assertions (RFC 7523).
// The private key never leaves its home; the server learns the public half at activation.
import { createHash } from "node:crypto";
// Only these parts of jose: the whole of it takes twice as long to load, and a check runs every few minutes.
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { SignJWT } from "jose/jwt/sign";
import { exportJWK } from "jose/key/export";
import { generateKeyPair } from "jose/key/generate/keypair";
import { importJWK } from "jose/key/import";
import type { DeviceAlgorithm, PrivateJwk } from "../home/firewall-state.ts";

/** Long enough for a slow line, short enough to be worthless soon; the server accepts little more. */
const ASSERTION_LIFE_SECONDS = 60;

export type PublicJwk = Omit<PrivateJwk, "d">;

export interface DeviceKey {
	readonly algorithm: DeviceAlgorithm;
	readonly publicJwk: PublicJwk;
	/** RFC 7638 */
	readonly thumbprint: string;
	/** @param accessToken what the Authorization header carries beside the proof, if it carries something */
	proveRequest(method: string, url: string, now: number, accessToken?: string): Promise<string>;
	assertClient(clientId: string, issuer: string, now: number): Promise<string>;
}

/** @returns a new private key as a JWK; fresh at each call */
export async function createPrivateJwk(algorithm: DeviceAlgorithm): Promise<PrivateJwk> {
	const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
	const { kty, crv, x, y, d } = await exportJWK(privateKey);
	if (x === undefined || d === undefined) throw new Error("the new key lacks a part");
	if (kty === "EC" && crv === "P-256" && y !== undefined) return { kty: "EC", crv, x, y, d };
	if (kty === "OKP" && crv === "Ed25519") return { kty: "OKP", crv, x, d };
	throw new Error(`not a device key: ${kty} ${crv}`);
}

export async function importDeviceKey(privateJwk: PrivateJwk): Promise<DeviceKey> {
	const algorithm = privateJwk.kty === "EC" ? "ES256" : "Ed25519";
	const { d: _secret, ...publicJwk } = privateJwk;
	const key = await importJWK(privateJwk, algorithm);
	const thumbprint = await calculateJwkThumbprint(publicJwk);
	return {
		algorithm,
		publicJwk,
		thumbprint,
		proveRequest: (method, url, now, accessToken) => {
			const { origin, pathname } = new URL(url);
			// RFC 9449 §4.2: htu has no query; ath hashes the token as it is sent
			const claims = { htm: method, htu: `${origin}${pathname}`, jti: crypto.randomUUID() };
			const ath =
				accessToken === undefined ? {} : { ath: createHash("sha256").update(accessToken).digest("base64url") };
			return new SignJWT({ ...claims, ...ath })
				.setProtectedHeader({ alg: algorithm, typ: "dpop+jwt", jwk: publicJwk })
				.setIssuedAt(now)
				.sign(key);
		},
		assertClient: (clientId, issuer, now) =>
			// RFC 7523 §3, with the issuer and nothing else as audience
			new SignJWT({ iss: clientId, sub: clientId, aud: issuer, jti: crypto.randomUUID() })
				.setProtectedHeader({ alg: algorithm, kid: thumbprint })
				.setIssuedAt(now)
				.setExpirationTime(now + ASSERTION_LIFE_SECONDS)
				.sign(key),
	};
}
