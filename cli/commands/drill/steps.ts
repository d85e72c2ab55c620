// The steps of a drill: a bad release goes to synthetic firewalls through the service's own plan, permits and reports, and has to be
// halted by them; then it is withdrawn, and every firewall that had it has to be back. Nothing is told to the service beside that.
import { CliError } from "../../errors.ts";
import { rolloutAnswer } from "../../rollout/ladder.ts";
import { clearAccount, type SyntheticAccount, takeAccount } from "../../synthetic/account.ts";
import type { SyntheticFirewall } from "../../synthetic/firewall.ts";
import {
	ensureProduct,
	nextMajor,
	releasesOf,
	withdrawLeftovers,
	withdrawOf,
	withdrawRelease,
} from "../../synthetic/product.ts";
import type { RunParts } from "../../synthetic/run.ts";
import { type StepNews, type TimedStep, untilFound } from "../../synthetic/timed-steps.ts";
import { DRILL_PLAN, FIRST_UNITS } from "./drill-plan.ts";
import { type Drilled, type DrillRecord, formatSeconds, notesOf, type Way } from "./history.ts";

export const DRILL_TITLE = "Parapet drill (synthetic)";
const NAMES = ["Parapet drill"];
const GOOD = "# drill: the release that is good\n";
const BAD = "# drill: the release that is bad\n";
const ENDED = "the drill is over";

export interface DrillParts extends RunParts {
	readonly product: string;
	readonly devices: number;
	readonly ways: readonly Way[];
}

const told = (line: string, facts: StepNews["facts"] = {}): StepNews => ({ line, facts });

/** @returns the steps, what takes back whatever they began, and the measurements so far */
export function drillSteps(parts: DrillParts) {
	const { api, publish, openFirewall, run, killedAfterMs, nowMs, devices, ways } = parts;
	const product = { api, product: parts.product, title: DRILL_TITLE };
	const model = `drill-${run}`;
	const fleet = Array.from({ length: devices }, (_, index) => openFirewall(`firewall-${index + 1}`));
	const drilled: Drilled[] = [];
	let owner: SyntheticAccount | undefined;
	let major: number | undefined;
	let good = "1.0.0";
	/** the step that is under way; null = all have passed */
	let under: string | null = "product";
	const step = (name: string, work: TimedStep["run"]): TimedStep => ({
		name,
		run: async (signal) => {
			under = name;
			return work(signal);
		},
	});

	const steps = [
		step("product", async () => {
			await ensureProduct(product);
			const left = await withdrawLeftovers(product, nowMs() - killedAfterMs);
			const releases = await releasesOf(api, parts.product);
			const base = releases.find(({ models, status }) => models === null && status !== "withdrawn");
			if (base === undefined) await publish(good, GOOD, { plan: "immediate", notes: "the first good release" });
			else good = base.version;
			major = nextMajor([...releases, { version: good }]);
			return told(`${parts.product}, ${good} is good`, { product: parts.product, good, withdrawn: left });
		}),
		step("account", async () => {
			owner = await takeAccount({ api, names: NAMES, product: parts.product, seats: devices, killedAfterMs, nowMs });
			const { account, cleared } = owner;
			return told(`${account}, ${devices} seats`, { account, cleared });
		}),
		step("fleet", async (signal) => {
			const code = owner?.code ?? "";
			await Promise.all(
				fleet.map((one, index) => one.activate(code, model, `DRILL-${run.toUpperCase()}-${index + 1}`)),
			);
			await untilFound(parts, signal, () => allRun(fleet, good));
			return told(`${devices} firewalls run ${good}`, { devices });
		}),
		...ways.flatMap((by, index) => drill(by, index + 1)),
	];
	return { steps, always: [{ name: "clean_up", run: cleanUp }], drilled };

	function drill(by: Way, minor: number): TimedStep[] {
		const versionOf = () => `${major}.${minor}.0`;
		const hit = new Set<SyntheticFirewall>();
		let releasedMs = 0;
		let haltedMs = 0;
		return [
			step(`release_${by}`, async () => {
				await publish(versionOf(), BAD, { models: [model], plan: DRILL_PLAN, notes: `bad, by ${by}` });
				releasedMs = nowMs();
				return told(`${versionOf()} is bad: ${FIRST_UNITS} firewalls first`, { version: versionOf() });
			}),
			step(`halt_${by}`, async (signal) => {
				await untilFound(parts, signal, async () => {
					await Promise.all(fleet.map(takeBad));
					return (await phaseOf(versionOf())) === "halted" ? true : null;
				});
				haltedMs = nowMs();
				const ms = haltedMs - releasedMs;
				const line = `halted by itself ${formatSeconds(ms)} after the release; ${hit.size} of ${devices} had it`;
				if (hit.size > FIRST_UNITS)
					throw new CliError(`${hit.size} firewalls had it, and the step is for ${FIRST_UNITS}`);
				return told(line, { version: versionOf(), halt_ms: ms, had_it: hit.size });
			}),
			step(`revert_${by}`, async (signal) => {
				await withdrawRelease(api, parts.product, versionOf(), `a drill, by ${by}`);
				await untilFound(parts, signal, () => allRun([...hit], good));
				const ms = nowMs() - haltedMs;
				await allRun(fleet, good, `had ${versionOf()} without a permit`);
				drilled.push({ by, had_it: hit.size, halt_ms: haltedMs - releasedMs, revert_ms: ms });
				under = null;
				return told(`the last one is back at ${good} ${formatSeconds(ms)} after the halt`, { revert_ms: ms, to: good });
			}),
		];

		async function takeBad(firewall: SyntheticFirewall): Promise<void> {
			if (hit.has(firewall)) return;
			const outcome = by === "reports" ? ("failed" as const) : undefined;
			if ((await firewall.installAndReport(outcome, "drill")) === versionOf()) hit.add(firewall);
		}
	}

	async function phaseOf(version: string): Promise<string> {
		const path = `/v1/products/${parts.product}/releases/${version}/rollout`;
		return (await api.call("GET", path, "could not read the rollout", rolloutAnswer)).phase;
	}

	async function cleanUp(): Promise<StepNews> {
		if (major === undefined) return told("nothing was begun");
		const withdrawn = await withdrawOf(model, product, ENDED);
		if (owner === undefined) return told("there was no account", { withdrawn });
		const record: DrillRecord = { ok: under === null, devices, failed: under, drills: drilled };
		const version = `${major}.${ways.length + 1}.0`;
		await publish(version, GOOD, { plan: "immediate", notes: notesOf(record) });
		await Promise.all(fleet.map((one) => one.deactivate().catch(() => {}))); // closing the account ends them too
		await clearAccount(api, owner.account, ENDED);
		return told(`${owner.account} is closed; ${version} keeps what came of it`, { account: owner.account, version });
	}
}

/** @param fault of one that does not: thrown then. @returns true = all run it; null = not yet */
async function allRun(fleet: readonly SyntheticFirewall[], version: string, fault?: string): Promise<true | null> {
	const running = await Promise.all(fleet.map((one) => (fault === undefined ? one.update() : one.running())));
	const others = running.filter((one) => one !== version);
	if (others.length === 0) return true;
	if (fault !== undefined) throw new CliError(`${others.length} firewalls ${fault}`, { code: "drill_failed" });
	return null;
}
