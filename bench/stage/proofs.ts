// What a device signs with its own key: DPoP proofs and client assertions. Each is good once, and for a minute.
import { webcrypto } from "node:crypto";
import { SignJWT } from "jose";
import { accessTokenHash } from "../../src/signing/device-proofs/dpop.ts";
import { type FleetDevice, ISSUER } from "./fleet.ts";

/** How long after its making a proof or an assertion is taken. */
export const PROOF_SECONDS = 60;

/** A DPoP proof (RFC 9449 §4.2). @param path of the request @param token to be named, if there is one */
export async function makeProof(
	{ privateKey, publicJwk }: FleetDevice,
	{ method, path, token, now }: { method: string; path: string; token: string | null; now: number },
): Promise<string> {
	const ath = token === null ? {} : { ath: await accessTokenHash(token) };
	return new SignJWT({ htm: method, htu: ISSUER + path, iat: now, jti: webcrypto.randomUUID(), ...ath })
		.setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk: publicJwk })
		.sign(privateKey);
}

/** The body of a token request with a client assertion (RFC 7523). */
export async function makeTokenForm({ profile: { id }, privateKey }: FleetDevice, now: number): Promise<string> {
	const claims = { iss: id, sub: id, aud: ISSUER, iat: now, exp: now + PROOF_SECONDS, jti: webcrypto.randomUUID() };
	const assertion = await new SignJWT(claims).setProtectedHeader({ alg: "ES256" }).sign(privateKey);
	return new URLSearchParams({
		grant_type: "client_credentials",
		client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
		client_assertion: assertion,
	}).toString();
}
