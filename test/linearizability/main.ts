// Records and checks histories by hand: `node test/linearizability/main.ts --histories 10000 --seed 1`, or the one that
// failed: `--seed 1 --path 4711:0:2`.
import { parseArgs } from "node:util";
import { explore, formatFailure } from "./explore.ts";

const PROGRESS_EVERY = 500;

const { values } = parseArgs({
	options: {
		histories: { type: "string", default: "1000" },
		seed: { type: "string", default: "1" },
		path: { type: "string" },
	},
});
const startMs = performance.now();
const { failure, ...figures } = await explore({
	histories: Number(values.histories),
	seed: Number(values.seed),
	...(values.path !== undefined && { path: values.path }),
	onProgress: (done) => {
		if (done % PROGRESS_EVERY === 0) process.stderr.write(`${done} of ${values.histories} histories …\n`);
	},
});
console.log(JSON.stringify({ ...figures, seconds: Math.round((performance.now() - startMs) / 100) / 10 }, null, 2));
if (failure !== null) {
	console.log(formatFailure(failure));
	process.exitCode = 1;
}
