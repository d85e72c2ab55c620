// What a trial has shown: who was broken, how soon it was over, and whether anything happened that must never. Pure.
import { NO_STEP_EVIDENCE } from "../../src/rollout/evidence.ts";
import { judge } from "../../src/rollout/gate.ts";
import { isFraction, type Plan } from "../../src/rollout/plan.ts";
import { NOT_SURE } from "./operator.ts";
import type { LeaseRow, ReleaseCourse, TrialCourse } from "./trial.ts";

export interface StepFigures {
	readonly name: string;
	/** units that have, or had, a place; null = a fraction, nobody counts */
	readonly cap: number | null;
	readonly units: number;
	/** open at the same time, and how many may be; null = as many as like */
	readonly inFlight: number;
	readonly inFlightCap: number | null;
}

export interface HaltFigures {
	/** seconds from the first broken device to the halt */
	readonly seconds: number;
	/** seconds from the report, or the end of the lease, that decided it */
	readonly afterEvidence: number;
	/** seconds by which a lease was ended late, at most; null = none ended without a word */
	readonly leaseLate: number | null;
	/** whether one outcome less would not have stopped it */
	readonly isFirstPossible: boolean;
	/** its gate was not sure, and persons were careful */
	readonly isByPersons: boolean;
	/** seconds from the order to revert until no living device had it */
	readonly revertSeconds: number | null;
}

export interface ReleaseFigures {
	readonly version: string;
	readonly kind: ReleaseCourse["kind"];
	readonly phase: string;
	readonly step: string;
	readonly broken: number;
	readonly reached: number;
	readonly steps: readonly StepFigures[];
	readonly halt: HaltFigures | null;
}

export interface Faults {
	/** pairs of which both had a permit that was not settled, or both were down */
	readonly pairsAtOnce: readonly string[];
	/** steps that gave more permits than they have, at all or at once */
	readonly overCap: readonly string[];
	/** devices with a permit for a bad release that its product does not know of */
	readonly unknownPermits: readonly string[];
	/** bad releases that did not halt, good ones that did, late halts */
	readonly halts: readonly string[];
}

/** The clock of a trial goes by minutes, and an object that dies in its alarm is rung again with the next one. */
const LATE_SECONDS = 300;

export function figuresOf(release: ReleaseCourse, plan: Plan): ReleaseFigures {
	const { version, kind, end, broken, reached, leases } = release;
	const steps = plan.steps.map(({ name, cohort }, index) => {
		const ofStep = leases.filter(({ step, counts }) => step === index && counts === 1);
		const { peak, cap: inFlightCap } = inFlightOf(ofStep, cohort.inFlight);
		const units = ofStep.filter(({ outcome }) => outcome !== "excused").length;
		return { name, cap: isFraction(cohort) ? null : cohort.units, units, inFlight: peak, inFlightCap };
	});
	return { version, kind, phase: end.phase, step: end.step, broken, reached, steps, halt: haltOf(release, plan) };
}

/** How many were open at once, and the cap at that moment, where they were furthest from each other. */
function inFlightOf(leases: readonly LeaseRow[], limit: { units: number; perHealthy: number } | undefined) {
	let peak = 0;
	let cap = limit?.units ?? null;
	let worst = Number.NEGATIVE_INFINITY;
	for (const { at } of leases) {
		const open = leases.filter((one) => one.at <= at && (one.outcomeAt ?? Number.POSITIVE_INFINITY) > at).length;
		const healthy = leases.filter((one) => one.outcome === "healthy" && (one.outcomeAt ?? 0) <= at).length;
		const allowed = limit === undefined ? null : Math.max(limit.units, Math.floor(limit.perHealthy * healthy));
		if (open - (allowed ?? 0) <= worst) continue;
		worst = open - (allowed ?? 0);
		peak = open;
		cap = allowed;
	}
	return { peak, cap };
}

function haltOf(release: ReleaseCourse, plan: Plan): HaltFigures | null {
	const { haltedAt, firstBrokenAt, leases, revertOrderedAt, revertedAt, end } = release;
	if (haltedAt === null) return null;
	const index = plan.steps.findIndex(({ name }) => name === end.step);
	const gate = plan.steps[index]?.gate;
	const told = leases
		.filter(
			(one) => one.step === index && one.outcomeAt !== null && one.outcomeAt <= haltedAt && one.outcome !== "excused",
		)
		.sort((one, other) => (one.outcomeAt ?? 0) - (other.outcomeAt ?? 0));
	const bad = told.filter(({ outcome }) => outcome === "failed" || outcome === "silent");
	const decidedAt = bad.at(-1)?.outcomeAt ?? Number.NEGATIVE_INFINITY;
	const before = told.filter(({ outcomeAt }) => (outcomeAt ?? 0) < decidedAt);
	const count = (outcome: string) => before.filter((one) => one.outcome === outcome).length;
	const known = {
		...NO_STEP_EVIDENCE,
		permits: before.length,
		healthy: count("healthy"),
		failed: count("failed"),
		silent: count("silent"),
	};
	const late = leases
		.filter(({ outcome }) => outcome === "silent")
		.map(({ at, outcomeAt, step }) => (outcomeAt ?? 0) - at - (plan.steps[step]?.lease ?? 0));
	return {
		isByPersons: end.reason === NOT_SURE,
		seconds: haltedAt - (firstBrokenAt ?? haltedAt),
		afterEvidence: haltedAt - decidedAt,
		leaseLate: late.length === 0 ? null : Math.max(...late),
		isFirstPossible: gate !== undefined && judge(gate, known, { healthy: 0, failed: 0 }, 0) !== "abort",
		revertSeconds: revertedAt === null || revertOrderedAt === null ? null : revertedAt - revertOrderedAt,
	};
}

export function faultsOf(course: TrialCourse, figures: readonly ReleaseFigures[]): Faults {
	const overCap = figures.flatMap(({ version, steps }) =>
		steps.flatMap(({ name, cap, units, inFlight, inFlightCap }) => [
			...(cap !== null && units > cap ? [`${version} ${name}: ${units} of ${cap}`] : []),
			...(inFlightCap !== null && inFlight > inFlightCap
				? [`${version} ${name}: ${inFlight} at once of ${inFlightCap}`]
				: []),
		]),
	);
	const unknownPermits = course.releases
		.filter(({ kind }) => kind !== "good")
		.flatMap(({ version, leases }) => {
			const known = new Set(leases.map(({ device }) => device));
			return course.witness.permits
				.filter((one) => one.version === version && !known.has(one.device))
				.map(({ device }) => device);
		});
	return { pairsAtOnce: pairsAtOnce(course), overCap, unknownPermits, halts: figures.flatMap(wrongHalts) };
}

function wrongHalts({ version, kind, phase, halt }: ReleaseFigures): string[] {
	if (kind === "good") return phase === "done" ? [] : [`${version} is good and ${phase}`];
	if (halt === null) return [`${version} is bad and ${phase}`];
	const { afterEvidence, leaseLate, isFirstPossible, isByPersons } = halt;
	return [
		...(afterEvidence === 0 || isByPersons ? [] : [`${version} halted ${afterEvidence} s after what decided it`]),
		...(isFirstPossible || isByPersons ? [] : [`${version} could have been halted before`]),
		...((leaseLate ?? 0) <= LATE_SECONDS ? [] : [`a lease of ${version} was ended ${leaseLate} s late`]),
		...(halt.revertSeconds === null ? [`${version} was not reverted`] : []),
	];
}

/** By what passed the witness, and by the product's own leases. */
function pairsAtOnce({ units, witness, releases }: TrialCourse): string[] {
	const spans = [
		...witness.permits.map(({ device, fromMs, toMs }) => ({
			device,
			from: fromMs,
			to: toMs ?? Number.POSITIVE_INFINITY,
		})),
	];
	const seen = overlaps(spans, units).map((unit) => `${unit}, as seen`);
	const kept = releases.flatMap(({ version, leases }) =>
		overlaps(
			leases.map(({ device, at, outcomeAt }) => ({ device, from: at, to: outcomeAt ?? Number.POSITIVE_INFINITY })),
			units,
		).map((unit) => `${unit}, by the leases of ${version}`),
	);
	return [...new Set([...seen, ...kept])];
}

interface Span {
	readonly device: string;
	readonly from: number;
	readonly to: number;
}

function overlaps(spans: readonly Span[], units: ReadonlyMap<string, string>): string[] {
	const byUnit = Map.groupBy(spans, ({ device }) => units.get(device) ?? device);
	return [...byUnit].flatMap(([unit, all]) => {
		const sorted = all.toSorted((one, other) => one.from - other.from);
		const isHeld = sorted.some((one, index) =>
			sorted.slice(index + 1).some((other) => other.device !== one.device && other.from < one.to),
		);
		return isHeld ? [unit] : [];
	});
}
