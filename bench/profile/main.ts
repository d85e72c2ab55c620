// `npm run bench:profile -- check,offers`: where the processor time of requests goes, by function of the bundle, in workerd
// under load. `--top 30` functions each, `--seconds 4` of load, `--out FOLDER` keeps profiles that DevTools opens. The
// bundle is the production one but not minified, so that names can be read.
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROWS, type WorkerdRow } from "../hot-path/rows.ts";
import { makeScenarios } from "../hot-path/scenarios.ts";
import { startPace, type TurnOptions, takeTurn } from "../hot-path/turn.ts";
import { startLoadGenerator } from "../load/load-generator.ts";
import { readMachine } from "../machine.ts";
import { endProgress, showProgress } from "../progress.ts";
import { createJwtIssuer } from "../stage/jwt-issuer.ts";
import { makeSecrets, setStage } from "../stage/stage.ts";
import { buildBundle } from "../workerd/bundle.ts";
import { startService, type Target } from "../workerd/service.ts";
import { type CpuProfile, recordProfile, sumUp } from "./cpu-profile.ts";

const DEVICES = 1000;
/** Until the engine has compiled what it runs all the time. */
const WARM_UP_TURNS = 2;
const FLEETS = { small: 1000, large: 1000 };
const TARGETS = ["parapet", "bare", "verify", "stream", "probe"] as const satisfies readonly Target[];

const root = join(import.meta.dirname, "../..");
const { values: options, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		seconds: { type: "string", default: "4" },
		top: { type: "string", default: "30" },
		out: { type: "string" },
	},
});
const known = Object.keys(ROWS);
const names = positionals.flatMap((text) => text.split(",")).filter((name): name is WorkerdRow => known.includes(name));
if (names.length === 0) {
	process.stderr.write(`error: name what to profile: ${known.join(", ")}\n`);
	process.exit(2);
}

/** @param requests how many were answered meanwhile */
function format(title: string, profile: CpuProfile, requests: number): string {
	const functions = sumUp(profile).filter(({ name }) => name !== "(root)" && name !== "(idle)");
	const all = functions.reduce((sum, { self }) => sum + self, 0);
	const perRequest = (time: number) => (time / requests).toFixed(1).padStart(8);
	const lines = functions
		.slice(0, Number(options.top))
		.map(({ name, self, total }) => `${perRequest(self)}${perRequest(total)}  ${name}`);
	return [`${title}: ${(all / requests).toFixed(0)} µs of its thread per request`, "    self   total", ...lines].join(
		"\n",
	);
}

/** Profiles the measured part of a turn: what warms up before it can be requests of another kind. */
async function profileTurn(
	inspector: URL,
	worker: Target,
	turn: (during: NonNullable<TurnOptions["during"]>) => Promise<unknown>,
): Promise<{ readonly profile: CpuProfile; readonly requests: number }> {
	let profiled: { profile: CpuProfile; requests: number } | undefined;
	await turn(async (measured) => {
		const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof measured>>>();
		const profile = await recordProfile(inspector, worker, async () => resolve(await measured()));
		const result = await promise;
		profiled = { profile, requests: result.requests };
		return result;
	});
	if (profiled === undefined) throw new Error("nothing was measured");
	return profiled;
}

async function run(folder: string): Promise<void> {
	showProgress("building the bundle");
	const bundle = await buildBundle(root, folder, false);
	const secrets = makeSecrets();
	const issuer = await createJwtIssuer();
	const service = await startService(bundle, { secrets, verifyKey: issuer.jwk }, TARGETS, true);
	const load = await startLoadGenerator();
	try {
		const stage = await setStage(service.ports, load, secrets, DEVICES);
		const scenarios = makeScenarios(service, stage, issuer, FLEETS);
		const { now } = stage.places;
		for (const name of names) {
			const scenario = scenarios[name];
			const pace = startPace();
			const seconds = Number(options.seconds);
			showProgress(name);
			for (let round = 0; round < WARM_UP_TURNS; round++) await takeTurn(load, scenario, pace, { seconds, now });
			const worker = TARGETS.find((target) => service.ports[target] === scenario.port) ?? "parapet";
			const profiled = await profileTurn(service.inspector ?? new URL("ws://127.0.0.1"), worker, (during) =>
				takeTurn(load, scenario, pace, { seconds, now, during }),
			);
			const { profile, requests } = profiled;
			endProgress();
			process.stdout.write(`\n${format(ROWS[name].title.trim(), profile, requests)}\n`);
			if (options.out !== undefined) await writeFile(join(options.out, `${name}.cpuprofile`), JSON.stringify(profile));
		}
	} finally {
		await load.stop();
		await service.stop();
	}
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	process.stdout.write(`${await readMachine(root)}\n`);
	await run(folder);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
