// Runs schedules by hand: `node test/simulation/main.ts --schedules 1000`, or one that failed: `--seed 4711`. With `--late`
// platforms do their worst as well: a put stalls for up to 120 s and lands over a newer version or after its object's death,
// a store is set back to a backup and its records are rebuilt minutes later, alarms get lost, KV takes longer than it promises.
import { parseArgs } from "node:util";
import { runNumbered, simulate } from "./simulate.ts";

const { values } = parseArgs({
	options: {
		schedules: { type: "string", default: "300" },
		first: { type: "string", default: "1" },
		seed: { type: "string" },
		stores: { type: "string" },
		late: { type: "boolean", default: false },
	},
});
const isLate = values.late;
const options = { isLate, ...(values.stores === undefined ? {} : { stores: values.stores.split(";") }) };
if (values.seed === undefined) {
	const startMs = performance.now();
	const result = await simulate({ schedules: Number(values.schedules), firstSeed: Number(values.first), ...options });
	const { findings, ...figures } = result;
	console.log(JSON.stringify(figures, null, 2));
	for (const finding of findings.slice(0, 40)) console.log(finding);
	console.log(`${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
} else {
	console.log(JSON.stringify(await runNumbered(Number(values.seed), options), null, 2));
}
