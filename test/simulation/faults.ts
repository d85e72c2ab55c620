// What goes wrong in a schedule, and when: windows of faults, each on one store or on the objects, everywhere or at one
// location, and a little noise; alarms that are lost; a store that is set back to a backup. Decided by the schedule's seed.
import type { RecordStoreName } from "../../src/storage/record-store-names.ts";
import type { Random } from "./random.ts";

/**
 * before, after: fails before or after it took effect; hang, hang_after: no answer ever; slow: 2 s; stall: goes on after
 * up to 120 s, in KV also when its caller has given it up or died; garbage: a read gives something else
 */
export type FaultKind = "before" | "after" | "hang" | "hang_after" | "slow" | "stall" | "garbage";
export type Target = RecordStoreName | "objects" | "pulses";
export type Operation = "read" | "write";

interface FaultWindow {
	readonly target: Target;
	readonly operation: Operation | null;
	readonly location: number | null;
	readonly kinds: readonly FaultKind[];
	readonly rate: number;
	readonly fromMs: number;
	readonly untilMs: number;
}

interface Partition {
	readonly location: number;
	readonly fromMs: number;
	readonly untilMs: number;
}

export interface Faults {
	/** @returns null = nothing goes wrong */
	of(target: Target, operation: Operation, location: number, nowMs: number): FaultKind | null;
	/** whether two locations cannot reach each other; the stores' own place is -1 */
	isCut(from: number, to: number, nowMs: number): boolean;
	/** how likely it is that an object dies at a step of its delivery */
	crashChance(nowMs: number): number;
	/** whether the alarm that is due now never rings */
	isAlarmLost(nowMs: number): boolean;
}

/** A store is set back to what it held at an earlier time. */
export interface Restore {
	readonly target: RecordStoreName;
	readonly atMs: number;
	/** the age of the backup */
	readonly ageMs: number;
	/** when the operator has its records written again, as docs/operations.md says */
	readonly rebuildMs: number;
}

export const NO_FAULTS: Faults = {
	of: () => null,
	isCut: () => false,
	crashChance: () => 0,
	isAlarmLost: () => false,
};

const READ_KINDS: readonly FaultKind[] = ["before", "hang", "slow", "stall", "garbage"];
const WRITE_KINDS: readonly FaultKind[] = ["before", "after", "hang", "hang_after", "slow", "stall"];
const NOISE = 0.004;

/** @returns in one of three schedules a store that is set back, while things go wrong */
export function planRestore(
	random: Random,
	targets: readonly RecordStoreName[],
	fromMs: number,
	untilMs: number,
): Restore | null {
	if (!random.chance(1 / 3)) return null;
	const atMs = random.between(fromMs, untilMs);
	const ageMs = random.between(5_000, random.pick([60_000, 600_000, 1_800_000]));
	return { target: random.pick(targets), atMs, ageMs, rebuildMs: atMs + random.between(30_000, 300_000) };
}

export function planFaults(
	random: Random,
	targets: readonly Target[],
	locations: number,
	fromMs: number,
	untilMs: number,
): Faults {
	const spell = () => {
		const start = random.between(fromMs, untilMs);
		return {
			fromMs: start,
			untilMs: Math.min(untilMs, start + random.between(5_000, random.pick([60_000, 300_000, 1_200_000]))),
		};
	};
	const windows = Array.from({ length: Math.floor(random.between(1, 7)) }, (): FaultWindow => {
		const operation = random.pick<Operation | null>(["read", "write", "write", null]);
		const kinds =
			operation === "read" ? READ_KINDS : operation === "write" ? WRITE_KINDS : (["before", "hang", "slow"] as const);
		return {
			target: random.pick(targets),
			operation,
			location: random.chance(0.4) ? Math.floor(random.between(0, locations)) : null,
			kinds: random.chance(0.3) ? kinds : [random.pick(kinds)],
			rate: random.pick([1, 1, 0.5, 0.1]),
			...spell(),
		};
	});
	// Some puts stall and others overtake them.
	for (let count = Math.floor(random.between(0, 3)); count > 0; count--) {
		const target = random.pick(targets.filter((each) => each !== "objects"));
		windows.push({
			target,
			operation: "write",
			location: null,
			kinds: ["stall"],
			rate: random.pick([0.2, 0.5]),
			...spell(),
		});
	}
	const partitions = Array.from({ length: random.chance(0.3) ? 1 : 0 }, (): Partition => {
		return { location: Math.floor(random.between(0, locations)), ...spell() };
	});
	const crashes = random.pick([0, 0.02, 0.2]);
	const lostAlarms = random.pick([0, 0, 0.05, 0.5]);
	const isFaulty = (nowMs: number) => nowMs >= fromMs && nowMs < untilMs;

	return {
		of(target, operation, location, nowMs) {
			if (!isFaulty(nowMs)) return null;
			for (const window of windows) {
				if (window.target !== target || nowMs < window.fromMs || nowMs >= window.untilMs) continue;
				if (window.operation !== null && window.operation !== operation) continue;
				if (window.location !== null && window.location !== location) continue;
				if (random.chance(window.rate)) return random.pick(window.kinds);
			}
			return random.chance(NOISE) ? random.pick(operation === "read" ? READ_KINDS : WRITE_KINDS) : null;
		},
		isCut: (from, to, nowMs) =>
			from !== to &&
			partitions.some(
				({ location, fromMs: start, untilMs: end }) =>
					nowMs >= start && nowMs < end && (from === location || to === location),
			),
		crashChance: (nowMs) => (isFaulty(nowMs) ? crashes : 0),
		isAlarmLost: (nowMs) => lostAlarms > 0 && isFaulty(nowMs) && random.chance(lostAlarms),
	};
}
