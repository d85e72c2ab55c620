// Access tokens in the usual form of RFC 9068, `at+jwt` under ES256, as any authorization server would issue them. For
// the comparisons only: what one verification costs in workerd, and the nginx that verifies one for each request.
import { webcrypto } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { inBatches } from "./batches.ts";
import { ISSUER } from "./fleet.ts";
import type { Lasting } from "./perishable.ts";

const TTL_SECONDS = 3600;

export interface Es256Issuer {
	/** the public key as a JWK, and in PEM */
	readonly jwk: JWK;
	readonly pem: string;
	/** @returns one token for each subject */
	issue(subjects: readonly string[], now: number): Promise<Lasting<readonly string[]>>;
}

export async function createEs256Issuer(): Promise<Es256Issuer> {
	const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
	return {
		jwk: await exportJWK(publicKey),
		pem: await exportSPKI(publicKey),
		async issue(subjects, now) {
			const value = await inBatches(subjects, (subject) =>
				new SignJWT({ scope: "device", client_id: subject })
					.setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "peer" })
					.setIssuer(ISSUER)
					.setAudience(ISSUER)
					.setSubject(subject)
					.setIssuedAt(now)
					.setExpirationTime(now + TTL_SECONDS)
					.setJti(webcrypto.randomUUID())
					.sign(privateKey),
			);
			return { value, endsAt: now + TTL_SECONDS };
		},
	};
}
