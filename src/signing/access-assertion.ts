// Who has passed Cloudflare Access: the JWT that it puts into each request that it lets through (`Cf-Access-Jwt-Assertion`; Cloudflare,
// "Validate JWTs"). Anybody can send that header where Access is not in front of the service, so it counts by its signature alone, under a
// key of the configured team and for the configured application.
import { type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { faultOfJwt, type JwtFault } from "./formats/jwt-fault.ts";

/** Access's own length of a session, if nothing else is chosen: older assertions do not begin a session here. */
export const ACCESS_MAX_AGE_SECONDS = 86_400;
const CLOCK_SKEW_SECONDS = 60;
/** Those with many groups in them are some kilobytes long. */
const MAX_LENGTH = 8_192;

export const accessTeamDomain = z
	.string()
	.regex(/^[a-z0-9][a-z0-9-]{0,62}\.cloudflareaccess\.com$/, "must be <team>.cloudflareaccess.com");
export const accessAudience = z
	.string()
	.regex(/^[0-9a-f]{64}$/, "must be the AUD tag of the application, 64 hex digits");

export interface AccessSettings {
	readonly teamDomain: string;
	/** AUD tag of the application that stands before the console */
	readonly audience: string;
}

export type AccessVerification =
	| {
			readonly ok: true;
			/** as the identity provider has it */
			readonly email: string;
			/** unix seconds */
			readonly exp: number;
	  }
	| { readonly ok: false; readonly reason: JwtFault | "no_person" };

/** @returns null where one of the two is not given */
export function accessSettings(teamDomain: string | undefined, audience: string | undefined): AccessSettings | null {
	return teamDomain === undefined || audience === undefined ? null : { teamDomain, audience };
}

/** Where the team's public keys are. */
export function accessKeysUrl({ teamDomain }: AccessSettings): URL {
	return new URL(`https://${teamDomain}/cdn-cgi/access/certs`);
}

/**
 * @param keys the team's, by the header's `kid`; what it throws besides errors of jose passes through
 * @param now unix seconds
 */
export async function verifyAccessAssertion(
	keys: JWTVerifyGetKey,
	{ teamDomain, audience }: AccessSettings,
	assertion: string,
	now: number,
): Promise<AccessVerification> {
	if (assertion.length > MAX_LENGTH) return { ok: false, reason: "malformed" };
	try {
		const { payload } = await jwtVerify(assertion, keys, {
			algorithms: ["RS256"],
			issuer: `https://${teamDomain}`,
			audience,
			requiredClaims: ["exp", "iat", "sub"],
			maxTokenAge: ACCESS_MAX_AGE_SECONDS,
			clockTolerance: CLOCK_SKEW_SECONDS,
			currentDate: new Date(now * 1_000),
		});
		const { email, exp = 0, type } = payload;
		// Service tokens pass Access too, and are nobody; tokens of the whole team (`org`) are for Access itself.
		if (type !== "app" || typeof email !== "string" || email === "") return { ok: false, reason: "no_person" };
		return { ok: true, email, exp };
	} catch (error) {
		return { ok: false, reason: faultOfJwt(error) };
	}
}
