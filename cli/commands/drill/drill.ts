// `parapet drill`: does a bad release halt by itself, and how fast is everybody back? Tried on synthetic firewalls of the live service.
import type { Command } from "commander";
import { z } from "zod";
import { productName } from "../../../src/names.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { addSyntheticOptions, syntheticShape } from "../../command-line/synthetic-options.ts";
import { wholeNumber } from "../../command-line/values.ts";
import { formatTable, type Surroundings } from "../../terminal/output.ts";

const DEFAULT_PRODUCT = "parapet-drill";
const DEFAULT_DEVICES = 6;
const product = productName.default(DEFAULT_PRODUCT);

export function defineDrill(drill: Command, surroundings: Surroundings): void {
	defineRun(drill, surroundings);
	defineHistory(drill, surroundings);
}

function defineRun(drill: Command, surroundings: Surroundings): void {
	const run = drill
		.command("run", { isDefault: true })
		.description("send a bad release to synthetic firewalls; time to halt and to revert (without a verb, this one)")
		.option("--by <way>", "what halts it: reports, silence, or both (default both)")
		.option("--devices <n>", `synthetic firewalls, 3 to 20 (default ${DEFAULT_DEVICES})`)
		.option("--product <product>", `a synthetic product; no other is touched (default ${DEFAULT_PRODUCT})`);
	addSyntheticOptions(run);
	const shape = {
		...syntheticShape,
		product,
		by: z.enum(["reports", "silence", "both"]).default("both"),
		devices: wholeNumber.pipe(z.int().min(3).max(20)).default(DEFAULT_DEVICES),
	};
	runAsOperator(run, surroundings, shape, async ({ api, options, output }) => {
		const { expectAllWell, runAtTerminal, stepToWire } = await import("../../synthetic/run.ts");
		const { drillSteps } = await import("./steps.ts");
		const { product: name, devices, by } = options;
		let drills: ReturnType<typeof drillSteps>["drilled"] = [];
		const ends = await runAtTerminal({
			...{ surroundings, output, api, options, product: name },
			plan: (parts) => {
				const planned = drillSteps({
					...{ ...parts, product: name, devices },
					ways: by === "both" ? ["reports", "silence"] : [by],
				});
				drills = planned.drilled;
				return planned;
			},
		});
		const { formatSeconds } = await import("./history.ts");
		output.answer(
			{
				...{ ok: ends.every(({ ok }) => ok), server: api.server, product: name, devices, drills },
				steps: ends.map(stepToWire),
			},
			drills.map(
				(one) =>
					`by ${one.by}: halted after ${formatSeconds(one.halt_ms)}, everybody back ${formatSeconds(one.revert_ms)} later`,
			),
		);
		expectAllWell(ends);
	});
}

function defineHistory(drill: Command, surroundings: Surroundings): void {
	const history = drill
		.command("history")
		.description("the drills that there were, newest first")
		.option("--product <product>", `the synthetic product (default ${DEFAULT_PRODUCT})`);
	runAsOperator(history, surroundings, { product }, async ({ api, options, output }) => {
		const { releasesOf, requireProduct } = await import("../../synthetic/product.ts");
		const { historyRows, readHistory } = await import("./history.ts");
		const { DRILL_TITLE } = await import("./steps.ts");
		await requireProduct({ api, product: options.product, title: DRILL_TITLE });
		const found = readHistory(await releasesOf(api, options.product));
		const rows = historyRows(found);
		output.answer(
			{ product: options.product, drills: found },
			formatTable(["AT", "BY", "HAD IT", "HALTED AFTER", "ALL BACK AFTER"], rows),
		);
	});
}
