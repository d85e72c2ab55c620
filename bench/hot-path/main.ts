// `npm run bench`: Parapet's production bundle against a bare Worker in the same workerd. `--json` prints one document,
// `--quick` only shows that everything runs. Ends with 1 when an answer was not as expected; a missed goal is not an error.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { importMacKeyring } from "../../src/signing/mac-keyring.ts";
import { signDownloadUrl } from "../../src/signing/signed-url.ts";
import { type LoadGenerator, startLoadGenerator } from "../load/load-generator.ts";
import { readMachine } from "../machine.ts";
import { endProgress, showProgress } from "../progress.ts";
import { ISSUER } from "../stage/fleet.ts";
import { makeUnchangedChecks } from "../stage/scenarios.ts";
import { makeSecrets, type Secrets, setStage } from "../stage/stage.ts";
import { countStoreReads } from "../stage/store-reads.ts";
import { type Bundle, buildBundle } from "../workerd/bundle.ts";
import { type Service, startService } from "../workerd/service.ts";
import { measure } from "./measure.ts";
import { measureMemory } from "./memory.ts";
import { measureGrowth, measureStartUp } from "./probes.ts";
import { formatReport, judge, type Report } from "./report.ts";

interface Plan {
	readonly devices: number;
	readonly rounds: number;
	readonly seconds: number;
	readonly smallFleet: number;
	readonly largeFleet: number;
	readonly startUps: number;
	readonly megabytes: number;
}

const FULL: Plan = {
	devices: 2000,
	rounds: 5,
	seconds: 2,
	smallFleet: 1000,
	largeFleet: 50_000,
	startUps: 5,
	megabytes: 200,
};
const QUICK: Plan = {
	devices: 200,
	rounds: 1,
	seconds: 0.3,
	smallFleet: 100,
	largeFleet: 500,
	startUps: 1,
	megabytes: 20,
};

const root = join(import.meta.dirname, "../..");
const nowSeconds = () => Math.floor(Date.now() / 1000);

const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

async function runAll(plan: Plan, folder: string): Promise<Report> {
	showProgress("building the production bundle");
	const bundle = await buildBundle(root, folder);
	const secrets = await makeSecrets();
	const startUp = await measureStartUp(bundle, secrets, plan.startUps);
	const service = await startService(bundle, secrets, ["parapet", "bare", "verify", "stream", "probe"]);
	const load = await startLoadGenerator();
	try {
		return { ...(await runAgainst(service, load, secrets, plan)), startUp, ...(await describe(bundle, plan)) };
	} finally {
		await load.stop();
		await service.stop();
	}
}

async function runAgainst(service: Service, load: LoadGenerator, secrets: Secrets, plan: Plan) {
	const { fleet, scenarios, places } = await setStage(service.ports, load, secrets, plan.devices);
	showProgress("counting store reads");
	const reads = await countStoreReads(service, load, scenarios);
	const measured = await measure(service, load, scenarios, plan);
	showProgress("moving a large package");
	const keyring = await importMacKeyring(secrets.MAC_KEYS);
	const urlOf = async (digest: string, name: string): Promise<string> => {
		const grant = { origin: ISSUER, sha256: digest, name, device8: "benchmrk", expires: nowSeconds() + 300 };
		return (await signDownloadUrl(keyring, grant)).slice(ISSUER.length);
	};
	const memory = await measureMemory(service, secrets.BOOTSTRAP_KEY, urlOf, plan.megabytes);
	showProgress(`making a fleet of ${plan.largeFleet} devices`);
	const tokens = await fleet.makeTokens(plan.largeFleet);
	const large = await makeUnchangedChecks(places, tokens);
	const small = await makeUnchangedChecks(places, tokens.slice(0, plan.smallFleet));
	const growth = await measureGrowth(service, load, { small, large }, { ...plan, rounds: Math.min(3, plan.rounds) });
	return { scenarios: measured, reads, memory, growth };
}

async function describe(bundle: Bundle, { devices, rounds, seconds }: Plan) {
	return {
		machine: await readMachine(root),
		settings: { devices, rounds, seconds },
		bundle: { bytes: bundle.size, gzipped: bundle.gzipped },
	};
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
// At any exit: Ctrl-C ends the process inside Miniflare, which stops workerd and returns to nobody.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const report = await runAll(options.quick ? QUICK : FULL, folder);
	endProgress();
	const document = { ...report, scenarios: judge(report.scenarios) };
	process.stdout.write(options.json ? `${JSON.stringify(document, null, "\t")}\n` : `${formatReport(report)}\n`);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
