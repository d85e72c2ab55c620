// What `npm run deploy` and the build of wrangler refuse: a deployment with something of another one.
import { expect, it } from "vitest";
import { findSharedNames, type OwnNames } from "../../../scripts/deploy/own-stores.ts";

const PRODUCTION: OwnNames = {
	name: "parapet",
	vars: { ISSUER: "https://updates.acme.test" },
	routes: [{ pattern: "updates.acme.test" }],
	kv_namespaces: [{ binding: "RECORDS", id: "0f2ac74b498b48028cb68387c421e279" }],
	r2_buckets: [
		{ binding: "PACKAGES", bucket_name: "parapet-packages" },
		{ binding: "PULSES", bucket_name: "parapet-pulses" },
	],
	ratelimits: [{ name: "RATE_TOKEN", namespace_id: "2002" }],
	analytics_engine_datasets: [{ binding: "ANALYTICS", dataset: "parapet_requests" }],
};
const STAGING: OwnNames = {
	name: "parapet-staging",
	vars: { ISSUER: "https://updates-staging.acme.test" },
	routes: ["updates-staging.acme.test"],
	kv_namespaces: [{ binding: "RECORDS", id: "5d3a0c1e9b7f48d2a6c4e8f0b1d3c5a7" }],
	r2_buckets: [
		{ binding: "PACKAGES", bucket_name: "parapet-staging-packages" },
		{ binding: "PULSES", bucket_name: "parapet-staging-pulses" },
	],
	ratelimits: [{ name: "RATE_TOKEN", namespace_id: "3002" }],
	analytics_engine_datasets: [{ binding: "ANALYTICS", dataset: "parapet_staging_requests" }],
};
const others = [{ name: "production", settings: PRODUCTION }];

it("staging with everything of its own is ready", () => {
	expect(findSharedNames(STAGING, others)).toEqual([]);
});

it.each<[string, Partial<OwnNames>, string, string]>([
	["the Worker", { name: "parapet" }, "name", "parapet"],
	["the issuer", { vars: PRODUCTION.vars }, "[vars] ISSUER", "https://updates.acme.test"],
	["the host", { routes: ["updates.acme.test"] }, "[[routes]] pattern", "updates.acme.test"],
	[
		"the namespace",
		{ kv_namespaces: PRODUCTION.kv_namespaces },
		"[[kv_namespaces]] id of RECORDS",
		"0f2ac74b498b48028cb68387c421e279",
	],
	[
		"a bucket, for something else",
		{ r2_buckets: [{ binding: "PULSES", bucket_name: "parapet-packages" }] },
		"[[r2_buckets]] bucket_name of PULSES",
		"parapet-packages",
	],
	[
		"a counter",
		{ ratelimits: [{ name: "RATE_TOKEN", namespace_id: "2002" }] },
		"[[ratelimits]] namespace_id of RATE_TOKEN",
		"2002",
	],
	[
		"the data points",
		{ analytics_engine_datasets: PRODUCTION.analytics_engine_datasets },
		"[[analytics_engine_datasets]] dataset of ANALYTICS",
		"parapet_requests",
	],
])("staging with %s of production is refused, and so is production then", (_, taken, value, name) => {
	const staging = { ...STAGING, ...taken };
	const problem = (of: string) => `"${name}" is that of ${of} too`;
	expect(findSharedNames(staging, others)).toEqual([
		{ value, problem: problem("production"), fix: expect.stringMatching(/its own/) },
	]);
	expect(findSharedNames(PRODUCTION, [{ name: "staging", settings: staging }])).toMatchObject([
		{ problem: problem("staging") },
	]);
});

it("a bucket and a dataset may be called alike", () => {
	const staging = { ...STAGING, analytics_engine_datasets: [{ binding: "ANALYTICS", dataset: "parapet-packages" }] };
	expect(findSharedNames(staging, others)).toEqual([]);
});
