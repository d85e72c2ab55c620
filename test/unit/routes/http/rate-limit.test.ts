// The platform does not tell a Worker its own quotas, so they stand twice: in wrangler.toml, and in the code for the header.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RATE_QUOTAS, rateLimitPolicyField, rateLimits } from "../../../../src/routes/http/rate-limit.ts";

const BINDINGS = { register: "RATE_REGISTER", token: "RATE_TOKEN", publish: "RATE_PUBLISH" } as const;
const BLOCK =
	/^\[\[(env\.production\.)?ratelimits\]\]\nname = "(\w+)"\nnamespace_id = "(\d+)"\nsimple = \{ limit = (\d+), period = (\d+) \}$/gm;

const toml = readFileSync(join(import.meta.dirname, "../../../../wrangler.toml"), "utf8");
const configured = [...toml.matchAll(BLOCK)].map(([, env = "local", name, id, limit, period]) => ({
	env,
	name,
	id,
	limit: Number(limit),
	period: Number(period),
}));

describe.each(["local", "env.production."])("the rate limits of wrangler.toml for %s", (env) => {
	it.each(["register", "token", "publish"] as const)("give %s the quota that the header names", (policy) => {
		const found = configured.filter((block) => block.env === env && block.name === BINDINGS[policy]);
		expect(found).toMatchObject([{ limit: RATE_QUOTAS[policy], period: 60 }]);
	});
});

it("no limit is missed by this test, and none shares its count with another", () => {
	expect(toml.match(/ratelimits\]\]/g)).toHaveLength(configured.length);
	expect(new Set(configured.map(({ id }) => id)).size).toBe(6);
});

it("a policy is written as RateLimit-Policy has it", () => {
	const binding = { limit: async () => ({ success: true }) };
	const limits = rateLimits({ RATE_REGISTER: binding, RATE_TOKEN: binding, RATE_PUBLISH: binding });
	expect(rateLimitPolicyField(limits.token)).toBe('"token";q=60;w=60');
});
