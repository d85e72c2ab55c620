// `npm run set-up -- HOST`: makes what a deployment needs, puts its values into wrangler.toml and fresh secrets into a file. Whatever is there
// already stays. Ends with 0 when all is in place, 1 when it is not, 2 at a wrong command line.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DEPLOYED_SECRET_NAMES, generateSecrets } from "../../cli/worker/secrets.ts";
import { readSettings } from "../deploy/check.ts";
import { commandFor, environmentArg, runScript, WranglerError } from "../deploy/wrangler.ts";
import { setUp } from "./set-up.ts";
import { faultOfHost, fillIn, PLACES } from "./settings-file.ts";

const PROJECT = join(import.meta.dirname, "../..");
const CONFIG = join(PROJECT, "wrangler.toml");
const WRANGLER = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
const USAGE = `usage: npm run set-up -- HOST [--env NAME] [--secrets-file FILE]
  HOST                  of the service, in a zone of the account: updates.acme.net
  --env NAME            an environment of wrangler.toml (staging); production, if left out
  --secrets-file FILE   where fresh secrets go, unless it is there (default secrets.json)`;

process.exitCode = await run(process.argv.slice(2));

async function run(args: readonly string[]): Promise<number> {
	const given = readArguments(args);
	if (typeof given === "string") {
		console.error(`error: ${given}\n${USAGE}`);
		return 2;
	}
	if (given === null) {
		console.log(USAGE);
		return 0;
	}
	const { host, environment, secretsFile } = given;
	const settings = readSettings(environment);
	const places = PLACES[environment ?? "production"];
	if (settings === null || places === undefined) return 1;
	const buckets = settings.r2_buckets.map(({ bucket_name: name }) => String(name));
	const packages = settings.r2_buckets.find(({ binding }) => binding === "PACKAGES")?.bucket_name;
	const wanted = { namespace: `${settings.name}-records`, buckets, packages: String(packages) };
	const wrangler = runScript(WRANGLER);
	try {
		const inEnvironment = (call: readonly string[]) => wrangler([...call, environmentArg(environment)]);
		const namespace = await setUp(inEnvironment, wanted, (line) => console.log(line));
		const before = readFileSync(CONFIG, "utf8");
		const after = fillIn(before, places, { namespace, host });
		if (after !== before) writeFileSync(CONFIG, after);
		console.log(`${after === before ? "left" : "put its values into"} wrangler.toml`);
	} catch (error) {
		if (!(error instanceof WranglerError)) throw error;
		console.error(`error: ${error.message}\n  fix: npx wrangler login; what was made stays, so run this again`);
		return 1;
	}
	const isThere = existsSync(secretsFile);
	if (!isThere) {
		const secrets = Object.fromEntries(generateSecrets(DEPLOYED_SECRET_NAMES, "production"));
		writeFileSync(secretsFile, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: "wx" });
	}
	console.log(`${isThere ? "left" : "made"} ${secretsFile}`);
	console.log(`next: ${commandFor(environment, `npm run deploy -- --secrets-file ${secretsFile}`)}`);
	return 0;
}

/** @returns null = help is wanted; a text = what is wrong */
function readArguments(args: readonly string[]) {
	const options = {
		help: { type: "boolean", short: "h" },
		env: { type: "string" },
		"secrets-file": { type: "string", default: "secrets.json" },
	} as const;
	try {
		const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
		if (values.help) return null;
		const [host, ...more] = positionals;
		if (host === undefined || more.length > 0) return "one host is expected";
		return faultOfHost(host) ?? { host, environment: values.env ?? null, secretsFile: values["secrets-file"] };
	} catch (error) {
		return error instanceof Error ? error.message : "a wrong command line";
	}
}
