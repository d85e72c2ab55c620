// wrangler.toml is deployed and dev/wrangler.toml is tested: what they do not share would be deployed untested.
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";

const ROOT = join(import.meta.dirname, "../../..");
const production = readConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true });
const local = readConfig({ config: join(ROOT, "dev/wrangler.toml") }, { hideWarnings: true });
type Configuration = typeof production;

interface Binding {
	readonly binding: string;
}
interface RateLimit {
	readonly name: string;
	readonly simple: unknown;
}

const SHARED: [string, (configuration: Configuration) => unknown][] = [
	["the entry", ({ main }) => main],
	["the compatibility date", ({ compatibility_date }) => compatibility_date],
	["the compatibility flags", ({ compatibility_flags }) => compatibility_flags],
	["whether functions keep their names", ({ keep_names }) => keep_names],
	["required secrets", ({ secrets }) => secrets],
	["Durable Objects", ({ durable_objects }) => durable_objects.bindings],
	["exported classes", ({ exports }) => exports],
	["names of KV namespaces", ({ kv_namespaces }) => kv_namespaces.map(({ binding }: Binding) => binding)],
	["names of buckets", ({ r2_buckets }) => r2_buckets.map(({ binding }: Binding) => binding)],
	[
		"names of datasets",
		({ analytics_engine_datasets }) => analytics_engine_datasets.map(({ binding }: Binding) => binding),
	],
	[
		"static files",
		({ assets }) => ({ ...assets, directory: resolve(ROOT, "dev", assets?.directory ?? "").slice(-12) }),
	],
	["rate limits", ({ ratelimits }) => ratelimits.map(({ name, simple }: RateLimit) => ({ name, simple }))],
];

describe("production and the service on this machine share", () => {
	it.each(SHARED)("%s", (_, of) => {
		expect(of(production)).toBeDefined();
		expect(of(local)).toEqual(of(production));
	});
});

it("every variable of production can be set on this machine too", () => {
	expect(Object.keys(local.vars)).toEqual(expect.arrayContaining(Object.keys(production.vars)));
});

it("neither has environments, so no command can reach another than it names", () => {
	for (const { configPath, ...configuration } of [production, local]) {
		expect(configPath).toMatch(/wrangler\.toml$/);
		expect(configuration.definedEnvironments ?? []).toEqual([]);
	}
});

it("production says so, renews heads by a cron trigger, and each name leads to another store than on this machine", () => {
	expect(production.vars["ENVIRONMENT"]).toBe("production");
	expect(local.vars["ENVIRONMENT"]).toBe("local");
	expect(production.triggers.crons).toEqual(["*/5 * * * *"]);
	expect(local.name).not.toBe(production.name);
	expect(local.r2_buckets[0]?.bucket_name).not.toBe(production.r2_buckets[0]?.bucket_name);
	expect(local.kv_namespaces[0]?.id).not.toBe(production.kv_namespaces[0]?.id);
});
