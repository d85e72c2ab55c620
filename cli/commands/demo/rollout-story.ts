// The demo's second part: a good release and a bad one reach a synthetic fleet step by step. The good one passes its first step and
// goes to everybody; the bad one is halted by the first report of it, and reverted.
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import type { Plan } from "../../../src/rollout/plan.ts";
import { type LogEntry, verifyLog } from "../../../src/rollout/rollout-log.ts";
import { CliError } from "../../errors.ts";
import { askPermit, checkForUpdates } from "../../firewall/check/check.ts";
import type { FirewallSession } from "../../firewall/identity/session.ts";
import { reportOutcome } from "../../firewall/update/reports.ts";
import { updateFirewall } from "../../firewall/update/update.ts";
import { anyAnswer } from "../../http/answers.ts";
import { createOperatorApi, type OperatorApi } from "../../http/operator-api.ts";
import { type RolloutAnswer, rolloutAnswer } from "../../rollout/ladder.ts";
import { readLog } from "../../rollout/read-log.ts";
import type { Surroundings } from "../../terminal/output.ts";
import type { RunStep, StepResult } from "./steps.ts";
import { createSyntheticFleet, installedVersion, SYNTHETIC_PRODUCT, type SyntheticFleet } from "./synthetic-fleet.ts";

const FIRST = 2;
const BAKE_SECONDS = 3;
const POLL_MS = 500;
/** No wait of this part takes longer than that where all is well. */
const PATIENCE_MS = 60_000;
const APPROVER = "demo-approver";

const unwatched = { bake: 0, fillWithin: null, expect: 60, lease: 60 } as const;
/** Two devices, watched for seconds; then everybody. As `standard`, which takes four days, it begins with a person's word. */
export const DEMO_PLAN: Plan = {
	name: "demo",
	overrides: 1,
	steps: [
		{
			...{ ...unwatched, name: "two", cohort: { units: FIRST }, bake: BAKE_SECONDS },
			gate: { kind: "count", maxFailures: 0, minHealthy: FIRST },
			approvals: { team: null, count: 1 },
		},
		{
			...{ ...unwatched, name: "everybody", cohort: { fraction: 1 } },
			gate: { kind: "count", maxFailures: 100, minHealthy: 0 },
			approvals: { team: null, count: 0 },
		},
	],
};

export interface RolloutStoryOptions {
	readonly step: RunStep;
	readonly surroundings: Surroundings;
	readonly server: string;
	/** the operator's API key */
	readonly key: string;
	/** for the firewalls of this run */
	readonly folder: string;
}

export async function runRolloutStory({ step, surroundings, server, key, folder }: RolloutStoryOptions): Promise<void> {
	const { nowMs } = surroundings;
	const api = createOperatorApi({ server, key, nowMs });
	const fleet = await step("fleet", async () => {
		const value = await createSyntheticFleet({ api, surroundings, folder }, DEMO_PLAN);
		const base = value.versionOf(0);
		await value.publish(base, "immediate");
		await until(async () => (await value.updateAll(base)) === value.sessions.length);
		const count = value.sessions.length;
		return told(
			value,
			{ devices: count, version: base },
			`${count} synthetic firewalls with ${SYNTHETIC_PRODUCT} ${base}`,
		);
	});
	const approver = await createApprover(api, nowMs);
	const [good, bad] = [fleet.versionOf(1), fleet.versionOf(2)];
	const begin = async (version: string, what: string) => {
		await step("publish", () => sendOnItsWay(fleet, version, what));
		await step("approve", () => approve(approver.api, version));
	};

	await begin(good, "good");
	await step("first_step", () => fillFirstStep(fleet, good));
	await step("gate", () => waitUntilEverybody(api, good));
	await step("everybody", async () => {
		await until(async () => (await fleet.updateAll(good)) === fleet.sessions.length);
		const count = fleet.sessions.length;
		return told(null, { version: good, devices: count }, `${count} of ${count} firewalls have ${good}`);
	});

	await begin(bad, "bad");
	const broken = await step("halt", () => breakInFirstStep(api, fleet, bad));
	await step("spared", () => countSpared(fleet, good, bad));
	await step("revert", () => revert(api, broken, good, bad));
	await step("log", () => replayLog(api, bad));
	await step("take_back", async () => {
		await fleet.dispose();
		await api.call("DELETE", `/v1/keys/${approver.id}`, "could not revoke the key", anyAnswer);
		const count = fleet.sessions.length;
		return told(null, { devices: count }, `${count} synthetic firewalls have given their seats back`);
	});
}

function told<T>(value: T, facts: Readonly<Record<string, unknown>>, line: string): StepResult<T> {
	return { value, facts, line };
}

/** @throws CliError when it never comes true */
async function until(isSo: () => Promise<boolean>): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	while (!(await isSo())) {
		if (performance.now() > deadline) {
			throw new CliError(`that takes longer than ${PATIENCE_MS / 1_000} s`, { code: "demo_too_slow" });
		}
		await wait(POLL_MS);
	}
}

const pathOf = (version: string) => `/v1/products/${SYNTHETIC_PRODUCT}/releases/${version}`;

function readRollout(api: OperatorApi, version: string): Promise<RolloutAnswer> {
	return api.call("GET", `${pathOf(version)}/rollout`, "could not read the rollout", rolloutAnswer);
}

/** Nobody lets out alone what they uploaded, so the demo needs a second person. */
async function createApprover(api: OperatorApi, nowMs: () => number): Promise<{ id: string; api: OperatorApi }> {
	const wanted = {
		...{ subject: APPROVER, scopes: [`release:${SYNTHETIC_PRODUCT}`] },
		expires_at: new Date(nowMs() + 3_600_000).toISOString(),
	};
	const made = z.looseObject({ id: z.string(), key: z.string() });
	const { id, key } = await api.call("POST", "/v1/keys", "could not create the key", made, wanted);
	return { id, api: createOperatorApi({ server: api.server, key, nowMs }) };
}

async function sendOnItsWay(fleet: SyntheticFleet, version: string, what: string) {
	await fleet.publish(version);
	const line = `${SYNTHETIC_PRODUCT} ${version}, a ${what} release: ${FIRST} firewalls first, then everybody; it waits for a word`;
	return told(null, { product: SYNTHETIC_PRODUCT, version, plan: DEMO_PLAN.name }, line);
}

async function approve(api: OperatorApi, version: string) {
	const { evidence } = await readRollout(api, version);
	const word = { kind: "approve", evidence };
	const { phase } = await api.call(
		"POST",
		`${pathOf(version)}/rollout/words`,
		"could not approve",
		rolloutAnswer,
		word,
	);
	const line = `by ${APPROVER}: nobody lets out alone what they uploaded`;
	return told(null, { version, by: APPROVER, phase }, line);
}

async function fillFirstStep(fleet: SyntheticFleet, version: string) {
	let got = 0;
	await until(async () => {
		got = await fleet.updateAll(version);
		return got >= FIRST;
	});
	const count = fleet.sessions.length;
	if (got !== FIRST) throw new CliError(`${got} firewalls have ${version}, and the step is for ${FIRST}`);
	return told(
		null,
		{ version, devices: got },
		`${got} of ${count} firewalls got ${version} and say that they are well; the others keep theirs`,
	);
}

async function waitUntilEverybody(api: OperatorApi, version: string) {
	await until(async () => (await readRollout(api, version)).phase === "done");
	return told(
		null,
		{ version, phase: "done" },
		`${FIRST} healthy, none failed in ${BAKE_SECONDS} s: everybody may have ${version}`,
	);
}

/** One firewall runs the bad release, and the next one does not come up with it. @returns the one that runs it */
async function breakInFirstStep(api: OperatorApi, fleet: SyntheticFleet, version: string) {
	const [first, second] = fleet.sessions as readonly [FirewallSession, FirewallSession];
	await until(async () => {
		await updateFirewall(first, SYNTHETIC_PRODUCT);
		return (await installedVersion(first)) === version;
	});
	const { answer } = await checkForUpdates(second, SYNTHETIC_PRODUCT);
	const offer = answer.products[0]?.offer;
	if (offer == null) throw new CliError(`${version} is not offered to the second firewall`);
	await reportOutcome(second, await askPermit(second, SYNTHETIC_PRODUCT, offer), "failed", "does_not_load");
	const reported = performance.now();
	await until(async () => (await readRollout(api, version)).phase === "halted");
	const ms = Math.round(performance.now() - reported);
	return told(
		first,
		{ version, failed: 1, ms_after_report: ms },
		`one firewall says that ${version} does not load: the rollout halts by itself, ${ms} ms later`,
	);
}

async function countSpared(fleet: SyntheticFleet, good: string, bad: string) {
	const had = await fleet.updateAll(bad);
	const still = await fleet.updateAll(good);
	const count = fleet.sessions.length;
	if (had + still !== count || had !== 1) throw new CliError(`${had} firewalls have ${bad}, ${still} have ${good}`);
	return told(
		null,
		{ version: good, devices: still },
		`${still} of ${count} firewalls ask again, do not get ${bad}, and run on with ${good}`,
	);
}

async function revert(api: OperatorApi, broken: FirewallSession, good: string, bad: string) {
	await api.call("POST", `${pathOf(bad)}/withdraw`, "could not revert", anyAnswer, { reason: "it does not load" });
	await until(async () => {
		await updateFirewall(broken, SYNTHETIC_PRODUCT);
		return (await installedVersion(broken)) === good;
	});
	return told(null, { version: bad, to: good }, `${bad} is withdrawn; the firewall that had it is back at ${good}`);
}

async function replayLog(api: OperatorApi, version: string) {
	const entries = await readLog(api, `${pathOf(version)}/rollout`);
	const verified = await verifyLog(entries as unknown as LogEntry[]);
	if (!verified.ok) throw new CliError(`the log is wrong at entry ${verified.seq}: ${verified.reason}`);
	const { phase } = verified.rollout;
	return told(
		null,
		{ entries: entries.length, phase },
		`${entries.length} entries, bound by hashes; replayed here they lead to the same end (${phase})`,
	);
}
