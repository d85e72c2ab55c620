// `parapet fleet installed`: which accounts have devices with a version of a product, and how many.
import type { Command } from "commander";
import { z } from "zod";
import { productName, versionsWanted } from "../../../src/names.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { readPages } from "../../http/lists.ts";
import { queryOf } from "../../http/query.ts";
import { formatCount, formatTable, type Surroundings } from "../../terminal/output.ts";

const PAGE = 1_000;
/** The same on each page. */
const numbers = z.looseObject({
	...{ devices: z.number(), of_devices: z.number(), other: z.number(), as_of: z.string().nullable() },
	versions: z.array(z.looseObject({ version: z.string(), devices: z.number(), accounts: z.number() })),
});

/** @param fleet the `fleet` command that gets the verb */
export function addFleetInstalled(fleet: Command, surroundings: Surroundings): void {
	const installed = fleet
		.command("installed <product> [version]")
		.description("accounts with devices that have a version of a product; a * at its end stands for any: '4.26*'");
	runAsOperator(installed, surroundings, {}, async ({ api, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const wanted = operands.length > 1 ? readOperand(operands, 1, "version", versionsWanted) : undefined;
		const path = `/v1/fleet/installed${queryOf({ product, installed: wanted, limit: PAGE })}`;
		const what = `could not ask who has ${product}`;
		const { answer, items } = await readPages(api, path, what, "accounts");
		const { devices, of_devices: all, other, versions, as_of: asOf } = numbers.parse(answer);
		const rows = versions.map((one) => [one.version, one.devices, one.accounts]);
		const accounts = items.map((one) => [one["account"], one["devices"]]);
		output.answer(answer, [
			`${formatCount(devices)} of ${formatCount(all)} devices have ${product} ${wanted ?? "in some version"}`,
			...(other === 0 ? [] : [`of ${formatCount(other)} the version is too rare to be counted`]),
			`as of ${asOf ?? "never: no account has said anything yet"}`,
			...(rows.length === 0 ? [] : ["", ...formatTable(["VERSION", "DEVICES", "ACCOUNTS"], rows)]),
			...(accounts.length === 0 ? [] : ["", ...formatTable(["ACCOUNT", "DEVICES"], accounts)]),
		]);
		const more = wanted === undefined ? "" : ` --installed '${wanted}'`;
		if (devices > 0) output.note(`which they are: parapet device list <account> --product ${product}${more}`);
	});
}
