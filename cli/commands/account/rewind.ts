// `parapet account rewind`: sets a customer back to an earlier time, after it was shown what that loses.
import type { Command } from "commander";
import { z } from "zod";
import { addYesOption } from "../../command-line/confirmation.ts";
import { accountId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { moment } from "../../command-line/values.ts";
import type { Surroundings } from "../../terminal/output.ts";

const answer = z.looseObject({
	to: z.string(),
	rewound: z.boolean(),
	lost: z.object({
		events: z.number(),
		by_type: z.record(z.string(), z.number()),
		devices: z.array(z.string()),
		let_in_again: z.array(z.string()),
	}),
	published: z.boolean().optional(),
});

export function addRewindCommand(account: Command, surroundings: Surroundings): void {
	const rewind = account
		.command("rewind <account>")
		.description("set a customer back to an earlier time, by the platform's point-in-time recovery")
		.requiredOption("--to <time>", "a time within the last 30 days")
		.option("--reason <text>", "kept in the audit trail")
		.option("--dry-run", "only show what would be lost");
	addYesOption(rewind);
	const shape = { to: moment(surroundings), reason: z.string().optional(), dryRun: z.boolean().optional() };
	runAsOperator(rewind, surroundings, shape, async ({ api, options, operands, output, confirm }) => {
		const id = readOperand(operands, 0, "account", accountId);
		const { to, reason, dryRun } = options;
		const path = `/v1/accounts/${id}/rewind`;
		const failed = `could not set ${id} back`;
		const survey = await api.call("POST", path, failed, answer, { to, dry_run: true });
		if (dryRun) {
			output.answer(survey, describe(survey, "would be lost"));
			return;
		}
		output.note(describe(survey, "will be lost").join("\n"));
		await confirm(`${id} is set back to ${survey.to}; what has happened to it since is lost for good`);
		const done = await api.call("POST", path, failed, answer, { to, reason });
		const later = done.published === true ? "" : "; the stores follow";
		output.answer(done, [
			`${id} is what it was at ${done.to}${later}. Its records are written anew: parapet record verify ends with 0 then`,
		]);
	});
}

function describe({ to, lost }: z.infer<typeof answer>, what: string): string[] {
	const types = Object.entries(lost.by_type).map(([type, count]) => `  ${type}: ${count}`);
	const list = (words: string, devices: readonly string[]) =>
		devices.length === 0 ? [] : [`  ${words}: ${devices.join(", ")}`];
	return [
		`since ${to} ${lost.events} ${lost.events === 1 ? "event" : "events"}; ${what}:`,
		...types,
		...list("devices that came since", lost.devices),
		...list("devices that were refused since, and are served again", lost.let_in_again),
	];
}
