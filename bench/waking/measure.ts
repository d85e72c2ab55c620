// Accounts and bare objects in one workerd, thrown out of memory and called, in turn: what a call costs more that finds its
// object asleep. That is the start of the object, the opening of its database, and what its constructor runs.
import { setTimeout as sleep } from "node:timers/promises";
import { readCpuSeconds } from "../process-use.ts";
import { showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import { median } from "../statistics.ts";
import type { Kind, Task } from "./waking-worker.ts";

export interface WakingPlan {
	/** of each kind */
	readonly objects: number;
	readonly rounds: number;
}

export interface Waking {
	/** statements and reads before the first call */
	readonly statements: number;
	/** µs of one object, as the caller waits: the median of the rounds */
	readonly median: number;
	/** as that, in the best of the rounds: whatever else the machine does only adds to it */
	readonly best: number;
	/** µs of processor time of one object, over all rounds; null where the system does not tell */
	readonly cpu: number | null;
}

export interface WakingFigures {
	readonly account: Waking;
	/** an object that reads one number from the one table it has */
	readonly bare: Waking;
}

/** After objects were thrown out, so that what workerd does about it is not measured with the next calls. */
const PAUSE_MS = 200;

interface Round {
	readonly statements: number;
	readonly asleep: Cost;
	readonly awake: Cost;
}

/** Of one call, in µs. */
interface Cost {
	readonly wall: number;
	readonly cpu: number | null;
}

interface Stage {
	/** of the Worker in waking-worker.ts */
	readonly port: number;
	/** of workerd; empty where the system does not tell */
	readonly pids: readonly number[];
}

/** @throws Error when an object does not answer */
export async function measureWaking(stage: Stage, { objects, rounds }: WakingPlan): Promise<WakingFigures> {
	const kinds: readonly Kind[] = ["account", "bare"];
	for (const kind of kinds) await carryOut(stage, kind, "create", objects);
	const measured: Record<Kind, Round[]> = { account: [], bare: [] };
	// The first of both is for the compiler.
	for (let round = 0; round <= rounds; round++) {
		showProgress(round === 0 ? "warming up" : `round ${round} of ${rounds}`);
		for (const kind of round % 2 === 0 ? kinds : kinds.toReversed()) {
			const figures = await wakeAll(stage, kind, objects);
			if (round > 0) measured[kind].push(figures);
		}
	}
	return { account: wakingOf(measured.account), bare: wakingOf(measured.bare) };
}

async function wakeAll(stage: Stage, kind: Kind, objects: number): Promise<Round> {
	await carryOut(stage, kind, "sleep", objects);
	await sleep(PAUSE_MS);
	const asleep = await carryOut(stage, kind, "call", objects);
	const awake = await carryOut(stage, kind, "call", objects);
	return { statements: asleep.ran / objects, asleep: asleep.each, awake: awake.each };
}

function wakingOf(rounds: readonly Round[]): Waking {
	const asleep = rounds.map((round) => round.asleep.wall);
	const awake = rounds.map((round) => round.awake.wall);
	const cpu = rounds.flatMap((round) =>
		round.asleep.cpu === null || round.awake.cpu === null ? [] : [round.asleep.cpu - round.awake.cpu],
	);
	return {
		statements: Math.max(...rounds.map(({ statements }) => statements)),
		median: median(asleep) - median(awake),
		best: Math.min(...asleep) - Math.min(...awake),
		// The mean: one round is a few ticks of the clock by which processor time is told.
		cpu: cpu.length === 0 ? null : cpu.reduce((sum, one) => sum + one, 0) / cpu.length,
	};
}

async function carryOut({ port, pids }: Stage, kind: Kind, task: Task, count: number) {
	const path = `/?kind=${kind}&task=${task}&count=${count}`;
	const [startCpu, startMs] = [await readCpuSeconds(pids), performance.now()];
	const { status, body } = await send({ port, method: "GET", path });
	const [endMs, endCpu] = [performance.now(), await readCpuSeconds(pids)];
	if (status !== 200) throw new Error(`${task}: ${status} ${body.slice(0, 200)}`);
	const cpu = startCpu === null || endCpu === null ? null : ((endCpu - startCpu) * 1e6) / count;
	const each: Cost = { wall: ((endMs - startMs) * 1_000) / count, cpu };
	return { ran: Number(body), each };
}
