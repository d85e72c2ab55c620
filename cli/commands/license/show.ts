// `parapet license show`: one license, and how far its devices have moved where they move to another.

import type { Command } from "commander";
import { z } from "zod";
import { runAsOperator } from "../../command-line/run-as.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { readLicense } from "./license-operands.ts";
import { describeTransfer, transferAnswer } from "./transfer.ts";

const shown = z.looseObject({
	license: z.string(),
	status: z.string(),
	products: z.array(z.string()),
	kind: z.string(),
	seats: z.number(),
	seats_taken: z.number(),
	seats_promised: z.number(),
	ends_at: z.string(),
	transfer: transferAnswer.nullable(),
});

export function addShowCommand(license: Command, surroundings: Surroundings): void {
	const show = license
		.command("show <account> <license>")
		.description("one license, and how far a transfer of its devices is");
	runAsOperator(show, surroundings, {}, async ({ api, operands, output }) => {
		const { path } = readLicense(operands);
		const one = await api.call("GET", path, "could not read the license", shown);
		const promised =
			one.seats_promised === 0 ? "" : `, ${one.seats_promised} more are on their way from another license`;
		output.answer(one, [
			`license ${one.license} is ${one.status}, ${one.kind}: ${one.products.join(", ")} until ${one.ends_at}`,
			`${one.seats_taken} of ${one.seats} seats taken${promised}`,
			...(one.transfer === null ? [] : [`transfer ${one.transfer.state}: ${describeTransfer(one.transfer)}`]),
		]);
	});
}
