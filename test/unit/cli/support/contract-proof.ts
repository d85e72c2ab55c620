// DPoP proofs as the contract server checks them, with jose alone.
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from "jose";

/** @returns the thumbprint of the key that signed the request's DPoP proof (RFC 9449); null when it is not for `url` */
export async function verifyProof(
	request: IncomingMessage,
	method: string,
	url: string,
	token?: string,
): Promise<string | null> {
	const proof = request.headers.dpop;
	if (typeof proof !== "string") return null;
	const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
		typ: "dpop+jwt",
		algorithms: ["ES256", "Ed25519"],
	});
	const ath = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
	const right = payload["htm"] === method && payload["htu"] === url && payload["ath"] === ath;
	const { jwk } = protectedHeader;
	return right && jwk !== undefined && !("d" in jwk) ? calculateJwkThumbprint(jwk) : null;
}
