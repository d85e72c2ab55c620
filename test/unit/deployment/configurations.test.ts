// wrangler.toml is deployed and dev/wrangler.toml is tested: what they do not share would be deployed untested.
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";

const ROOT = join(import.meta.dirname, "../../..");
const production = readConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true });
const staging = readConfig({ config: join(ROOT, "wrangler.toml"), env: "staging" }, { hideWarnings: true });
const local = readConfig({ config: join(ROOT, "dev/wrangler.toml") }, { hideWarnings: true });
type Configuration = typeof production;

interface Binding {
	readonly binding: string;
}
interface RateLimit {
	readonly name: string;
	readonly simple: unknown;
}
interface OwnNames {
	readonly name?: string | undefined;
	readonly routes?: readonly (string | { readonly pattern: string })[] | undefined;
	readonly kv_namespaces: readonly { readonly id?: string | undefined }[];
	readonly r2_buckets: readonly { readonly bucket_name?: string | undefined }[];
	readonly ratelimits: readonly { readonly namespace_id: string }[];
	readonly analytics_engine_datasets: readonly { readonly dataset?: string | undefined }[];
	readonly vars: Readonly<Record<string, unknown>>;
}

const SHARED: [string, (configuration: Configuration) => unknown][] = [
	["the entry", ({ main }) => main],
	["the compatibility date", ({ compatibility_date }) => compatibility_date],
	["the compatibility flags", ({ compatibility_flags }) => compatibility_flags],
	["whether functions keep their names", ({ keep_names }) => keep_names],
	[
		"modules that stand in for others",
		({ alias }) => Object.entries(alias ?? {}).map(([module, file]) => [module, String(file).replace(/^\.\.?\//, "")]),
	],
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

describe("staging", () => {
	/** What is another's in staging, as a deployment of one must never reach the other. */
	const own = ({ name, routes, kv_namespaces, r2_buckets, ratelimits, analytics_engine_datasets, vars }: OwnNames) =>
		[
			name,
			...(routes ?? []).map((route) => (typeof route === "string" ? route : route.pattern)),
			...kv_namespaces.map(({ id }) => id),
			...r2_buckets.map(({ bucket_name }) => bucket_name),
			...ratelimits.map(({ namespace_id }) => namespace_id),
			...analytics_engine_datasets.map(({ dataset }) => dataset),
			vars["ISSUER"],
		].map(String);

	/** Both without what is their own, and with each object in a fixed order. */
	const common = (configuration: Configuration) => {
		const { vars, build, targetEnvironment, name, topLevelName, ...rest } = configuration;
		const text = JSON.stringify(rest);
		const owned = own(configuration).reduce((left, word) => left.replaceAll(JSON.stringify(word), '"own"'), text);
		return { ...JSON.parse(owned), vars: Object.keys(vars) };
	};

	it("is the same Worker with every binding, variable and trigger of production", () => {
		expect(common(staging)).toEqual(common(production));
	});

	it("has nothing that production has: name, host, stores, counters, data points", () => {
		expect(own(staging)).toHaveLength(own(production).length);
		expect(own(staging).filter((word) => own(production).includes(word))).toEqual([]);
		expect(own(staging)).not.toContain("undefined");
	});

	it("differs in no variable but its address and how much it logs", () => {
		const differing = Object.keys(production.vars).filter((name) => staging.vars[name] !== production.vars[name]);
		expect(differing).toEqual(["ISSUER", "LOG_SAMPLE_RATE"]);
	});

	it("is looked at before it is built, and not production in its place", () => {
		expect(production.build.command).toBe("npm run --silent deploy:check");
		expect(staging.build.command).toBe("npm run --silent deploy:check -- --env staging");
	});

	it("is the only environment, and the service on this machine has none", () => {
		expect(production.definedEnvironments).toEqual(["staging"]);
		expect(local.definedEnvironments ?? []).toEqual([]);
	});
});

it("production says so, renews heads by a cron trigger, and each name leads to another store than on this machine", () => {
	expect(production.vars["ENVIRONMENT"]).toBe("production");
	expect(local.vars["ENVIRONMENT"]).toBe("local");
	expect(production.triggers.crons).toEqual(["*/5 * * * *"]);
	expect(local.name).not.toBe(production.name);
	expect(local.r2_buckets[0]?.bucket_name).not.toBe(production.r2_buckets[0]?.bucket_name);
	expect(local.kv_namespaces[0]?.id).not.toBe(production.kv_namespaces[0]?.id);
});
