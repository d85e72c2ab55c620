// A whole run, step by step. Every figure goes to the findings as soon as it is there, and is shown.

import { signDownloadUrl } from "../../src/signing/download-urls/signed-url.ts";
import { importMacKeyring } from "../../src/signing/keys/mac-keyring.ts";
import { type LoadGenerator, startLoadGenerator } from "../load/load-generator.ts";
import { findObstacle, startPeer } from "../peer/peer.ts";
import { endProgress, showProgress } from "../progress.ts";
import { ISSUER } from "../stage/fleet.ts";
import { createJwtIssuer, type JwtIssuer } from "../stage/jwt-issuer.ts";
import { makeSecrets, type Secrets, type Stage, setStage } from "../stage/stage.ts";
import { countStoreReads } from "../stage/store-reads.ts";
import { type Bundle, buildBundle } from "../workerd/bundle.ts";
import { type Service, startService } from "../workerd/service.ts";
import type { Findings } from "./findings.ts";
import { openLiveTable } from "./live-table.ts";
import { measureMemory } from "./memory.ts";
import type { BenchOptions } from "./options.ts";
import { formatProbes, type Probed } from "./report.ts";
import { runRounds } from "./rounds.ts";
import { makeScenarios } from "./scenarios.ts";
import { measureStartUp } from "./start-up.ts";
import type { Scenario } from "./turn.ts";

/**
 * @param root of the project @param folder for what is built; the caller removes it
 * @throws Error at the first answer that is not expected; the findings until then hold
 */
export async function runBenchmark(
	root: string,
	folder: string,
	options: BenchOptions,
	findings: Findings,
): Promise<void> {
	const obstacle = options.peerRows.length === 0 ? null : findObstacle();
	if (obstacle !== null) {
		process.stderr.write(`the peer will not be measured: ${obstacle}\n`);
		findings.add({ peer: { reason: obstacle } });
	}
	showProgress("building the production bundle");
	const bundle = await buildBundle(root, folder);
	found(findings, { bundle: { bytes: bundle.size, gzipped: bundle.gzipped } });
	const secrets = makeSecrets();
	if (options.probes.includes("start-up")) {
		found(findings, { startUp: await measureStartUp(bundle, secrets, options.startUps) });
	}
	const load = await startLoadGenerator();
	try {
		const peerRows = obstacle === null ? options.peerRows : [];
		await measureService({ folder, bundle, secrets, load, options: { ...options, peerRows }, findings });
	} finally {
		await load.stop();
	}
}

interface Run {
	readonly folder: string;
	readonly bundle: Bundle;
	readonly secrets: Secrets;
	readonly load: LoadGenerator;
	readonly options: BenchOptions;
	readonly findings: Findings;
}

async function measureService(run: Run): Promise<void> {
	const { bundle, secrets, load, options, findings } = run;
	const isReading = options.probes.includes("reads");
	const isMoving = options.probes.includes("memory");
	if (options.rows.length === 0 && !isReading && !isMoving) return;
	const issuer = await createJwtIssuer();
	const targets = ["parapet", "bare", "verify", "stream", "probe"] as const;
	const service = await startService(bundle, { secrets, verifyKey: issuer.jwk }, targets);
	try {
		const stage = await setStage(service.ports, load, secrets, options.devices);
		if (isReading) {
			showProgress("counting store reads");
			found(findings, { reads: await countStoreReads(service.ports.probe, load, stage) });
		}
		if (options.rows.length > 0) await measureInRounds(run, service, stage, issuer);
		if (isMoving) {
			showProgress("moving a large package");
			found(findings, { memory: await moveLargePackage(run, service, stage) });
		}
	} finally {
		await service.stop();
	}
}

async function measureInRounds(run: Run, service: Service, stage: Stage, issuer: JwtIssuer): Promise<void> {
	const { load, options, findings } = run;
	const fleets = { small: options.smallFleet, large: options.largeFleet };
	const ours = makeScenarios(service, stage, issuer, fleets);
	const peer = options.peerRows.length === 0 ? null : await startPeer(run.folder, stage, issuer, options.peerRows);
	if (peer !== null) findings.add({ peer: peer.isRunning ? { machine: peer.machine } : { reason: peer.reason } });
	try {
		const theirs = peer?.isRunning === true ? peer.scenarios : [];
		await showRounds(load, [...options.rows.map((name) => ours[name]), ...theirs], run, stage.places.now);
	} finally {
		if (peer?.isRunning === true) await peer.stop();
	}
}

async function showRounds(
	load: LoadGenerator,
	scenarios: readonly Scenario[],
	{ options, findings }: Run,
	now: () => number,
): Promise<void> {
	endProgress();
	const { rounds, seconds } = options;
	const names = scenarios.map(({ name }) => name);
	const table = openLiveTable(names, findings, (text) => process.stderr.write(text));
	try {
		await runRounds(load, scenarios, { rounds, seconds, now }, table);
	} finally {
		process.stderr.write("\n");
	}
}

/** Keeps single figures, and shows them at once. */
function found(findings: Findings, figures: Probed): void {
	findings.add(figures);
	endProgress();
	process.stderr.write(`${formatProbes(figures).join("\n")}\n`);
}

async function moveLargePackage({ secrets, options }: Run, service: Service, { places }: Stage) {
	const keyring = await importMacKeyring(secrets.MAC_KEYS);
	const urlOf = async (digest: string, name: string): Promise<string> => {
		const grant = { origin: ISSUER, sha256: digest, name, device8: "benchmrk", expires: places.now() + 300 };
		return (await signDownloadUrl(keyring, grant)).slice(ISSUER.length);
	};
	return measureMemory(service, secrets.BOOTSTRAP_KEY, urlOf, options.megabytes);
}
