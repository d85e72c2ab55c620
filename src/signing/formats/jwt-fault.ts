// What jose throws at a JWT that is not good, in the words of our log.
import { errors } from "jose";

export type JwtFault = "malformed" | "expired" | "bad_claim" | "bad_signature";

/** @throws the error itself where it is no fault of the token: its keys could not be had, or are none */
export function faultOfJwt(error: unknown): JwtFault {
	if (error instanceof errors.JWTExpired) return "expired";
	if (error instanceof errors.JWTClaimValidationFailed) return "bad_claim";
	if (
		error instanceof errors.JWSSignatureVerificationFailed ||
		error instanceof errors.JWKSNoMatchingKey ||
		error instanceof errors.JWKSMultipleMatchingKeys ||
		error instanceof errors.JOSEAlgNotAllowed
	)
		return "bad_signature";
	if (
		error instanceof errors.JWSInvalid ||
		error instanceof errors.JWTInvalid ||
		error instanceof errors.JOSENotSupported
	)
		return "malformed";
	throw error;
}
