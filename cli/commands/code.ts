// `parapet code …`: auth codes, with which devices activate.

import type { Command } from "commander";
import { instanceName, modelName, serialNumber } from "../../src/names.ts";
import { addYesOption } from "../command-line/confirmation.ts";
import { accountId, codeId, haGroupId, licenseId } from "../command-line/ids.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { moment, wholeNumber } from "../command-line/values.ts";
import { UsageError } from "../errors.ts";
import { anyAnswer } from "../http/answers.ts";
import { readPages } from "../http/lists.ts";
import { formatTable, type Surroundings } from "../terminal/output.ts";

export function defineCode(code: Command, surroundings: Surroundings): void {
	const create = code
		.command("create <account>")
		.description("make an auth code; it is shown once")
		.option("--license <license>", "the license that devices activate under")
		.option("--ha-group <group>", "the HA group that devices join; its license is theirs")
		.option("--uses <n>", "how many devices may use it (default: 1)")
		.option("--expires <when>", "a date, or a span such as 90d (default: 30d)")
		.option("--serial <serial>", "only the appliance with this serial number")
		.option("--model <model>", "only appliances of this model")
		.option("--instance <id>", "only the device that says it runs on this instance");
	const shape = {
		license: licenseId.optional(),
		haGroup: haGroupId.optional(),
		uses: wholeNumber.optional(),
		expires: moment(surroundings).optional(),
		serial: serialNumber.optional(),
		model: modelName.optional(),
		instance: instanceName.optional(),
	};
	runAsOperator(create, surroundings, shape, async ({ api, options, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		if (options.license === undefined && options.haGroup === undefined) {
			throw new UsageError("what is the code for?", "give --license or --ha-group");
		}
		const made = await api.call("POST", `/v1/accounts/${account}/codes`, "could not create the auth code", anyAnswer, {
			license: options.license,
			ha_group: options.haGroup,
			uses: options.uses,
			expires_at: options.expires,
			serial: options.serial,
			model: options.model,
			instance: options.instance,
		});
		output.note("this auth code is shown once:");
		output.answer(made, String(made["code"]));
	});
	const list = code.command("list <account>").description("a customer's auth codes, without the secrets");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const found = await readPages(api, `/v1/accounts/${account}/codes`, "could not list auth codes", "codes");
		const rows = found.items.map((one) => [
			one["id"],
			one["license"],
			`${one["used"]}/${one["uses"] ?? "∞"}`,
			one["revoked"] === true ? "revoked" : one["expires_at"],
			one["serial"] ?? one["model"] ?? one["instance"],
			one["ha_group"],
		]);
		output.answer(found.answer, formatTable(["CODE", "LICENSE", "USED", "EXPIRES", "ONLY FOR", "HA GROUP"], rows));
	});
	const revoke = code
		.command("revoke <account> <code>")
		.description("end an auth code; devices that it has activated stay");
	addYesOption(revoke);
	runAsOperator(revoke, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const account = readOperand(operands, 0, "account", accountId);
		const id = readOperand(operands, 1, "code", codeId);
		await confirm(`${id} activates no device any more`);
		await api.call("DELETE", `/v1/accounts/${account}/codes/${id}`, "could not revoke the auth code", anyAnswer);
		output.answer({ id, revoked: true }, `auth code ${id} is revoked`);
	});
}
