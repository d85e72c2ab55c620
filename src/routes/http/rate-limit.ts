// Rate limits by the platform's binding: per location, cheap, permissive. They keep a flood away from costly work;
// nothing that must be exact relies on them.
import { ProblemError } from "../../problem.ts";

export interface RateLimitPolicy {
	readonly name: string;
	readonly binding: RateLimit;
	/** requests per period; the same figure as in wrangler.toml, for the header */
	readonly quota: number;
	/** seconds */
	readonly period: number;
}

/** Clients that were refused together must not come back together. */
function jitteredRetryAfter(period: number): number {
	return Math.ceil(period / 2 + Math.random() * (period / 2));
}

/**
 * @param key whose quota is used up
 * @throws ProblemError `rate_limited` with Retry-After and the RateLimit fields (draft-ietf-httpapi-ratelimit-headers)
 */
export async function limitRate(policy: RateLimitPolicy, key: string): Promise<void> {
	const retryAfter = await rateLimitWait(policy, key);
	if (retryAfter === null) return;
	throw new ProblemError("rate_limited", {
		headers: {
			"retry-after": String(retryAfter),
			"ratelimit-policy": rateLimitPolicyField(policy),
			ratelimit: `"${policy.name}";r=0;t=${retryAfter}`,
		},
	});
}

/** @returns seconds to wait, or null when the request is within its quota */
export async function rateLimitWait(policy: RateLimitPolicy, key: string): Promise<number | null> {
	return (await isWithinQuota(policy, key)) ? null : jitteredRetryAfter(policy.period);
}

async function isWithinQuota({ binding }: RateLimitPolicy, key: string): Promise<boolean> {
	try {
		return (await binding.limit({ key })).success;
	} catch {
		// A limiter that is down must not take the service with it; what must be exact does not rely on it.
		return true;
	}
}

/** Where the request comes from, as the platform says; what a client claims in other headers does not count. */
export function callerAddress(request: Request): string {
	return request.headers.get("cf-connecting-ip") ?? "unknown";
}

/** Whose quota the request uses up. */
export function callerNetwork(request: Request): string {
	return networkOf(callerAddress(request));
}

/**
 * Whose quota an address uses up. Whoever has IPv6 has a /64 at least (RFC 6177, RFC 7421), and with it more addresses than
 * any limit could count.
 * @returns the address itself for IPv4, its first 64 bits for IPv6
 */
export function networkOf(address: string): string {
	// An IPv4 address that is written as one of IPv6 (RFC 4291 §2.5.5.2) is its own, and not everybody's.
	const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
	if (mapped !== undefined) return mapped;
	const [head = "", tail] = address.split("::");
	if (!head.includes(":") && tail === undefined) return address;
	const groups = (text: string) => text.split(":").filter((group) => group !== "");
	const before = groups(head);
	const after = groups(tail ?? "");
	const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
	const all = [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16).toString(16));
	return `${all.slice(0, 4).join(":")}::/64`;
}

/** Value of RateLimit-Policy. The binding does not tell the rest of a quota, so an answer within it names the policy alone. */
export function rateLimitPolicyField({ name, quota, period }: RateLimitPolicy): string {
	return `"${name}";q=${quota};w=${period}`;
}

/** Requests a minute that each policy allows; wrangler.toml must say the same (test/unit/routes/http/rate-limit.test.ts). */
export const RATE_QUOTAS = { register: 60, code: 300, account: 1_200, token: 60, publish: 600 } as const;
const PERIOD_SECONDS = 60;

export function rateLimits(
	env: Pick<Env, "RATE_REGISTER" | "RATE_CODE" | "RATE_ACCOUNT" | "RATE_TOKEN" | "RATE_PUBLISH">,
): Readonly<Record<keyof typeof RATE_QUOTAS, RateLimitPolicy>> {
	const period = PERIOD_SECONDS;
	return {
		register: { name: "register", binding: env.RATE_REGISTER, quota: RATE_QUOTAS.register, period },
		code: { name: "code", binding: env.RATE_CODE, quota: RATE_QUOTAS.code, period },
		account: { name: "account", binding: env.RATE_ACCOUNT, quota: RATE_QUOTAS.account, period },
		token: { name: "token", binding: env.RATE_TOKEN, quota: RATE_QUOTAS.token, period },
		publish: { name: "publish", binding: env.RATE_PUBLISH, quota: RATE_QUOTAS.publish, period },
	};
}
