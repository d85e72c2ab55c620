// Variables and secrets, parsed once: the only file that reads them. A Worker that lacks one, or has one too short or
// made for local use only, answers nothing but "misconfigured", and its log names everything that is wrong at once.
import { type AwsCredentials, parseAwsCredentials } from "./aws/credentials.ts";
import { BOOTSTRAP_KEY_OFF } from "./entitlement/keys/bootstrap-key.ts";
import { isJurisdiction, type Place } from "./entitlement/place.ts";
import { type ProbeDevice, parseProbeDevice } from "./probe/probe-device.ts";
import { type AccessSettings, accessSettings } from "./signing/access-assertion.ts";
import { type CiIssuer, parseCiIssuers } from "./signing/oidc/ci-issuers.ts";
import { parseRecordStoreNames, type RecordStoreName } from "./storage/record-store-names.ts";
import { type Variables, variables } from "./variables.ts";

/** How `npm start` marks the secrets it makes, so that they can never guard a production service. */
const LOCAL_MARK = {
	// any key of the ring, not just the first: each of them verifies
	MAC_KEYS: /(^|,)\s*local/,
	LOOKUP_KEY: /^local/,
	BOOTSTRAP_KEY: /^local/,
} as const;

/** Each write to R2 costs as much as a dozen reads; work behind an answer has 30 s, and the write wants some of them. */
const HISTORY_GATHER_SECONDS = 10;
const LOCAL_HISTORY_GATHER_SECONDS = 1;

/** Where URLs lead that go straight to S3-compatible storage. */
export interface S3Location {
	/** URL of the bucket, path style, no slash at the end */
	readonly bucketUrl: string;
	readonly region: string;
	readonly accessKeyId: string;
	readonly secretAccessKey: string;
}

/** Where download URLs lead when it is to a CDN in front of the packages' bucket. */
export interface DownloadCdn {
	/** scheme and host, no slash at the end */
	readonly origin: string;
	/** what the CDN's rule verifies URLs by */
	readonly key: string;
}

/** Where devices show client certificates (RFC 8705). */
export interface MutualTls {
	/** of the host that asks for them; may be the issuer's */
	readonly origin: string;
	/** by which a proxy that has verified them is known; null = only the platform's word counts */
	readonly proxySecret: string | null;
}

export interface Config {
	/** ENVIRONMENT local: a service for one machine, which may call receivers of webhooks on that machine */
	readonly isLocal: boolean;
	/** origin of every URL that the service gives out, and its OAuth issuer */
	readonly issuer: string;
	/** origin of the pulses; null = devices are told of none */
	readonly pulseOrigin: string | null;
	/** where objects live that have no place of their own; null = near whoever asks first */
	readonly objectPlace: Place | null;
	readonly tokenTtlSeconds: number;
	readonly urlTtlSeconds: number;
	readonly checkIntervalSeconds: number;
	/** each: devices report every installation. checks: of releases that everybody may have, their next check tells it */
	readonly successReports: "each" | "checks";
	readonly headsFreshSeconds: number;
	readonly deviceFreshSeconds: number;
	/** for how long a known device is answered from the last good copy while its record cannot be read */
	readonly lastGoodSeconds: number;
	/** in the order in which they are read; all of them are written */
	readonly recordStores: readonly RecordStoreName[];
	readonly maxPackageBytes: number;
	/** of one request that uploads */
	readonly maxBodyBytes: number;
	/** that one API key may upload in a day (UTC) */
	readonly uploadBytesPerDay: number;
	/** part of successful requests that are logged, 0 to 1; problems always are */
	readonly logSampleRate: number;
	/** where events of the history go */
	readonly historySink: "off" | "r2" | "pipelines";
	/** for which hour files of the history are kept */
	readonly historyDays: number;
	/** for which an isolate gathers events before it writes them */
	readonly historyGatherSeconds: number;
	readonly macKeys: string;
	readonly lookupKey: string;
	/** null = switched off */
	readonly bootstrapKey: string | null;
	/** downloads come from one of the two; both null = from this service's own route */
	readonly s3: S3Location | null;
	/** where parts of packages may go straight to; null = through this service only */
	readonly uploadS3: S3Location | null;
	readonly downloadCdn: DownloadCdn | null;
	/** null = no device is known by a certificate */
	readonly mutualTls: MutualTls | null;
	/** Cloudflare Access before the console; null = there is none */
	readonly access: AccessSettings | null;
	/** whose ID tokens are taken in exchange for a token to publish: GitHub's, GitLab's, and what is named beside them */
	readonly ciIssuers: readonly CiIssuer[];
	/** as which firewall the service asks itself; null = it does not; malformed = its probe fails, and nothing else */
	readonly probeDevice: ProbeDevice | "malformed" | null;
	/** by account id: with which key the auto-scaling hook acts in that account's AWS */
	readonly awsCredentials: ReadonlyMap<string, AwsCredentials>;
	/** URL that takes the place of AWS in tests; null = AWS */
	readonly awsEndpoint: string | null;
}

/** Names what is wrong, never a value. */
export class ConfigError extends Error {
	override readonly name = "ConfigError";
	readonly faults: readonly string[];

	constructor(faults: readonly string[]) {
		super(`not configured: ${faults.join("; ")}`);
		this.faults = faults;
	}
}

/**
 * @param given the Worker's variables and secrets
 * @throws ConfigError with one line for each fault
 */
export function parseConfig(given: Readonly<Record<string, unknown>>): Config {
	// A variable that is empty is one that is not set: a deployment can name it and leave it open.
	const env = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
	const parsed = variables.safeParse(env);
	if (!parsed.success) {
		throw new ConfigError(
			parsed.error.issues.map((issue) => {
				const name = String(issue.path[0]);
				if (env[name] === undefined) return `${name} is missing`;
				return issue.code === "custom" && issue.message.startsWith(name) ? issue.message : `${name}: ${issue.message}`;
			}),
		);
	}
	const value = parsed.data;
	const faults = [
		...(value.ENVIRONMENT === "production" ? unfitForProduction(value) : []),
		...(value.ENVIRONMENT === "local" ? unfitForOneMachine(value) : []),
		...incompleteS3(value),
		...unfitCdn(value),
		...incompleteRedis(value),
		...quotaBelowPackage(value),
		...incompleteAccess(value),
	];
	if (faults.length > 0) throw new ConfigError(faults);
	return {
		isLocal: value.ENVIRONMENT === "local",
		issuer: value.ISSUER,
		// Where the service itself serves them, reading them costs what a check costs: worth it on one machine only.
		pulseOrigin: value.PULSE_ORIGIN ?? (value.ENVIRONMENT === "local" ? value.ISSUER : null),
		objectPlace: value.OBJECT_PLACE ?? null,
		tokenTtlSeconds: value.TOKEN_TTL_SECONDS,
		urlTtlSeconds: value.URL_TTL_SECONDS,
		checkIntervalSeconds: value.CHECK_INTERVAL_SECONDS,
		successReports: value.SUCCESS_REPORTS,
		headsFreshSeconds: value.HEADS_FRESH_SECONDS,
		deviceFreshSeconds: value.DEVICE_FRESH_SECONDS,
		lastGoodSeconds: value.LAST_GOOD_SECONDS,
		recordStores: parseRecordStoreNames(value.RECORD_STORE),
		maxPackageBytes: value.MAX_PACKAGE_BYTES,
		maxBodyBytes: value.MAX_BODY_BYTES,
		uploadBytesPerDay: value.UPLOAD_BYTES_PER_DAY,
		logSampleRate: value.LOG_SAMPLE_RATE,
		historySink: value.HISTORY_SINK,
		historyDays: value.HISTORY_DAYS,
		historyGatherSeconds:
			value.HISTORY_GATHER_SECONDS ??
			(value.ENVIRONMENT === "local" ? LOCAL_HISTORY_GATHER_SECONDS : HISTORY_GATHER_SECONDS),
		macKeys: value.MAC_KEYS,
		lookupKey: value.LOOKUP_KEY,
		bootstrapKey: value.BOOTSTRAP_KEY === BOOTSTRAP_KEY_OFF ? null : value.BOOTSTRAP_KEY,
		s3: value.S3_USE === "uploads" ? null : s3Location(value),
		uploadS3: value.S3_USE === "downloads" ? null : s3Location(value),
		downloadCdn: downloadCdn(value),
		mutualTls: mutualTls(value),
		probeDevice: value.PROBE_DEVICE === undefined ? null : parseProbeDevice(value.PROBE_DEVICE),
		awsCredentials: parseAwsCredentials(value.AWS_CREDENTIALS),
		ciIssuers: parseCiIssuers(value.CI_ISSUERS),
		access: accessSettings(value.ACCESS_TEAM_DOMAIN, value.ACCESS_AUDIENCE),
		awsEndpoint: value.AWS_ENDPOINT ?? null,
	};
}

/** The region and the use have a value by themselves. */
const S3_NAMES = ["S3_BUCKET_URL", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] as const;

/** Two of the three would look like S3 downloads and be none. */
function incompleteS3(value: Variables): string[] {
	if (S3_NAMES.every((name) => value[name] === undefined) && value.S3_USE === "downloads") return [];
	return S3_NAMES.filter((name) => value[name] === undefined).map(
		(name) => `${name} is missing beside the other S3 settings`,
	);
}

function incompleteAccess({ ACCESS_TEAM_DOMAIN: team, ACCESS_AUDIENCE: audience }: Variables): string[] {
	if ((team === undefined) === (audience === undefined)) return [];
	return [`ACCESS_${team === undefined ? "TEAM_DOMAIN" : "AUDIENCE"} is missing beside the other setting of Access`];
}

/** The key alone is none: it is set before the origin is, and taken away after it. */
function unfitCdn({
	DOWNLOAD_ORIGIN: origin,
	DOWNLOAD_KEY: key,
	S3_BUCKET_URL: s3,
	S3_USE,
	ISSUER,
}: Variables): string[] {
	if (origin === undefined) return [];
	const faults = key === undefined ? ["DOWNLOAD_KEY is missing beside DOWNLOAD_ORIGIN"] : [];
	if (s3 !== undefined && S3_USE !== "uploads")
		faults.push("DOWNLOAD_ORIGIN and S3_BUCKET_URL are both given: URLs can lead to one of them");
	if (origin === ISSUER) faults.push("DOWNLOAD_ORIGIN must be another host than ISSUER: its rule would refuse the API");
	return faults;
}

/** The secret alone is none: it is set before the origin is, and taken away after it. */
function mutualTls({ MTLS_ORIGIN: origin, CLIENT_CERT_SECRET: secret }: Variables): MutualTls | null {
	return origin === undefined ? null : { origin, proxySecret: secret ?? null };
}

function downloadCdn({ DOWNLOAD_ORIGIN: origin, DOWNLOAD_KEY: key }: Variables): DownloadCdn | null {
	return origin === undefined || key === undefined ? null : { origin, key };
}

/** The objects read the same three settings (objects/bindings.ts); a setting that is refused here never reaches a record. */
function incompleteRedis(value: Variables): string[] {
	if (!parseRecordStoreNames(value.RECORD_STORE).includes("redis")) return [];
	return (["REDIS_URL", "REDIS_TOKEN"] as const)
		.filter((name) => value[name] === undefined)
		.map((name) => `${name} is missing, and RECORD_STORE names redis`);
}

function s3Location(value: Variables): S3Location | null {
	const { S3_BUCKET_URL: bucketUrl, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = value;
	if (bucketUrl === undefined || accessKeyId === undefined || secretAccessKey === undefined) return null;
	return { bucketUrl, region: value.S3_REGION, accessKeyId, secretAccessKey };
}

function quotaBelowPackage(value: Variables): string[] {
	if (value.UPLOAD_BYTES_PER_DAY >= value.MAX_PACKAGE_BYTES) return [];
	return ["UPLOAD_BYTES_PER_DAY: must be MAX_PACKAGE_BYTES at least, or no package of that size can be uploaded"];
}

function unfitForProduction(value: Variables): string[] {
	const faults: string[] = [];
	for (const name of [
		"ISSUER",
		"PULSE_ORIGIN",
		"REDIS_URL",
		"S3_BUCKET_URL",
		"DOWNLOAD_ORIGIN",
		"MTLS_ORIGIN",
	] as const) {
		if (value[name]?.startsWith("http://")) faults.push(`${name} must begin with https://`);
	}
	if (parseCiIssuers(value.CI_ISSUERS).some(({ issuer }) => issuer.startsWith("http://")))
		faults.push("CI_ISSUERS: an issuer must begin with https://");
	if (value.AWS_ENDPOINT !== undefined) faults.push("AWS_ENDPOINT is for tests: what is meant for AWS would go there");
	for (const name of ["MAC_KEYS", "LOOKUP_KEY", "BOOTSTRAP_KEY"] as const) {
		if (LOCAL_MARK[name].test(value[name]))
			faults.push(`${name} was made for local use; make another with \`parapet secret generate\``);
	}
	return faults;
}

function unfitForOneMachine({ OBJECT_PLACE: place }: Variables): string[] {
	return place !== undefined && isJurisdiction(place)
		? ["OBJECT_PLACE: workerd on one machine has no jurisdictions"]
		: [];
}
