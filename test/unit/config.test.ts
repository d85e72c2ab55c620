// A service that is not configured right says so, all at once, and starts nothing.
import { describe, expect, test } from "vitest";
import { generateSecrets, SECRET_NAMES } from "../../cli/worker/secrets.ts";
import { ConfigError, parseConfig } from "../../src/config.ts";
import { TEST_SECRETS } from "../support/secrets.ts";

const VARIABLES = {
	ENVIRONMENT: "local",
	ISSUER: "http://127.0.0.1:8787",
	TOKEN_TTL_SECONDS: "3600",
	URL_TTL_SECONDS: "300",
	CHECK_INTERVAL_SECONDS: "300",
	HEADS_FRESH_SECONDS: "5",
	DEVICE_FRESH_SECONDS: "10",
	MAX_PACKAGE_BYTES: "1000",
	LOG_SAMPLE_RATE: "0.5",
	...TEST_SECRETS,
};
const PRODUCTION = {
	...VARIABLES,
	...Object.fromEntries(generateSecrets(SECRET_NAMES, "production")),
	ENVIRONMENT: "production",
	ISSUER: "https://updates.example.com",
};

function faultsOf(env: Record<string, unknown>): readonly string[] {
	try {
		parseConfig(env);
		return [];
	} catch (error) {
		if (error instanceof ConfigError) return error.faults;
		throw error;
	}
}

test("what npm start and parapet secret generate make is accepted where it belongs", () => {
	expect(faultsOf(VARIABLES)).toEqual([]);
	expect(faultsOf(PRODUCTION)).toEqual([]);
});

test("the bootstrap key can be switched off, by its name alone", () => {
	expect(parseConfig({ ...PRODUCTION, BOOTSTRAP_KEY: "off" }).bootstrapKey).toBeNull();
	expect(parseConfig(PRODUCTION).bootstrapKey).toBe(PRODUCTION.BOOTSTRAP_KEY);
	expect(faultsOf({ ...PRODUCTION, BOOTSTRAP_KEY: undefined })).toEqual(["BOOTSTRAP_KEY is missing"]);
	expect(faultsOf({ ...PRODUCTION, BOOTSTRAP_KEY: "OFF" })).toHaveLength(1);
});

test("lets a key upload one package of the largest size in a day at least", () => {
	expect(faultsOf({ ...VARIABLES, UPLOAD_BYTES_PER_DAY: "1000" })).toEqual([]);
	expect(faultsOf({ ...VARIABLES, UPLOAD_BYTES_PER_DAY: "999" })).toEqual([
		"UPLOAD_BYTES_PER_DAY: must be MAX_PACKAGE_BYTES at least, or no package of that size can be uploaded",
	]);
});

test("everything that is missing is named at once", () => {
	const faults = faultsOf({ ...VARIABLES, LOOKUP_KEY: undefined, MAC_KEYS: undefined, ISSUER: undefined });
	expect(faults.toSorted()).toEqual(["ISSUER is missing", "LOOKUP_KEY is missing", "MAC_KEYS is missing"]);
});

describe("is refused, by name and without its value", () => {
	test.each([
		["LOOKUP_KEY", "short"],
		["LOOKUP_KEY", `${"A".repeat(50)}!`],
		["BOOTSTRAP_KEY", "operator-short"],
		["MAC_KEYS", "k1:secret-of-few-bytes"],
		["MAC_KEYS", "no-colon-at-all"],
		["ISSUER", "updates.example.com"],
		["ISSUER", "https://updates.example.com/path"],
		["PULSE_ORIGIN", "https://pulse.example.com/p"],
		["OBJECT_PLACE", "mars"],
		["TOKEN_TTL_SECONDS", "-7"],
		["TOKEN_TTL_SECONDS", "an hour"],
		["LOG_SAMPLE_RATE", "2"],
		["ENVIRONMENT", "staging"],
	])("%s = %j", (name, value) => {
		const faults = faultsOf({ ...VARIABLES, [name]: value });
		expect(faults).toHaveLength(1);
		expect(faults[0]).toMatch(new RegExp(`^${name}`));
		expect(faults[0]).not.toContain(value);
	});
});

test("objects live where the deployment says, or near whoever asks first", () => {
	expect(parseConfig({ ...PRODUCTION, OBJECT_PLACE: "eu" }).objectPlace).toBe("eu");
	expect(parseConfig({ ...PRODUCTION, OBJECT_PLACE: "apac-ne" }).objectPlace).toBe("apac-ne");
	expect(parseConfig({ ...PRODUCTION, OBJECT_PLACE: "" }).objectPlace).toBeNull();
	expect(parseConfig({ ...VARIABLES, OBJECT_PLACE: "weur" }).objectPlace).toBe("weur");
	expect(faultsOf({ ...VARIABLES, OBJECT_PLACE: "eu" })).toEqual([
		"OBJECT_PLACE: workerd on one machine has no jurisdictions",
	]);
});

describe("production refuses", () => {
	test.each(["MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY"] as const)("the local %s", (name) => {
		expect(faultsOf({ ...PRODUCTION, [name]: TEST_SECRETS[name] })).toEqual([
			`${name} was made for local use; make another with \`parapet secret generate\``,
		]);
	});

	test("a local key anywhere in the ring, since each of them verifies", () => {
		const [fault] = faultsOf({ ...PRODUCTION, MAC_KEYS: `${PRODUCTION.MAC_KEYS},${TEST_SECRETS.MAC_KEYS}` });
		expect(fault).toMatch(/^MAC_KEYS was made for local use/);
	});

	test("an issuer or a bucket without TLS", () => {
		const bucket = { S3_BUCKET_URL: "http://s3.example.com/b", S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "secret" };
		expect(faultsOf({ ...PRODUCTION, ...bucket, ISSUER: "http://updates.example.com" })).toEqual([
			"ISSUER must begin with https://",
			"S3_BUCKET_URL must begin with https://",
		]);
	});
});

test("pulses have a host of their own, or none in production; on one machine the service serves them", () => {
	const PULSE_ORIGIN = "https://pulse.example.com";
	expect(parseConfig({ ...PRODUCTION, PULSE_ORIGIN }).pulseOrigin).toBe(PULSE_ORIGIN);
	expect(parseConfig({ ...PRODUCTION, PULSE_ORIGIN: "" }).pulseOrigin).toBeNull();
	expect(parseConfig(VARIABLES).pulseOrigin).toBe(VARIABLES.ISSUER);
	expect(faultsOf({ ...PRODUCTION, PULSE_ORIGIN: "http://pulse.example.com" })).toEqual([
		"PULSE_ORIGIN must begin with https://",
	]);
});

describe("records", () => {
	const redis = { REDIS_URL: "https://redis.example.com", REDIS_TOKEN: "secret" };

	test.each([
		[undefined, {}],
		["kv", {}],
		["redis", redis],
		["redis,kv", redis],
		["kv,redis", redis],
		["kv", redis],
	])("are kept in %s with %j", (RECORD_STORE, settings) => {
		expect(faultsOf({ ...PRODUCTION, RECORD_STORE, ...settings })).toEqual([]);
	});

	test.each(["REDIS_URL", "REDIS_TOKEN"])("are not kept in Redis without %s", (name) => {
		const faults = faultsOf({ ...VARIABLES, RECORD_STORE: "redis,kv", ...redis, [name]: undefined });
		expect(faults).toEqual([`${name} is missing, and RECORD_STORE names redis`]);
	});

	test.each([
		["RECORD_STORE", "memcached"],
		["REDIS_URL", "redis://redis.example.com"],
		["REDIS_TOKEN", "two words"],
		["LAST_GOOD_SECONDS", "604801"],
	])("are refused with %s = %j, by name and without its value", (name, value) => {
		const faults = faultsOf({ ...VARIABLES, RECORD_STORE: "redis", ...redis, [name]: value });
		expect(faults).toHaveLength(1);
		expect(faults[0]).toMatch(new RegExp(`^${name}`));
		expect(faults[0]).not.toContain(value);
	});

	test("travel without TLS in the local service only", () => {
		const plain = { RECORD_STORE: "redis", ...redis, REDIS_URL: "http://127.0.0.1:8079" };
		expect(faultsOf({ ...VARIABLES, ...plain })).toEqual([]);
		expect(faultsOf({ ...PRODUCTION, ...plain })).toEqual(["REDIS_URL must begin with https://"]);
	});

	test("are answered from the last good copy for a day, if nothing else is said", () => {
		expect(parseConfig(VARIABLES).lastGoodSeconds).toBe(86_400);
		expect(parseConfig({ ...VARIABLES, LAST_GOOD_SECONDS: "0" }).lastGoodSeconds).toBe(0);
	});
});

describe("downloads from S3", () => {
	const s3 = { S3_BUCKET_URL: "https://s3.example.com/b", S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "secret" };

	test("are off without any of their settings", () => {
		expect(parseConfig(VARIABLES).s3).toBeNull();
	});

	test("are on with all of them", () => {
		expect(parseConfig({ ...VARIABLES, ...s3 }).s3).toEqual({
			bucketUrl: "https://s3.example.com/b",
			region: "auto",
			accessKeyId: "id",
			secretAccessKey: "secret",
		});
	});

	test.each(Object.keys(s3))("are refused without %s beside the others", (name) => {
		const faults = faultsOf({ ...VARIABLES, ...s3, [name]: undefined });
		expect(faults).toEqual([`${name} is missing beside the other S3 settings`]);
	});

	test.each(["https://s3.example.com/b/", "https://s3.example.com/b?x=1"])("are refused for the bucket %s", (url) => {
		expect(faultsOf({ ...VARIABLES, ...s3, S3_BUCKET_URL: url })).toHaveLength(1);
	});

	test.each([
		["downloads", true, false],
		["uploads", false, true],
		["both", true, true],
	])("and uploads straight to it are by S3_USE: %s", (use, isForDownloads, isForUploads) => {
		const { s3: downloads, uploadS3 } = parseConfig({ ...VARIABLES, ...s3, S3_USE: use });
		expect([downloads !== null, uploadS3 !== null]).toEqual([isForDownloads, isForUploads]);
	});

	test("a use of a bucket that is not given is refused", () => {
		expect(faultsOf({ ...VARIABLES, S3_USE: "uploads" })).toHaveLength(3);
	});
});

describe("downloads from a CDN", () => {
	const key = "k".repeat(43);
	const cdn = { DOWNLOAD_ORIGIN: "https://packages.example.net", DOWNLOAD_KEY: key };

	test("are on with origin and key; a key that waits for its origin changes nothing", () => {
		expect(parseConfig({ ...PRODUCTION, ...cdn }).downloadCdn).toEqual({ origin: cdn.DOWNLOAD_ORIGIN, key });
		expect(parseConfig({ ...PRODUCTION, ...cdn, DOWNLOAD_ORIGIN: "" }).downloadCdn).toBeNull();
		expect(parseConfig(PRODUCTION).downloadCdn).toBeNull();
	});

	test.each<[string, Record<string, string | undefined>, RegExp]>([
		["without a key", { DOWNLOAD_KEY: "" }, /^DOWNLOAD_KEY is missing beside DOWNLOAD_ORIGIN$/],
		["with a short key", { DOWNLOAD_KEY: key.slice(1) }, /^DOWNLOAD_KEY: must be base64url of 32 bytes or more$/],
		["with a key that a rule would have to escape", { DOWNLOAD_KEY: `${key}"` }, /^DOWNLOAD_KEY: must be base64url$/],
		["without TLS", { DOWNLOAD_ORIGIN: "http://packages.example.net" }, /^DOWNLOAD_ORIGIN must begin with https/],
		["at a path", { DOWNLOAD_ORIGIN: "https://packages.example.net/" }, /^DOWNLOAD_ORIGIN: must be an origin/],
		["where no rule is asked", { DOWNLOAD_ORIGIN: "https://pub-1.r2.dev" }, /^DOWNLOAD_ORIGIN: must be a domain of/],
		["there by its full name", { DOWNLOAD_ORIGIN: "https://pub-1.r2.dev." }, /^DOWNLOAD_ORIGIN: must be an origin/],
		["at the API's host", { DOWNLOAD_ORIGIN: PRODUCTION.ISSUER }, /^DOWNLOAD_ORIGIN must be another host than ISSUER/],
		[
			"and from S3 at once",
			{ S3_BUCKET_URL: "https://s3.example.com/b", S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "secret" },
			/^DOWNLOAD_ORIGIN and S3_BUCKET_URL are both given/,
		],
	])("are refused %s", (_, changed, fault) => {
		expect(faultsOf({ ...PRODUCTION, ...cdn, ...changed })).toEqual([expect.stringMatching(fault)]);
	});
});

test("downloads from a CDN and uploads straight to the bucket go together", () => {
	const s3 = { S3_BUCKET_URL: "https://s3.example.com/b", S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "secret" };
	const cdn = { DOWNLOAD_ORIGIN: "https://packages.example.net", DOWNLOAD_KEY: "k".repeat(43) };
	expect(parseConfig({ ...PRODUCTION, ...cdn, ...s3, S3_USE: "uploads" })).toMatchObject({ s3: null });
	expect(faultsOf({ ...PRODUCTION, ...cdn, ...s3, S3_USE: "both" })).toHaveLength(1);
});

describe("AWS for the auto-scaling hook", () => {
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
	const credentials = { "acct-f5any44xnhvcz9cn": { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: secret } };

	test("is off without credentials, and on for the accounts that have some", () => {
		expect(parseConfig(VARIABLES)).toMatchObject({ awsCredentials: new Map(), awsEndpoint: null });
		const { awsCredentials } = parseConfig({ ...PRODUCTION, AWS_CREDENTIALS: JSON.stringify(credentials) });
		expect([...awsCredentials]).toEqual(Object.entries(credentials));
	});

	test("is refused with credentials that are none, without saying what they were", () => {
		const [fault, ...more] = faultsOf({
			...PRODUCTION,
			AWS_CREDENTIALS: JSON.stringify({ AKIAIOSFODNN7EXAMPLE: secret }),
		});
		expect([fault, more]).toEqual([expect.stringMatching(/^AWS_CREDENTIALS: name 1/), []]);
		expect(fault).not.toMatch(/AKIA|wJalr/);
	});

	test("has another endpoint in the local service only", () => {
		const AWS_ENDPOINT = "http://127.0.0.1:4566/";
		expect(parseConfig({ ...VARIABLES, AWS_ENDPOINT }).awsEndpoint).toBe(AWS_ENDPOINT);
		expect(faultsOf({ ...PRODUCTION, AWS_ENDPOINT })).toEqual([expect.stringMatching(/^AWS_ENDPOINT is for tests/)]);
	});
});

test("a variable that is empty is one that is not set", () => {
	expect(parseConfig({ ...VARIABLES, RECORD_STORE: "", REDIS_URL: "", S3_BUCKET_URL: "" })).toMatchObject({
		recordStores: ["kv"],
		s3: null,
	});
	expect(faultsOf({ ...VARIABLES, LOOKUP_KEY: "" })).toEqual(["LOOKUP_KEY is missing"]);
});

describe("Cloudflare Access", () => {
	const ACCESS_TEAM_DOMAIN = "example.cloudflareaccess.com";
	const ACCESS_AUDIENCE = "a1".repeat(32);

	test("is there where both of its settings are", () => {
		expect(parseConfig({ ...VARIABLES, ACCESS_TEAM_DOMAIN, ACCESS_AUDIENCE }).access).toEqual({
			teamDomain: ACCESS_TEAM_DOMAIN,
			audience: ACCESS_AUDIENCE,
		});
		expect(parseConfig({ ...VARIABLES, ACCESS_TEAM_DOMAIN: "", ACCESS_AUDIENCE: "" }).access).toBeNull();
	});

	test.each([
		[{ ACCESS_TEAM_DOMAIN }, "ACCESS_AUDIENCE is missing beside"],
		[{ ACCESS_AUDIENCE }, "ACCESS_TEAM_DOMAIN is missing beside"],
		[{ ACCESS_AUDIENCE, ACCESS_TEAM_DOMAIN: "evil.test" }, "ACCESS_TEAM_DOMAIN: must be <team>"],
		[{ ACCESS_AUDIENCE, ACCESS_TEAM_DOMAIN: "evil.test/x.cloudflareaccess.com" }, "ACCESS_TEAM_DOMAIN: must be <team>"],
		[{ ACCESS_AUDIENCE: "app", ACCESS_TEAM_DOMAIN }, "ACCESS_AUDIENCE: must be the AUD tag"],
	])("%j is refused", (settings, said) => {
		expect(faultsOf({ ...VARIABLES, ...settings })).toEqual([expect.stringContaining(said)]);
	});
});

describe("client certificates", () => {
	const MTLS_ORIGIN = "https://mtls.example.com";
	const CLIENT_CERT_SECRET = "s".repeat(43);

	test("are asked for at an origin, and by a proxy where it has a secret", () => {
		expect(parseConfig(VARIABLES).mutualTls).toBeNull();
		expect(parseConfig({ ...VARIABLES, CLIENT_CERT_SECRET }).mutualTls, "the secret is put first").toBeNull();
		expect(parseConfig({ ...VARIABLES, MTLS_ORIGIN }).mutualTls).toEqual({ origin: MTLS_ORIGIN, proxySecret: null });
		expect(parseConfig({ ...VARIABLES, MTLS_ORIGIN, CLIENT_CERT_SECRET }).mutualTls).toEqual({
			origin: MTLS_ORIGIN,
			proxySecret: CLIENT_CERT_SECRET,
		});
	});

	test.each([
		[{ MTLS_ORIGIN, CLIENT_CERT_SECRET: "short" }, "CLIENT_CERT_SECRET: must be base64url of 32 bytes"],
		[{ MTLS_ORIGIN: "https://mtls.example.com/x" }, "MTLS_ORIGIN: must be an origin"],
	])("%j is refused", (settings, said) => {
		expect(faultsOf({ ...VARIABLES, ...settings })).toEqual([expect.stringContaining(said)]);
	});

	test("are shown over TLS", () => {
		const MTLS_ORIGIN = "http://mtls.example.com";
		expect(faultsOf({ ...PRODUCTION, MTLS_ORIGIN })).toEqual(["MTLS_ORIGIN must begin with https://"]);
	});
});
