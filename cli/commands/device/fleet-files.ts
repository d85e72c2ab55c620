// `parapet device import` and `device export`: whole fleets as lines of JSON, in and out. What they do is loaded when they run.

import { resolve } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { accountId, deviceId, haGroupId, licenseId } from "../../command-line/ids.ts";
import { readOperand, readOptions } from "../../command-line/read-options.ts";
import { addOperatorOptions, openOperatorApi, operatorOptions, runAsOperator } from "../../command-line/run-as.ts";
import { collect, pairs, wholeNumber } from "../../command-line/values.ts";
import { UsageError } from "../../errors.ts";
import { unlessInterrupted } from "../../terminal/interruption.ts";
import { createOutput, type Surroundings } from "../../terminal/output.ts";
import type { ImportOptions } from "./fleet-files/import.ts";

const importShape = z.object({
	account: accountId,
	license: licenseId.optional(),
	mapLicense: pairs.pipe(z.record(z.string(), licenseId)).optional(),
	mapHaGroup: pairs.pipe(z.record(z.string(), haGroupId)).optional(),
	fromLine: wholeNumber.refine((line) => line > 0, "the first line is 1").optional(),
	rejects: z.string().optional(),
	dryRun: z.boolean().default(false),
});

/** @param device the command that gets the two verbs */
export function addFleetFileCommands(device: Command, surroundings: Surroundings): void {
	addImport(device, surroundings);
	addExport(device, surroundings);
}

function addImport(device: Command, surroundings: Surroundings): void {
	const bring = device
		.command("import <file>")
		.description(
			"operator: take over devices whose public keys you vouch for; - reads stdin. Can be interrupted and run again",
		)
		.requiredOption("--account <account>", "whose they are to be")
		.option("--license <license>", "for lines that name none")
		.option("--map-license <old=new>", "instead of those that the lines name; may be repeated", collect)
		.option("--map-ha-group <old=new>", "the same for HA groups", collect)
		.option("--from-line <n>", "begin there, instead of where this import was ended")
		.option("--rejects <file>", "where the refused lines are named (default <file>.rejects.jsonl)")
		.option("--dry-run", "only check the file: its form, and lines that contradict each other; needs no server");
	addOperatorOptions(bring).action(async () => {
		const { openInput } = await import("./fleet-files/input.ts");
		const shared = readOptions(bring, operatorOptions);
		const { account, license, mapLicense, mapHaGroup, fromLine, rejects, dryRun } = readOptions(bring, importShape);
		const operand = readOperand(bring.args, 0, "file", z.string());
		const input = await openInput(operand, surroundings.cwd);
		const ending = dryRun ? "dry-run.rejects.jsonl" : "rejects.jsonl";
		const rejectsPath = resolve(
			surroundings.cwd,
			rejects ?? (input.path === null ? ending : `${input.path}.${ending}`),
		);
		if (rejectsPath === input.path) throw new UsageError("--rejects: that is the file that is to be imported");
		const options: ImportOptions = {
			...{ account, fromLine, rejectsPath },
			names: { license, licenses: mapLicense ?? {}, haGroups: mapHaGroup ?? {} },
		};
		const context = { options, output: createOutput(surroundings, shared.json), surroundings, operands: bring.args };
		if (dryRun) {
			const { runDryRun } = await import("./fleet-files/dry-run.ts");
			return unlessInterrupted((signal) => runDryRun(context, input, signal));
		}
		const { ImportStopped, runImport } = await import("./fleet-files/import.ts");
		const api = await openOperatorApi(shared, surroundings);
		return unlessInterrupted((signal) => runImport({ ...context, api }, input, signal), ImportStopped);
	});
}

function addExport(device: Command, surroundings: Surroundings): void {
	const exporting = device
		.command("export")
		.description("operator: the devices of an account that are active or suspended, as lines that an import takes")
		.requiredOption("--account <account>", "whose")
		.option("--out <file>", "else stdout; goes on where it was ended")
		.option("--after <device>", "only those after this one");
	const shape = { account: accountId, out: z.string().optional(), after: deviceId.optional() };
	runAsOperator(exporting, surroundings, shape, async ({ options: { account, out, after }, ...context }) => {
		if (out === undefined && context.output.json) {
			throw new UsageError("--json needs --out: without, stdout is the export itself");
		}
		const { ExportStopped, runExport } = await import("./fleet-files/export.ts");
		const options = { account, after, path: out === undefined ? null : resolve(surroundings.cwd, out) };
		await unlessInterrupted((signal) => runExport({ ...context, options }, signal), ExportStopped);
	});
}
