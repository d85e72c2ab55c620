// `parapet release sign` and `unsign`: what the product's role file says, by the keys of its publishers.

import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../../src/names.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { collect } from "../../command-line/values.ts";
import { CliError } from "../../errors.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { readRole } from "../../trust/api.ts";
import { openSigners } from "../../trust/open-signers.ts";
import { addPassphraseOption, passphraseShape } from "../../trust/passphrase.ts";
import { countersign, newIn, unsignReleases } from "../../trust/sign-release.ts";
import { describeUnsigned, unsignedToWire } from "../../trust/unsigned-lines.ts";

const keysShape = { signKey: z.array(z.string()).min(1), ...passphraseShape };

export function defineSign(release: Command, surroundings: Surroundings): void {
	const sign = release
		.command("sign <product>")
		.description("sign the role file that waits for further signatures: two persons, two keys")
		.requiredOption("--sign-key <file>", "key file; may be repeated", collect);
	addPassphraseOption(sign);
	addYesOption(sign);
	runAsOperator(sign, surroundings, keysShape, async ({ api, options, operands, output, confirm }) => {
		const product = readOperand(operands, 0, "product", productName);
		const waiting = newIn(await readRole(api, product));
		if (waiting.length > 0)
			await confirm(`your signature says that ${product} ${waiting.join(", ")} is as it should be`);
		const signed = await countersign(api, product, await openSigners(options, surroundings));
		if (signed === null) {
			const fix = "`parapet publish --sign-key` begins one";
			throw new CliError(`no role file of ${product} waits for signatures`, { code: "nothing_waits", fix });
		}
		const { version, missing, releases } = signed;
		const state = missing > 0 ? `${missing} more must sign` : "it is served; publish the release now";
		output.answer(
			{ product, role_version: version, missing, releases },
			`${product}: role file ${version} (${releases.join(", ")}) signed; ${state}`,
		);
	});
}

export function defineUnsign(release: Command, surroundings: Surroundings): void {
	const unsign = release
		.command("unsign <product> <versions...>")
		.description(
			"take releases out of the role file: firewalls that verify install them no more, and may go back from them",
		)
		.requiredOption("--sign-key <file>", "key file; may be repeated", collect);
	addPassphraseOption(unsign);
	addYesOption(unsign);
	runAsOperator(unsign, surroundings, keysShape, async ({ api, options, operands, output, confirm }) => {
		const product = readOperand(operands, 0, "product", productName);
		const versions = operands.slice(1).map((_, index) => readOperand(operands, index + 1, "version", versionName));
		await confirm(`no firewall that verifies installs ${product} ${versions.join(", ")} any more`);
		const signers = await openSigners(options, surroundings);
		const done = await unsignReleases(api, product, versions, signers, Math.floor(surroundings.nowMs() / 1000));
		output.answer({ product, versions, ...unsignedToWire(done) }, describeUnsigned(product, versions, done));
	});
}
