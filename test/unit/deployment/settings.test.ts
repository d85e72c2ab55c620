// What `npm run deploy` says of the settings in wrangler.toml: what is missing or wrong, and what its owner should know.
import { describe, expect, it } from "vitest";
import { type DeployedSettings, findFaults, findNotes } from "../../../scripts/deploy/settings.ts";

const READY = {
	vars: { ISSUER: "https://updates.acme.test", MAX_PACKAGE_BYTES: "104857600" },
	kv_namespaces: [{ binding: "RECORDS", id: "0f2ac74b498b48028cb68387c421e279" }],
	routes: [{ pattern: "updates.acme.test" }],
} satisfies DeployedSettings;

const namespace = (id: string) => ({ kv_namespaces: [{ binding: "RECORDS", id }] });
const vars = (changed: Record<string, string>) => ({ vars: { ...READY.vars, ...changed } });

it("settings with the three values of their owner are ready", () => {
	expect(findFaults(READY)).toEqual([]);
	expect(findFaults({ ...READY, routes: ["updates.acme.test/*"] })).toEqual([]);
});

it("a variable that is empty is one that is left out", () => {
	expect(findFaults({ ...READY, ...vars({ PULSE_ORIGIN: "", CHECK_INTERVAL_SECONDS: "300" }) })).toEqual([]);
});

describe("downloads from a CDN", () => {
	const required = (...names: string[]) => ({ secrets: { required: ["MAC_KEYS", ...names] } });
	const cdn = (changed: Record<string, string> = {}) =>
		vars({ DOWNLOAD_ORIGIN: "https://packages.acme.test", ...changed });

	it("are ready with an https origin of their own and a secret that wrangler insists on", () => {
		expect(findFaults({ ...READY, ...cdn(), ...required("DOWNLOAD_KEY") })).toEqual([]);
	});

	it.each<[string, Partial<DeployedSettings>, string, RegExp]>([
		["nothing insists on the secret", { ...cdn(), ...required() }, "[secrets] required", /DOWNLOAD_KEY is not named/],
		["the secret is none", cdn({ DOWNLOAD_KEY: "k".repeat(43) }), "[vars] DOWNLOAD_KEY", /is no secret/],
		["there is no TLS", cdn({ DOWNLOAD_ORIGIN: "http://packages.acme.test" }), "[vars] DOWNLOAD_ORIGIN", /no https/],
		[
			"the host has capitals",
			cdn({ DOWNLOAD_ORIGIN: "https://PACKAGES.acme.test" }),
			"[vars] DOWNLOAD_ORIGIN",
			/capitals/,
		],
		[
			"it is the example",
			cdn({ DOWNLOAD_ORIGIN: "https://packages.example.net" }),
			"[vars] DOWNLOAD_ORIGIN",
			/still the example/,
		],
		["rules are not asked", cdn({ DOWNLOAD_ORIGIN: "https://pub-1.r2.dev" }), "[vars] DOWNLOAD_ORIGIN", /has no rules/],
		["the API is there", cdn({ DOWNLOAD_ORIGIN: READY.vars.ISSUER }), "[vars] DOWNLOAD_ORIGIN", /host of ISSUER/],
		["S3 is given too", cdn({ S3_BUCKET_URL: "https://s3.acme.test/b" }), "[vars] DOWNLOAD_ORIGIN", /S3_BUCKET_URL/],
	])("are refused where %s", (_, changed, value, problem) => {
		const faults = findFaults({ ...READY, ...required("DOWNLOAD_KEY"), ...changed });
		expect(faults).toEqual([{ value, problem: expect.stringMatching(problem), fix: expect.any(String) }]);
	});
});

describe("settings are refused, naming the value and how to get it, where", () => {
	it.each<[string, Partial<DeployedSettings>, string, RegExp]>([
		["the namespace is the placeholder", namespace("0".repeat(32)), "[[kv_namespaces]] id of RECORDS", /placeholder/],
		["the namespace is a note to oneself", namespace("<id>"), "[[kv_namespaces]] id of RECORDS", /"<id>" is no id/],
		["there is no namespace", { kv_namespaces: [] }, "[[kv_namespaces]] id of RECORDS", /is no id/],
		["the route is the example", { routes: [{ pattern: "updates.example.com" }] }, "[[routes]] pattern", /example/],
		[
			"the route leads elsewhere",
			{ routes: [{ pattern: "cdn.acme.test" }] },
			"[[routes]] pattern",
			/updates\.acme\.test/,
		],
		["there is no route", { routes: undefined }, "[[routes]] pattern", /no route/],
		["ISSUER is the example", vars({ ISSUER: "https://updates.example.com" }), "[vars] ISSUER", /still the example/],
		["ISSUER is plain http", vars({ ISSUER: "http://updates.acme.test" }), "[vars] ISSUER", /no https origin/],
		["ISSUER ends in a slash", vars({ ISSUER: "https://updates.acme.test/" }), "[vars] ISSUER", /no https origin/],
		[
			"ISSUER has capitals",
			vars({ ISSUER: "https://UPDATES.acme.test" }),
			"[vars] ISSUER",
			/capitals.*"https:..updates/,
		],
		["ISSUER is a host", vars({ ISSUER: "updates.acme.test" }), "[vars] ISSUER", /no https origin/],
		[
			"devices would never check",
			vars({ CHECK_INTERVAL_SECONDS: "86401" }),
			"[vars] CHECK_INTERVAL_SECONDS",
			/<=86400/,
		],
		["a number is none", vars({ LOG_SAMPLE_RATE: "all" }), "[vars] LOG_SAMPLE_RATE", /expected number/],
		["no such store is known", vars({ RECORD_STORE: "memory" }), "[vars] RECORD_STORE", /\S/],
		["the platform has no such place", vars({ OBJECT_PLACE: "europe" }), "[vars] OBJECT_PLACE", /"weur".*"eu"/],
		["no plan takes such bodies", vars({ MAX_BODY_BYTES: "524288001" }), "[vars] MAX_BODY_BYTES", /100 MB/],
	])("%s", (_, changed, value, problem) => {
		const faults = findFaults({ ...READY, ...changed });
		expect(faults).toEqual([{ value, problem: expect.stringMatching(problem), fix: expect.stringMatching(/\S/) }]);
	});
});

it("every fault is named at once", () => {
	const untouched = { ...vars({ ISSUER: "https://updates.example.com" }), ...namespace("0".repeat(32)) };
	const values = findFaults({ ...untouched, routes: [{ pattern: "updates.example.com" }] }).map(({ value }) => value);
	expect(values).toEqual(["[vars] ISSUER", "[[routes]] pattern", "[[kv_namespaces]] id of RECORDS"]);
});

it.each([
	["104857600", []],
	["104857601", [expect.stringMatching(/Business plan/)]],
	["209715200", [expect.stringMatching(/Business plan/)]],
	["209715201", [expect.stringMatching(/Enterprise plan/)]],
	["524288000", [expect.stringMatching(/Enterprise plan/)]],
	["524288001", []],
] as const)("of bodies of %s bytes it is said which plan takes them, where not every one does", (bytes, notes) => {
	expect(findNotes({ ...READY, ...vars({ MAX_BODY_BYTES: bytes }) })).toEqual(notes);
});

it("what is left as shipped is named with what to do, in staging with names of its own", () => {
	const fixesOf = (name: string, issuer: string) =>
		findFaults({ ...READY, name, ...vars({ ISSUER: issuer }), ...namespace("1".repeat(32)) })
			.map(({ fix }) => fix)
			.join();
	expect(fixesOf("parapet", "https://updates.example.com")).toMatch(/updates\.<.*create parapet-records prints/);
	expect(fixesOf("parapet-staging", "https://updates-staging.example.com")).toMatch(
		/updates-staging\.<.*create parapet-staging-records prints/,
	);
});
