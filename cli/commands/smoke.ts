// `parapet smoke`: one firewall goes through everything once, on a deployment that serves customers meanwhile.
import type { Command } from "commander";
import { runAsOperator } from "../command-line/run-as.ts";
import { addSyntheticOptions, syntheticShape } from "../command-line/synthetic-options.ts";
import { CliError } from "../errors.ts";
import type { Surroundings } from "../terminal/output.ts";

export function defineSmoke(smoke: Command, surroundings: Surroundings): void {
	addSyntheticOptions(smoke);
	runAsOperator(smoke, surroundings, syntheticShape, async ({ api, options, output }) => {
		const { runAtTerminal, stepToWire, newRunName } = await import("../synthetic/run.ts");
		const { smokeSteps, SMOKE_PRODUCT } = await import("./smoke/steps.ts");
		const { openFirewall, publishFrom } = await import("../synthetic/firewall.ts");
		const { join } = await import("node:path");
		const { nowMs, sleep } = surroundings;
		const killedAfterMs = options.killedAfter * 60_000;
		const ends = await runAtTerminal({
			...{ surroundings, output, limitMs: options.stepLimit * 1_000, killedAfterMs },
			plan: (folder) =>
				smokeSteps({
					...{ api, nowMs, sleep, run: newRunName(), killedAfterMs },
					publish: publishFrom(folder, SMOKE_PRODUCT, api, nowMs),
					openFirewall: (name) => openFirewall(join(folder, name), SMOKE_PRODUCT, api.server, surroundings),
				}),
		});
		const failed = ends.filter(({ ok }) => !ok);
		const ms = ends.reduce((sum, end) => sum + end.ms, 0);
		const told = { ok: failed.length === 0, server: api.server, ms, steps: ends.map(stepToWire) };
		output.answer(told, failed.length === 0 ? `well: ${ends.length} steps in ${(ms / 1000).toFixed(1)} s` : "");
		if (failed.length > 0) {
			const names = failed.map(({ step }) => step).join(", ");
			throw new CliError(`failed: ${names}`, { code: failed[0]?.error?.code ?? "smoke_failed" });
		}
	});
}
