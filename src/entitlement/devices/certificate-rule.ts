// Which client certificates are a device's (RFC 8705): one by its fingerprint, and beside it the one before while that still holds; or
// whichever its issuer has given to its name. Pure.
import { z } from "zod";

const name = z.string().min(1).max(512);
const seconds = z.int().nonnegative();

/** A certificate itself: another one, also to the same name, is none of the device's. */
const pinned = z.strictObject({
	/** base64url of the SHA-256 of its DER form */
	x5t: z.string().regex(/^[\w-]{43}$/),
	/** unix seconds */
	notAfter: seconds,
});
/** Distinguished names in the form of signing/client-certificate/distinguished-name.ts. Renewed without a word. */
const named = z.strictObject({ issuer: name, subject: name });

export const certificateRule = z.union([pinned, named]);
export type CertificateRule = z.infer<typeof certificateRule>;

/** The new one, and the one before until it ends. */
export const MAX_RULES = 2;
export const certificateRules = z.array(certificateRule).min(1).max(MAX_RULES);
export type CertificateRules = readonly CertificateRule[];

/** What the rules look at. */
export interface RuledCertificate {
	readonly x5t: string;
	readonly issuer: string;
	readonly subject: string;
	/** unix seconds */
	readonly notAfter: number;
}

/** @param subject as the device wants to be known; undefined = by this certificate and no other @returns null where it is of another name */
export function ruleFor(certificate: RuledCertificate, subject: string | undefined): CertificateRule | null {
	const { x5t, notAfter, issuer } = certificate;
	if (subject === undefined) return { x5t, notAfter };
	return subject === certificate.subject ? { issuer, subject } : null;
}

/** @returns whether a certificate that was verified is one of the device's */
export function isOwn(rules: CertificateRules, certificate: RuledCertificate): boolean {
	return rules.some((rule) =>
		"x5t" in rule
			? rule.x5t === certificate.x5t
			: rule.issuer === certificate.issuer && rule.subject === certificate.subject,
	);
}

/**
 * A device is bound to another certificate. The last that it had goes on counting until it ends, so that a device which loses the answer,
 * or whose new certificate is not everywhere yet, is not without; those before it, and names, end at once.
 * @param now unix seconds @returns `before` itself where nothing changes
 */
export function renewRules(before: CertificateRules, rule: CertificateRule, now: number): CertificateRules {
	const [current] = before;
	if (current !== undefined && JSON.stringify(current) === JSON.stringify(rule)) return before;
	const isKept = current !== undefined && "x5t" in current && "x5t" in rule && current.notAfter > now;
	return isKept ? [rule, current] : [rule];
}
