// `parapet device activate`: makes a key and registers it with an auth code.
import { z } from "zod";
import { labels, modelName, serialNumber, versionName } from "../../../../src/names.ts";
import type { FirewallAction } from "../../../command-line/run-as.ts";
import { readTextFile, resolveServer } from "../../../command-line/settings.ts";
import { pairs } from "../../../command-line/values.ts";
import { UsageError } from "../../../errors.ts";
import { openHome } from "../../../firewall/home/state.ts";
import { activateFirewall } from "../../../firewall/identity/activation.ts";
import { certificateFiles } from "../../../firewall/identity/client-certificate.ts";
import { pinTrustRoot } from "../../../firewall/update/signed-offer.ts";

/** Without the hyphens, which groups it for the eye. */
const AUTH_CODE = /^[0-9A-Za-z]{36}$/;

const shape = {
	codeFile: z.string().optional(),
	serial: serialNumber.optional(),
	model: modelName.optional(),
	label: pairs.pipe(labels).optional(),
	engine: versionName.optional(),
	algorithm: z.enum(["ES256", "Ed25519"]).optional(),
	root: z.string().optional(),
	factoryCert: z.string().optional(),
	factoryKey: z.string().optional(),
	clientCert: z.string().optional(),
	clientKey: z.string().optional(),
	subjectDn: z.string().optional(),
};

export const activate: FirewallAction<typeof shape> = {
	shape,
	run: async ({ options, operands, output, surroundings }) => {
		const factory = certificateFiles(options.factoryCert, options.factoryKey, undefined);
		const code = factory === null ? readCode(options.codeFile, operands[0], surroundings.env["PARAPET_CODE"]) : null;
		const root = options.root === undefined ? null : readTextFile(options.root);
		const { serial, model, label, engine, algorithm } = options;
		const home = openHome(options.home);
		const server = resolveServer(options.url, surroundings);
		const { nowMs } = surroundings;
		const certificate = certificateFiles(options.clientCert, options.clientKey, options.subjectDn);
		const made = await activateFirewall({
			home,
			server,
			code,
			serial,
			model,
			labels: label,
			engine,
			algorithm,
			certificate,
			factory,
			nowMs,
		});
		if (root !== null) await pinTrustRoot(home, root);
		const { id, account, license } = made.device;
		output.answer(
			{
				device: id,
				account,
				license,
				serial: made.serial,
				model: made.model,
				algorithm: made.algorithm,
				...(made.certificate !== undefined && { certificate: made.certificate.x5t }),
				home: home.folder,
			},
			`activated as ${id} (serial ${made.serial}, ${made.algorithm} key in ${home.folder})`,
		);
	},
};

/** @throws UsageError when there is none, or when what there is cannot be one; only what was typed is repeated */
function readCode(file: string | undefined, typed: string | undefined, env: string | undefined): string {
	const code = file === undefined ? (typed ?? env) : readTextFile(file);
	if (code === undefined) {
		throw new UsageError("no auth code", "give it as the argument, with --code-file, or in PARAPET_CODE");
	}
	if (AUTH_CODE.test(code.replace(/[\s-]/g, ""))) return code;
	const where = file !== undefined ? `what is in ${file}` : typed !== undefined ? `"${typed}"` : "PARAPET_CODE";
	throw new UsageError(
		`${where} is not an auth code`,
		"one has 36 letters and digits; `parapet code create` makes one",
	);
}
