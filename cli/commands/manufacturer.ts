// `parapet manufacturer …`: makers of appliances whose certificates let an appliance in without an auth code.
import type { Command } from "commander";
import { z } from "zod";
import { displayName } from "../../src/plain-text.ts";
import { addYesOption } from "../command-line/confirmation.ts";
import { manufacturerId } from "../command-line/ids.ts";
import { readOperand } from "../command-line/read-options.ts";
import { runAsOperator } from "../command-line/run-as.ts";
import { readTextFile } from "../command-line/settings.ts";
import { anyAnswer } from "../http/answers.ts";
import { listAnswer } from "../http/lists.ts";
import { formatTable, type Surroundings } from "../terminal/output.ts";

const PATH = "/v1/manufacturers";

export function defineManufacturer(manufacturer: Command, surroundings: Surroundings): void {
	const add = manufacturer
		.command("add <name>")
		.description(
			"let its appliances in without an auth code, once their serial numbers are claimed (parapet device claim)",
		)
		.requiredOption("--certificate <file>", "of the authority that signs its appliances' certificates itself (PEM)");
	runAsOperator(add, surroundings, { certificate: z.string() }, async ({ api, options, operands, output }) => {
		const name = readOperand(operands, 0, "name", displayName);
		const body = { name, certificate: readTextFile(options.certificate) };
		const added = await api.call("POST", PATH, "could not add the manufacturer", anyAnswer, body);
		output.answer(added, `${added["manufacturer"]}: ${added["subject"]}`);
	});
	const list = manufacturer.command("list").description("manufacturers whose certificates count");
	runAsOperator(list, surroundings, {}, async ({ api, output }) => {
		const found = await api.call("GET", PATH, "could not list manufacturers", listAnswer("manufacturers"));
		const rows = found.items.map((one) => [
			...[one["manufacturer"], one["name"], one["subject"], one["ends_at"], one["created_by"]],
		]);
		output.answer(found.answer, formatTable(["MANUFACTURER", "NAME", "AUTHORITY", "ENDS", "ADDED BY"], rows));
	});
	const remove = manufacturer
		.command("remove <manufacturer>")
		.description("let nobody in any more by its certificates; its devices stay");
	addYesOption(remove);
	runAsOperator(remove, surroundings, {}, async ({ api, operands, output, confirm }) => {
		const id = readOperand(operands, 0, "manufacturer", manufacturerId);
		await confirm(`appliances of ${id} need an auth code from now on`);
		await api.call("DELETE", `${PATH}/${id}`, "could not remove the manufacturer", anyAnswer);
		output.answer({ manufacturer: id, removed: true }, `${id} is removed`);
	});
}
