// The variables and secrets that a deployment is given, each by itself: its form and its bounds. What they are together, and which do not
// go together, is for config.ts.
import { z } from "zod";
import { parseAwsCredentials } from "./aws/credentials.ts";
import { BOOTSTRAP_KEY_OFF } from "./entitlement/keys/bootstrap-key.ts";
import { PLACES } from "./entitlement/place.ts";
import { accessAudience, accessTeamDomain } from "./signing/access-assertion.ts";
import { parseMacKeys } from "./signing/keys/mac-keyring.ts";
import { parseCiIssuers } from "./signing/oidc/ci-issuers.ts";
import { parseRecordStoreNames } from "./storage/record-store-names.ts";

const count = z.coerce.number().int();

/** 32 bytes are 43 base64url characters. */
const MIN_SECRET_LENGTH = 43;
const MIN_BOOTSTRAP_KEY_LENGTH = 32;
/** What R2 takes in one piece, 5 GiB less a little. */
const MAX_OBJECT_BYTES = 5_000_000_000;
/** Of a request, on the largest plan. */
const MAX_PLAN_BYTES = 500 * 1024 ** 2;
const httpOrigin = z
	.string()
	.refine(isHttpOrigin, "must be an origin: http(s), host without a dot at its end, and port, no path");

export const variables = z.object({
	ENVIRONMENT: z.enum(["local", "production"]),
	ISSUER: httpOrigin,
	PULSE_ORIGIN: httpOrigin.optional(),
	OBJECT_PLACE: z.enum(PLACES).optional(),
	TOKEN_TTL_SECONDS: count.min(60).max(86_400),
	URL_TTL_SECONDS: count.min(30).max(3600),
	CHECK_INTERVAL_SECONDS: count.min(5).max(86_400),
	SUCCESS_REPORTS: z.enum(["each", "checks"]).default("each"),
	HEADS_FRESH_SECONDS: count.min(0).max(60),
	DEVICE_FRESH_SECONDS: count.min(0).max(60),
	LAST_GOOD_SECONDS: count.min(0).max(604_800).default(86_400),
	MAX_PACKAGE_BYTES: count.min(1).max(MAX_OBJECT_BYTES),
	// The command line sends parts of 32 MiB.
	MAX_BODY_BYTES: count
		.min(32 * 1024 ** 2)
		.max(MAX_PLAN_BYTES, "the platform takes bodies of 100 MB (Free, Pro), 200 MB (Business) or 500 MB (Enterprise)")
		.default(100 * 1024 ** 2),
	UPLOAD_BYTES_PER_DAY: count.min(1).default(50 * 1024 ** 3),
	LOG_SAMPLE_RATE: z.coerce.number().min(0).max(1),
	HISTORY_SINK: z.enum(["off", "r2", "pipelines"]).default("off"),
	HISTORY_DAYS: count.min(1).max(3_650).default(90),
	HISTORY_GATHER_SECONDS: count.min(0).max(20).optional(),
	MAC_KEYS: z.string().superRefine(refuseWith(parseMacKeys)),
	LOOKUP_KEY: z
		.string()
		.regex(/^[A-Za-z0-9_-]+$/, "must be base64url")
		.min(MIN_SECRET_LENGTH, `must be base64url of 32 bytes or more`),
	// A secret that is put by hand, and that no device is served by: malformed it fails the probe, and not the service.
	PROBE_DEVICE: z.string().optional(),
	BOOTSTRAP_KEY: z
		.string()
		.refine(
			(value) => value === BOOTSTRAP_KEY_OFF || value.length >= MIN_BOOTSTRAP_KEY_LENGTH,
			`must have at least ${MIN_BOOTSTRAP_KEY_LENGTH} characters, or be ${BOOTSTRAP_KEY_OFF}`,
		),
	RECORD_STORE: z.string().superRefine(refuseWith(parseRecordStoreNames)).default("kv"),
	REDIS_URL: z.url({ protocol: /^https?$/ }).optional(),
	REDIS_TOKEN: z
		.string()
		.regex(/^[\x21-\x7e]+$/, "must be printable characters without spaces")
		.optional(),
	S3_BUCKET_URL: z
		.url({ protocol: /^https?$/ })
		.refine(
			(value) => !/[/?#]$/.test(value) && URL.parse(value)?.search === "",
			"must be a bucket's URL without a slash at the end",
		)
		.optional(),
	S3_REGION: z.string().min(1).default("auto"),
	S3_ACCESS_KEY_ID: z.string().min(1).optional(),
	S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
	S3_USE: z.enum(["downloads", "uploads", "both"]).default("downloads"),
	DOWNLOAD_ORIGIN: httpOrigin.refine(hasRules, "must be a domain of your zone: r2.dev has no rules").optional(),
	DOWNLOAD_KEY: z
		.string()
		.regex(/^[A-Za-z0-9_-]+$/, "must be base64url")
		.min(MIN_SECRET_LENGTH, `must be base64url of 32 bytes or more`)
		.optional(),
	MTLS_ORIGIN: httpOrigin.optional(),
	CLIENT_CERT_SECRET: z
		.string()
		.regex(/^[A-Za-z0-9_-]+$/, "must be base64url")
		.min(MIN_SECRET_LENGTH, `must be base64url of 32 bytes or more`)
		.optional(),
	AWS_CREDENTIALS: z.string().superRefine(refuseWith(parseAwsCredentials)).default("{}"),
	ACCESS_TEAM_DOMAIN: accessTeamDomain.optional(),
	ACCESS_AUDIENCE: accessAudience.optional(),
	CI_ISSUERS: z.string().superRefine(refuseWith(parseCiIssuers)).default(""),
	AWS_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
});

export type Variables = z.infer<typeof variables>;

/** @returns of those that are given, each that the Worker would refuse, with why; those that are missing or empty are none */
export function faultsOfVariables(given: Readonly<Record<string, unknown>>): { name: string; problem: string }[] {
	const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
	const issues = variables.partial().safeParse(present).error?.issues ?? [];
	return issues.map(({ path, message }) => ({ name: String(path[0]), problem: message }));
}

/** A name with the dot of the root behind it is the same host under another name: nothing that is compared with it would see that. */
function isHttpOrigin(text: string): boolean {
	const url = URL.parse(text);
	return /^https?:/.test(text) && url !== null && url.origin === text && !url.hostname.endsWith(".");
}

/** The address that a bucket has by itself passes no WAF: whatever is behind it would be open to everybody. */
function hasRules(origin: string): boolean {
	return !/\.r2\.dev(:|$)/.test(origin);
}

/** A check by the parser that will read the value later; its error names the setting and the fault, never a secret. */
function refuseWith(parse: (text: string) => unknown) {
	return (text: string, context: z.RefinementCtx) => {
		try {
			parse(text);
		} catch (error) {
			context.addIssue({ code: "custom", message: error instanceof Error ? error.message : "not acceptable" });
		}
	};
}
