// What is said of a file of secrets before it is deployed.
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { DEPLOYED_SECRET_NAMES, generateSecrets, SECRET_NAMES } from "../../../cli/worker/secrets.ts";
import { examineSecrets } from "../../../scripts/deploy/secrets.ts";

const { vars } = readConfig({ config: join(import.meta.dirname, "../../../wrangler.toml") }, { hideWarnings: true });
const FRESH = Object.fromEntries(generateSecrets(SECRET_NAMES, "production"));
const LOCAL = Object.fromEntries(generateSecrets(SECRET_NAMES, "local"));
const examine = (secrets: unknown, changed = {}) => examineSecrets(JSON.stringify(secrets), { ...vars, ...changed });

it("nothing is said of what `secret generate --json` makes, nor of a bootstrap key that is off", () => {
	expect(examine(FRESH)).toEqual({ faults: [], missing: [] });
	expect(examine({ ...FRESH, BOOTSTRAP_KEY: "off" })).toEqual({ faults: [], missing: [] });
	const made = Object.fromEntries(generateSecrets(DEPLOYED_SECRET_NAMES, "production"));
	expect(examine(made, { DOWNLOAD_ORIGIN: "https://packages.acme.test" })).toEqual({ faults: [], missing: [] });
});

describe("a secret is named where it", () => {
	it.each<[string, object, RegExp]>([
		["is malformed", { MAC_KEYS: "x" }, /^MAC_KEYS/],
		["is too short", { LOOKUP_KEY: "abc" }, /^LOOKUP_KEY/],
		["can be guessed", { BOOTSTRAP_KEY: "admin" }, /^BOOTSTRAP_KEY/],
		["was made for local use", { MAC_KEYS: LOCAL["MAC_KEYS"] }, /^MAC_KEYS was made for local use/],
		["is empty", { BOOTSTRAP_KEY: "" }, /^BOOTSTRAP_KEY: a text is expected/],
		["is no text", { MAC_KEYS: 7 }, /^MAC_KEYS: a text is expected/],
	])("%s", (_, changed, fault) => {
		expect(examine({ ...FRESH, ...changed })).toEqual({ faults: [expect.stringMatching(fault)], missing: [] });
	});

	it("is left out, which a Worker that has it already does not mind", () => {
		const { LOOKUP_KEY, BOOTSTRAP_KEY, ...rest } = FRESH;
		expect(examine(rest)).toEqual({ faults: [], missing: ["LOOKUP_KEY", "BOOTSTRAP_KEY"] });
		const redis = { RECORD_STORE: "redis,kv", REDIS_URL: "https://redis.acme.test" };
		expect(examine(FRESH, redis)).toEqual({ faults: [], missing: ["REDIS_TOKEN"] });
		const cdn = { DOWNLOAD_ORIGIN: "https://packages.acme.test" };
		expect(examine(FRESH, cdn)).toEqual({ faults: [], missing: ["DOWNLOAD_KEY"] });
		// Another setting is wrong, or there is no origin yet.
		expect(examine({ ...FRESH, LOOKUP_KEY: "abc" }, cdn).missing).toEqual(["DOWNLOAD_KEY"]);
		expect(examineSecrets(JSON.stringify(FRESH), vars, ["MAC_KEYS", "DOWNLOAD_KEY"]).missing).toEqual(["DOWNLOAD_KEY"]);
		expect(examine({ ...FRESH, DOWNLOAD_KEY: "short" }, cdn).faults).toEqual([
			"DOWNLOAD_KEY: must be base64url of 32 bytes or more",
		]);
	});
});

it("everything is named at once, and no value is shown", () => {
	const { faults, missing } = examine({ MAC_KEYS: "k1:hunter2" });
	expect({ faults, missing }).toEqual({
		faults: [expect.stringContaining("MAC_KEYS")],
		missing: ["LOOKUP_KEY", "BOOTSTRAP_KEY"],
	});
	expect(faults.join()).not.toContain("hunter2");
});

it.each(["", "MAC_KEYS=k1:abc\n", "[]", "null", '"MAC_KEYS"'])(
	"what is no JSON object is refused as such: %j",
	(text) => {
		expect(examineSecrets(text, vars).faults).toEqual(["it is no JSON object of names and values"]);
	},
);
