// `npm run deploy`: `wrangler deploy`, after wrangler.toml and the file given by --secrets-file have been looked at. Ends as wrangler
// does; with 1, and nothing sent, where one of the two cannot be right.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { systemFault } from "../../cli/errors.ts";
import { readSettings, tellFaults } from "./check.ts";
import { examineSecrets } from "./secrets.ts";

const WRANGLER = join(import.meta.dirname, "../../node_modules/wrangler/bin/wrangler.js");
const FIX =
	"fix: (umask 077; node bin/parapet.mjs secret generate --json > secrets.json) makes a file with every secret that is needed";

const args = process.argv.slice(2);
const { values } = parseArgs({ args, options: { "secrets-file": { type: "string" } }, strict: false });
const file = values["secrets-file"];
const settings = readSettings();
if (!tellFaults(settings) || (typeof file === "string" && !tellSecrets(file))) process.exitCode = 1;
else process.exitCode = spawnSync(process.execPath, [WRANGLER, "deploy", ...args], { stdio: "inherit" }).status ?? 1;

/** @returns whether the deployment may go on */
function tellSecrets(path: string): boolean {
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		console.error(`error: cannot read ${path}: ${systemFault(error)}\n  ${FIX}`);
		return false;
	}
	const { faults, missing } = examineSecrets(text, settings.vars);
	const lines = [
		...faults,
		...missing.map((name) => `${name} is not in it; only a Worker that has it already can be deployed so`),
	];
	if (lines.length > 0) console.error(`${faults.length > 0 ? "error" : "note"}: ${path}\n  ${lines.join("\n  ")}`);
	if (faults.length > 0) console.error(`  ${FIX}`);
	return faults.length === 0;
}
