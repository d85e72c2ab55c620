// What wrangler.toml has to say before it can be deployed: the values that only its owner knows, and variables within their bounds: one that
// is not would have every location answer "misconfigured" at once. Pure. It does not look at secrets (secrets.ts does).
import { faultsOfVariables } from "../../src/variables.ts";

/** The parts of wrangler's configuration that are looked at. */
export interface DeployedSettings {
	/** of the Worker: `parapet`, or with its environment `parapet-staging` */
	readonly name?: string | undefined;
	/** of wrangler.toml; null or left out = its top level, which is production */
	readonly targetEnvironment?: string | null | undefined;
	readonly vars: Readonly<Record<string, unknown>>;
	readonly kv_namespaces: readonly { readonly binding: string; readonly id?: string | undefined }[];
	readonly secrets?: { readonly required?: readonly string[] | undefined } | undefined;
	readonly routes?: readonly (string | { readonly pattern: string })[] | undefined;
}

export interface Fault {
	/** which value of wrangler.toml */
	readonly value: string;
	readonly problem: string;
	readonly fix: string;
}

const NAMESPACE_ID = /^[0-9a-f]{32}$/;
/** One digit 32 times: `0` of production, `1` of staging. */
const NO_NAMESPACE = /^([0-9a-f])\1{31}$/;
/** RFC 2606 §3: names for documents, which belong to nobody. */
const EXAMPLE_HOST = /(^|\.)example\.(com|net|org)$/;
/** What a zone on the Free or Pro plan takes: 100 MB. */
const USUAL_BODY_BYTES = 100 * 1024 * 1024;

/** @returns what keeps these settings from being deployed, one entry for each value; none = ready */
export function findFaults(settings: DeployedSettings): Fault[] {
	const issuer = String(settings.vars["ISSUER"] ?? "");
	const host = hostOf(issuer);
	return [
		...issuerFaults(issuer),
		...routeFaults(settings, host),
		...recordFaults(settings),
		...downloadFaults(settings),
		...boundFaults(settings),
	];
}

/** @returns what can be deployed, but works on some plans only; none = nothing to say */
export function findNotes({ vars }: DeployedSettings): string[] {
	const bytes = Number(vars["MAX_BODY_BYTES"]);
	if (!(bytes > USUAL_BODY_BYTES) || faultsOfVariables(vars).some(({ name }) => name === "MAX_BODY_BYTES")) return [];
	const plan = bytes > 2 * USUAL_BODY_BYTES ? "Enterprise" : "Business";
	return [
		`[vars] MAX_BODY_BYTES: requests of ${bytes} bytes need a zone on the ${plan} plan; Free and Pro zones refuse bodies above 100 MB with 413`,
	];
}

/** @returns the host of an https origin; null = the text is none */
function hostOf(issuer: string): string | null {
	const url = URL.parse(issuer);
	return url !== null && url.protocol === "https:" && url.origin === issuer ? url.host : null;
}

/** @returns why this is no https origin that can be somebody's own; null = it is one */
function faultOfOrigin(text: string): string | null {
	const host = hostOf(text);
	if (host !== null) return EXAMPLE_HOST.test(host) ? `"${text}" is still the example` : null;
	const inSmall = text.toLowerCase();
	if (hostOf(inSmall) !== null) return `"${text}" has capitals, and an origin has none: write "${inSmall}"`;
	return `"${text}" is no https origin (https://<host>, no path)`;
}

function issuerFaults(issuer: string): Fault[] {
	const value = "[vars] ISSUER";
	const example = issuer.endsWith(".example.com")
		? issuer.replace("example.com", "<your domain>")
		: "https://updates.<your domain>";
	const fix = `write the https origin under which firewalls reach the service, such as ${example}`;
	const problem = faultOfOrigin(issuer);
	return problem === null ? [] : [{ value, problem, fix }];
}

function routeFaults({ routes = [] }: DeployedSettings, host: string | null): Fault[] {
	const value = "[[routes]] pattern";
	const fix = `write the host of ISSUER, in a domain of your Cloudflare account`;
	const patterns = routes.map((route) => (typeof route === "string" ? route : route.pattern));
	const examples = patterns.filter((pattern) => EXAMPLE_HOST.test(pattern.split("/")[0] ?? ""));
	if (examples.length > 0) return [{ value, problem: `"${examples.join('", "')}" is still the example`, fix }];
	if (host === null || EXAMPLE_HOST.test(host) || patterns.some((pattern) => pattern.split("/")[0] === host)) return [];
	return [{ value, problem: `no route leads to ${host}, the host of ISSUER`, fix }];
}

function recordFaults(settings: DeployedSettings): Fault[] {
	const id = settings.kv_namespaces.find(({ binding }) => binding === "RECORDS")?.id ?? "";
	if (NAMESPACE_ID.test(id) && !NO_NAMESPACE.test(id)) return [];
	const problem = NO_NAMESPACE.test(id)
		? `"${id}" is still the placeholder`
		: `"${id}" is no id (32 hexadecimal digits)`;
	// Begins with the Worker's, so that nobody gives staging the namespace of production.
	const name = `${settings.name ?? "parapet"}-records`;
	const fix = `npx wrangler kv namespace create ${name} prints it; npx wrangler kv namespace list shows it again, as ${name}`;
	return [{ value: "[[kv_namespaces]] id of RECORDS", problem, fix }];
}

/** Without its key the Worker answers nothing; without TLS, whoever listens has the URLs. */
function downloadFaults({ vars, secrets, targetEnvironment }: DeployedSettings): Fault[] {
	// An empty --env is production, whatever CLOUDFLARE_ENV says.
	const put = `npx wrangler secret put DOWNLOAD_KEY --env=${targetEnvironment ?? ""}`;
	const origin = String(vars["DOWNLOAD_ORIGIN"] ?? "");
	if (vars["DOWNLOAD_KEY"] !== undefined && vars["DOWNLOAD_KEY"] !== "") {
		const problem = "stands in a file that is no secret";
		return [{ value: "[vars] DOWNLOAD_KEY", problem, fix: `take it out; ${put}` }];
	}
	if (origin === "") return [];
	const faults: Fault[] = [];
	const value = "[vars] DOWNLOAD_ORIGIN";
	const fix = "write the https origin of the domain that the bucket PACKAGES has in your zone, or leave it empty";
	const problem = faultOfOrigin(origin);
	if (problem !== null) faults.push({ value, problem, fix });
	if (origin === vars["ISSUER"])
		faults.push({ value, problem: "it is the host of ISSUER, whose requests are the API's", fix });
	if (vars["S3_BUCKET_URL"] !== undefined && vars["S3_BUCKET_URL"] !== "" && vars["S3_USE"] !== "uploads")
		faults.push({ value, problem: "S3_BUCKET_URL is given too", fix: "leave one of the two empty" });
	if (secrets?.required?.includes("DOWNLOAD_KEY") !== true)
		faults.push({
			value: "[secrets] required",
			problem: "DOWNLOAD_ORIGIN is given, and DOWNLOAD_KEY is not named here",
			fix: `${put}, then add "DOWNLOAD_KEY": wrangler deploys nothing without it from then on`,
		});
	return faults;
}

function boundFaults({ vars }: DeployedSettings): Fault[] {
	// What is no origin is told with more words above.
	const isTold = (name: string) =>
		name === "ISSUER" || (name === "DOWNLOAD_ORIGIN" && faultOfOrigin(String(vars[name])) !== null);
	const found = faultsOfVariables(vars).filter(({ name }) => !isTold(name));
	return found.map(({ name, problem }) => ({
		value: `[vars] ${name}`,
		problem,
		fix: "write a value that the Worker takes (src/config.ts), or leave it out",
	}));
}
