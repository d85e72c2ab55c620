// `npm run deploy`: gives the code to the fleet in stages (stages.ts), or at once where it has to be. wrangler.toml and the file given by
// --secrets-file are looked at first. Ends with 0 when all is as it was asked for, 1 when it is not, 2 at a wrong command line.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { setTimeout as delay } from "node:timers/promises";
import { systemFault } from "../../cli/errors.ts";
import { whenInterrupted } from "../../cli/terminal/interruption.ts";
import { readOthers, readSettings, tellFaults } from "./check.ts";
import { deploy } from "./deploy.ts";
import { createAnalyticsReader, PLATFORM_API } from "./numbers.ts";
import { type DeployOptions, missingFor, readOptions, USAGE } from "./options.ts";
import { digestOf, tagOf } from "./plan.ts";
import { examineSecrets } from "./secrets.ts";
import { createSmoke } from "./smoke.ts";
import { DeployError } from "./stages.ts";
import { createWrangler, environmentArg, runScript, WranglerError } from "./wrangler.ts";

const PROJECT = join(import.meta.dirname, "../..");
const WRANGLER = join(PROJECT, "node_modules/wrangler/bin/wrangler.js");
const SECRETS_FIX =
	"fix: (umask 077; node bin/parapet.mjs secret generate --json > secrets.json) makes a file with every secret that is needed";

const options = readOptions(process.argv.slice(2));
if ("help" in options) console.log(USAGE);
else if ("problem" in options) {
	console.error(`error: ${options.problem}\n${USAGE}`);
	process.exitCode = 2;
} else process.exitCode = await run(options);

async function run(given: DeployOptions): Promise<number> {
	const { environment, secretsFile } = given;
	const config = readSettings(environment);
	if (config === null) return 1;
	if (!tellFaults(config, readOthers(environment))) return 1;
	if (secretsFile !== null && !tellSecrets(secretsFile, config.vars, config.secrets?.required)) return 1;
	if (given.isDryRun) {
		const args = ["deploy", "--dry-run", environmentArg(environment)];
		return spawnSync(process.execPath, [WRANGLER, ...args], { stdio: "inherit" }).status ?? 1;
	}
	const { PARAPET_KEY: key, CLOUDFLARE_ACCOUNT_ID: account, CLOUDFLARE_API_TOKEN: token } = process.env;
	const dataset = config.analytics_engine_datasets[0]?.dataset;
	const isRead = !given.unwatched && account !== undefined && token !== undefined && dataset !== undefined;
	const isTried = !given.withoutSmoke && key !== undefined;
	const interruption = whenInterrupted();
	const controller = new AbortController();
	void interruption.promise.then(() => controller.abort(new Error("interrupted")));
	const { signal } = controller;
	try {
		const digest = digestOf(config.exports);
		const { commit, isDirty } = readCommit();
		const parts = {
			wrangler: createWrangler(runScript(WRANGLER), environment),
			smoke: isTried ? createSmoke(PROJECT, String(config.name), String(config.vars["ISSUER"]), process.env) : null,
			numbers: isRead ? createAnalyticsReader({ origin: PLATFORM_API, account, token, dataset }) : null,
			...{ signal, nowMs: () => Date.now(), tell: (line: string) => console.log(line) },
			sleep: (ms: number) => delay(ms, undefined, { signal }).catch(() => {}),
			confirm: (question: string) => confirm(question, given.yes),
		};
		const outcome = await deploy(parts, {
			...given,
			digest,
			stages: { percents: given.percents, bakeSeconds: given.bakeSeconds },
			labels: { tag: tagOf(commit, isDirty, digest), message: `parapet ${commit ?? "of no commit"}` },
			missing: missingFor(given, { key, account, token }),
		});
		if (outcome?.kind === "deployed") {
			console.log(`${outcome.version} answers all requests`);
			if (outcome.note !== null) console.error(`error: ${outcome.note}`);
			return outcome.note === null ? 0 : 1;
		}
		if (outcome === null || given.rollback) return 0;
		console.error(`error: not deployed: ${outcome.reason}`);
		return 1;
	} catch (error) {
		if (!(error instanceof DeployError || error instanceof WranglerError)) throw error;
		console.error(`error: ${error.message}${error instanceof DeployError ? `\n  fix: ${error.fix}` : ""}`);
		return 1;
	} finally {
		interruption.forget();
	}
}

async function confirm(question: string, isAgreed: boolean): Promise<boolean> {
	if (isAgreed || !process.stdin.isTTY) return isAgreed;
	const terminal = createInterface({ input: process.stdin, output: process.stderr });
	const answer = await terminal.question(`${question} [y/N] `);
	terminal.close();
	return /^\s*y(es)?\s*$/i.test(answer);
}

/** @returns the commit of the code, null where it is in no repository, and whether files differ from it */
function readCommit(): { readonly commit: string | null; readonly isDirty: boolean } {
	const git = (...args: string[]) => spawnSync("git", args, { cwd: PROJECT, encoding: "utf8" });
	const head = git("rev-parse", "HEAD");
	if (head.status !== 0) return { commit: null, isDirty: false };
	return { commit: head.stdout.trim(), isDirty: git("status", "--porcelain", "--untracked-files=no").stdout !== "" };
}

/** @returns whether the deployment may go on */
function tellSecrets(path: string, vars: Readonly<Record<string, unknown>>, required?: readonly string[]): boolean {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		console.error(`error: cannot read ${path}: ${systemFault(error)}\n  ${SECRETS_FIX}`);
		return false;
	}
	const { faults, missing } = examineSecrets(text, vars, required);
	const lines = [
		...faults,
		...missing.map((name) => `${name} is not in it; only a Worker that has it already can be deployed so`),
	];
	if (lines.length > 0) console.error(`${faults.length > 0 ? "error" : "note"}: ${path}\n  ${lines.join("\n  ")}`);
	if (faults.length > 0) console.error(`  ${SECRETS_FIX}`);
	return faults.length === 0;
}
