// `parapet release withdraw` and `rollout revert`: the service offers the release no more. Firewalls that verify go back only when the
// publisher's role file no longer names the release either, so it is signed anew with it, or the answer says what to sign.

import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../src/names.ts";
import { addYesOption } from "../command-line/confirmation.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { collect } from "../command-line/values.ts";
import { anyAnswer } from "../http/answers.ts";
import { releasePath } from "../http/release-path.ts";
import type { Surroundings } from "../terminal/output.ts";
import { openSigners } from "./open-signers.ts";
import { addPassphraseOption, passphraseShape } from "./passphrase.ts";
import { isSignedFor, unsignReleases } from "./sign-release.ts";
import { describeUnsigned, unsignedToWire } from "./unsigned-lines.ts";

const shape = {
	reason: z.string().min(1),
	to: versionName.optional(),
	signKey: z.array(z.string()).optional(),
	...passphraseShape,
};

/** Gives the command its options and its work. @param verb of what is said where it fails */
export function runAsWithdrawal(command: Command, verb: string, surroundings: Surroundings): void {
	command.option(
		"--to <version>",
		"an earlier release to go back to; default: the newest before it that is for the device",
	);
	command.option("--sign-key <file>", "sign that it is out of the role file too; may be repeated", collect);
	addPassphraseOption(command);
	addYesOption(command);
	runAsOperator(command, surroundings, shape, async ({ api, options, operands, output, confirm }) => {
		const product = readOperand(operands, 0, "product", productName);
		const version = readOperand(operands, 1, "version", versionName);
		const { reason, to } = options;
		const back = to ?? "the newest release before it that is for them";
		await confirm(`${product} ${version} is withdrawn for good; devices that have it go back to ${back}`);
		// Opened before anything is done: a wrong passphrase must not end it half-way.
		const signers = await openSigners(options, surroundings);
		const path = `${releasePath({ product, version })}/withdraw`;
		const what = `could not ${verb} ${product} ${version}`;
		const done = await api.call("POST", path, what, anyAnswer, { reason, revert_to: to });
		const isTold = typeof done["revert_to"] === "string";
		const state = done["changed"] === false ? "was withdrawn before" : "is withdrawn";
		const line = `${product} ${version} ${state}${isTold ? `: devices that have it go back to ${done["revert_to"]}` : ""}`;
		if (signers.length > 0) {
			const now = Math.floor(surroundings.nowMs() / 1000);
			const unsigned = await unsignReleases(api, product, [version], signers, now);
			output.answer({ ...done, role: unsignedToWire(unsigned) }, [
				line,
				describeUnsigned(product, [version], unsigned),
			]);
			return;
		}
		const isSigned = await isSignedFor(api, product, version);
		const next = `parapet release unsign ${product} ${version} --sign-key FILE`;
		const hint = `the role file still names it, so firewalls that verify stay on it: \`${next}\` lets them go back`;
		output.answer({ ...done, still_signed: isSigned }, isSigned ? [line, hint] : line);
	});
}
