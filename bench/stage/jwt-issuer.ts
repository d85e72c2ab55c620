// Access tokens in the usual form of RFC 9068, `at+jwt`, as any authorization server would issue them. For the comparisons
// only: what one verification costs in workerd, and the nginx that verifies one for each request.
import { randomBytes, webcrypto } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { inBatches } from "./batches.ts";
import { ISSUER } from "./fleet.ts";
import type { Lasting } from "./perishable.ts";

const TTL_SECONDS = 3600;

export interface JwtIssuer {
	/** the public key of ES256 as a JWK, and in PEM */
	readonly jwk: JWK;
	readonly pem: string;
	/** the key of HS256 */
	readonly secret: string;
	/** @param now unix seconds @returns one token for each subject */
	issue(alg: "ES256" | "HS256", subjects: readonly string[], now: number): Promise<Lasting<readonly string[]>>;
}

export async function createJwtIssuer(): Promise<JwtIssuer> {
	const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
	const secret = randomBytes(32).toString("base64url");
	const keys = { ES256: privateKey, HS256: new TextEncoder().encode(secret) };
	return {
		jwk: await exportJWK(publicKey),
		pem: await exportSPKI(publicKey),
		secret,
		async issue(alg, subjects, now) {
			const value = await inBatches(subjects, (subject) =>
				new SignJWT({ scope: "device", client_id: subject })
					.setProtectedHeader({ alg, typ: "at+jwt", kid: "peer" })
					.setIssuer(ISSUER)
					.setAudience(ISSUER)
					.setSubject(subject)
					.setIssuedAt(now)
					.setExpirationTime(now + TTL_SECONDS)
					.setJti(webcrypto.randomUUID())
					.sign(keys[alg]),
			);
			return { value, endsAt: now + TTL_SECONDS };
		},
	};
}
