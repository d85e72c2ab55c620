// Runs schedules by hand: `node test/simulation/main.ts --schedules 1000 --first 1`, or one that failed: `--seed 4711`.
import { parseArgs } from "node:util";
import { runNumbered, simulate } from "./simulate.ts";

const { values } = parseArgs({
	options: {
		schedules: { type: "string", default: "300" },
		first: { type: "string", default: "1" },
		seed: { type: "string" },
		stores: { type: "string" },
	},
});
const stores = values.stores === undefined ? {} : { stores: values.stores.split(";") };
if (values.seed === undefined) {
	const startMs = performance.now();
	const result = await simulate({ schedules: Number(values.schedules), firstSeed: Number(values.first), ...stores });
	const { findings, ...figures } = result;
	console.log(JSON.stringify(figures, null, 2));
	for (const finding of findings.slice(0, 40)) console.log(finding);
	console.log(`${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
} else {
	console.log(JSON.stringify(await runNumbered(Number(values.seed), stores.stores), null, 2));
}
