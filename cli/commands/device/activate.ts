// `parapet device activate`: makes a key and registers it with an auth code.
import { z } from "zod";
import { labels, modelName, serialNumber, versionName } from "../../../src/names.ts";
import type { FirewallAction } from "../../command-line/run-as.ts";
import { readTextFile, resolveServer } from "../../command-line/settings.ts";
import { pairs } from "../../command-line/values.ts";
import { UsageError } from "../../errors.ts";
import { activateFirewall } from "../../firewall/activation.ts";
import { openHome } from "../../firewall/state.ts";

const shape = {
	codeFile: z.string().optional(),
	serial: serialNumber.optional(),
	model: modelName.optional(),
	label: pairs.pipe(labels).optional(),
	engine: versionName.optional(),
	algorithm: z.enum(["ES256", "Ed25519"]).optional(),
};

export const activate: FirewallAction<typeof shape> = {
	shape,
	run: async ({ options, operands, output, surroundings }) => {
		const code =
			options.codeFile === undefined
				? (operands[0] ?? surroundings.env["PARAPET_CODE"])
				: readTextFile(options.codeFile);
		if (code === undefined || !/^[\sA-Za-z0-9-]{8,128}$/.test(code)) {
			throw new UsageError("no auth code", "give it as the argument, with --code-file, or in PARAPET_CODE");
		}
		const { serial, model, label, engine, algorithm } = options;
		const home = openHome(options.home);
		const server = resolveServer(options.url, surroundings);
		const { nowMs } = surroundings;
		const made = await activateFirewall({ home, server, code, serial, model, labels: label, engine, algorithm, nowMs });
		const { id, account, license } = made.device;
		output.answer(
			{
				device: id,
				account,
				license,
				serial: made.serial,
				model: made.model,
				algorithm: made.algorithm,
				home: home.folder,
			},
			`activated as ${id} (serial ${made.serial}, ${made.algorithm} key in ${home.folder})`,
		);
	},
};
