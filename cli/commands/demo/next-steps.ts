// What to try while the demo's Worker serves: commands that work as they are printed. And why there is no demo where nobody
// gets in by the bootstrap key.
import { dirname, join, relative } from "node:path";
import { PROJECT_FOLDER } from "../../worker/local-worker.ts";
import type { JourneyEnd } from "./journey.ts";
import { SHOWCASE_PRODUCT } from "./showcase.ts";

export interface NextStepsOptions extends JourneyEnd {
	readonly server: string;
	readonly product: string;
	/** that signs in to the console, once */
	readonly link: string;
}

export function describeNextSteps({ server, link, seed, homeFolder, trust, product }: NextStepsOptions): string[] {
	const home = relative(PROJECT_FOLDER, homeFolder);
	const key = relative(PROJECT_FOLDER, trust.keyFile);
	const sign = `--sign-key ${key} --passphrase-file ${relative(PROJECT_FOLDER, trust.passphraseFile)}`;
	const parapet = "node bin/parapet.mjs";
	const url = server.endsWith(":8787") ? "" : ` --url ${server}`;
	const fresh = `${product}-9.0.0.rules`;
	return [
		"",
		`Parapet answers at ${server} (Ctrl-C stops it). In another terminal, in this folder:`,
		"",
		`  ${parapet} device check --home ${home}${url}`,
		`  ${parapet} release list ${product}${url}`,
		`  cp examples/sample-rules-1.1.0.rules ${fresh} && echo "# a new rule" >> ${fresh}`,
		`  ${parapet} publish ${fresh} ${sign}${url}`,
		`  ${parapet} device update --home ${home}${url}`,
		`  ${parapet} release withdraw ${product} 9.0.0 --reason "only a try" ${sign}${url}`,
		`  ${parapet} device activate ${seed.code} --home .parapet/second${url}`,
		`  ${parapet} device list ${seed.account}${url}`,
		`  ${parapet} fleet${url}`,
		`  ${parapet} fleet product ${product}${url}`,
		`  ${parapet} fleet installed ${SHOWCASE_PRODUCT} '1.0*'${url}`,
		`  ${parapet} history report failures --country BR${url}`,
		`  ${parapet} product changes ${SHOWCASE_PRODUCT}${url}`,
		`  ${parapet} product coverage ${SHOWCASE_PRODUCT} CVE-2021-44228${url}`,
		`  ${parapet} message create --title Hello --body "From the operator" --ends 1h${url}`,
		`  ${parapet} trust status${url}`,
		`  ${parapet} trust verify ${server} --root ${relative(PROJECT_FOLDER, join(dirname(trust.keyFile), "root.json"))}`,
		`  ${parapet} doctor${url}`,
		`  ${parapet} --help`,
		"",
		`  curl -s ${server}/.well-known/oauth-authorization-server`,
		`  curl -s ${server}/openapi.json`,
		"",
		`The console, pages for people: ${server}/console. This link signs one browser in, once, within ten minutes:`,
		"",
		`  ${link}`,
		"",
		`Another one: ${parapet} console link${url}`,
		"",
	];
}

/** @param secretsFile path of the file that has BOOTSTRAP_KEY='off' @returns why the Worker serves and the demo is left out */
export function describeLeftOut(server: string, secretsFile: string): string[] {
	return [
		"",
		`Parapet answers at ${server} (Ctrl-C stops it). The demo is left out: BOOTSTRAP_KEY is off in ${secretsFile},`,
		"and the demo operates with that key. What is stored stays as it is, and other keys of scope operate go on working.",
		"  to have the demo: delete the line BOOTSTRAP_KEY in that file, then npm start, which makes a new key",
		"",
	];
}
