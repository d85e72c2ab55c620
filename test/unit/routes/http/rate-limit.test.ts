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
const ofStaging = readConfig(
	{ config: join(ROOT, "wrangler.toml"), env: "staging" },
	{ hideWarnings: true },
).ratelimits;

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
	const all = [...["wrangler.toml", "dev/wrangler.toml"].flatMap(limitsOf), ...ofStaging];
	expect(new Set(all.map(({ namespace_id }) => namespace_id)).size).toBe(15);
});

it("a policy is written as RateLimit-Policy has it", () => {
	const binding = { limit: async () => ({ success: true }) };
	const limits = rateLimits({
		...{ RATE_REGISTER: binding, RATE_CODE: binding, RATE_ACCOUNT: binding },
		...{ RATE_TOKEN: binding, RATE_PUBLISH: binding },
	});
	expect(rateLimitPolicyField(limits.token)).toBe('"token";q=60;w=60');
});
