// `parapet smoke`: one firewall goes through everything once, on a deployment that serves customers meanwhile.
import type { Command } from "commander";
import { runAsOperator } from "../../command-line/run-as.ts";
import { addSyntheticOptions, syntheticShape } from "../../command-line/synthetic-options.ts";
import type { Surroundings } from "../../terminal/output.ts";

export function defineSmoke(smoke: Command, surroundings: Surroundings): void {
	addSyntheticOptions(smoke);
	runAsOperator(smoke, surroundings, syntheticShape, async ({ api, options, output }) => {
		const { expectAllWell, runAtTerminal, stepToWire } = await import("../../synthetic/run.ts");
		const { smokeSteps, SMOKE_PRODUCT } = await import("./steps.ts");
		const run = { surroundings, output, api, options };
		const ends = await runAtTerminal({ ...run, product: SMOKE_PRODUCT, plan: smokeSteps });
		const isWell = ends.every(({ ok }) => ok);
		const ms = ends.reduce((sum, end) => sum + end.ms, 0);
		const told = { ok: isWell, server: api.server, ms, steps: ends.map(stepToWire) };
		output.answer(told, isWell ? `well: ${ends.length} steps in ${(ms / 1000).toFixed(1)} s` : "");
		expectAllWell(ends);
	});
}
