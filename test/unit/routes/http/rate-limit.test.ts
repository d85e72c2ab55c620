// The platform does not tell a Worker its own quotas, so they stand twice: in the files for wrangler, and in the code for the header.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { RATE_QUOTAS, rateLimitPolicyField, rateLimits } from "../../../../src/routes/http/rate-limit.ts";

const BINDINGS = {
	register: "RATE_REGISTER",
	code: "RATE_CODE",
	account: "RATE_ACCOUNT",
	token: "RATE_TOKEN",
	publish: "RATE_PUBLISH",
} as const;
const ROOT = join(import.meta.dirname, "../../../..");
const limitsOf = (file: string): { name: string; namespace_id: string; simple: object }[] =>
	readConfig({ config: join(ROOT, file) }, { hideWarnings: true }).ratelimits;

describe.each(["wrangler.toml", "dev/wrangler.toml"])("the rate limits of %s", (file) => {
	it.each(["register", "code", "account", "token", "publish"] as const)(
		"give %s the quota that the header names",
		(policy) => {
			const found = limitsOf(file).filter(({ name }) => name === BINDINGS[policy]);
			expect(found).toMatchObject([{ simple: { limit: RATE_QUOTAS[policy], period: 60 } }]);
		},
	);

	it("are no more than the policies", () => {
		expect(limitsOf(file)).toHaveLength(Object.keys(BINDINGS).length);
	});
});

it("no limit shares its count with another", () => {
	const ids = ["wrangler.toml", "dev/wrangler.toml"].flatMap((file) =>
		limitsOf(file).map(({ namespace_id }) => namespace_id),
	);
	expect(new Set(ids).size).toBe(10);
});

it("a policy is written as RateLimit-Policy has it", () => {
	const binding = { limit: async () => ({ success: true }) };
	const limits = rateLimits({
		...{ RATE_REGISTER: binding, RATE_CODE: binding, RATE_ACCOUNT: binding },
		...{ RATE_TOKEN: binding, RATE_PUBLISH: binding },
	});
	expect(rateLimitPolicyField(limits.token)).toBe('"token";q=60;w=60');
});
