// Two accounts in one workerd, one with a hundred times as many elastic devices, asked to do the same in turn: what each
// operation costs in the object, and whether it costs more where there are more.
import { setTimeout as sleep } from "node:timers/promises";
import { showProgress } from "../progress.ts";
import { send } from "../stage/operator.ts";
import type { Done, Task } from "./seats-worker.ts";

export interface SeatsPlan {
	readonly small: number;
	readonly large: number;
	readonly rounds: number;
}

export type Operation = "kept" | "renewed" | "activate" | "explain" | "usage" | "sweep";

export interface MeasuredOperation {
	readonly operation: Operation;
	/** µs of one in the best of the rounds: whatever else the machine does only adds to it */
	readonly small: number;
	readonly large: number;
	/** large ÷ small */
	readonly growth: number;
	/** that one writes in the large account, indexes counted, as they are billed */
	readonly rows: number;
}

export interface SeatsFigures {
	/** seconds that filling the large account took, and µs of one activation in it */
	readonly filling: { readonly seconds: number; readonly each: number };
	readonly operations: readonly MeasuredOperation[];
	/** ms of the first token after every lease of the large account has ended, when nobody has swept yet */
	readonly firstAfterAllEnded: number;
}

interface Step {
	readonly operation: Operation;
	readonly task: Task;
	readonly count: number;
	/** seconds after the filling */
	readonly afterSeconds: number;
	/** number of the first device in a round */
	readonly from: (round: number, devices: number) => number;
}

const FILL_BATCH = 1_000;
/** Between rounds, so that what workerd does behind an answer is done. */
const PAUSE_MS = 20;
const ACTIVATIONS = 50;
const RENEWALS = 100;
/** Every lease is over by then. */
const ENDED_SECONDS = 5_000;

/** The lease is 900 s: after 60 it is kept, after 400 renewed. Each round renews devices that none has renewed before. */
const STEPS: readonly Step[] = [
	{ operation: "kept", task: "renew", count: 1_000, afterSeconds: 60, from: () => 0 },
	{ operation: "explain", task: "explain", count: 1_000, afterSeconds: 60, from: () => 0 },
	{ operation: "usage", task: "usage", count: 3_000, afterSeconds: 60, from: () => 0 },
	{ operation: "renewed", task: "renew", count: RENEWALS, afterSeconds: 400, from: (round) => round * RENEWALS },
	{
		operation: "activate",
		task: "activate",
		count: ACTIVATIONS,
		afterSeconds: 400,
		from: (round, devices) => devices + round * ACTIVATIONS,
	},
];
const SWEEP: Step = { operation: "sweep", task: "sweep", count: 1, afterSeconds: ENDED_SECONDS, from: () => 0 };
/** With the one for the compiler as many as the small account has devices for: 1,000, and those that were measured. */
const SWEEP_ROUNDS = 2;

interface Account {
	readonly name: string;
	readonly devices: number;
}

/** @param port of the Worker in seats-worker.ts @throws Error when a device is refused, or the seats are not as many as they must be */
export async function measureSeats(port: number, plan: SeatsPlan): Promise<SeatsFigures> {
	const start = Math.floor(Date.now() / 1_000);
	const small = { name: "aaaaaaaaaa", devices: plan.small };
	const large = { name: "bbbbbbbbbb", devices: plan.large };
	await fill(port, small, start);
	const seconds = await fill(port, large, start);
	const measure = (step: Step, rounds: number) => measureStep({ port, start, small, large, rounds }, step);
	const operations: MeasuredOperation[] = [];
	for (const step of STEPS) operations.push(await measure(step, plan.rounds));
	showProgress("the first token after every lease has ended");
	const now = start + ENDED_SECONDS;
	const first = await carryOut(port, large, { task: "renew", from: 0, count: 1, now });
	operations.push(await measure(SWEEP, SWEEP_ROUNDS));
	return { filling: { seconds, each: (seconds / plan.large) * 1e6 }, operations, firstAfterAllEnded: first.ms };
}

async function fill(port: number, account: Account, now: number): Promise<number> {
	await carryOut(port, account, { task: "create", from: 0, count: 1, now });
	let ms = 0;
	for (let from = 0; from < account.devices; from += FILL_BATCH) {
		showProgress(`activating devices, ${from} of ${account.devices}`);
		const count = Math.min(FILL_BATCH, account.devices - from);
		ms += (await carryOut(port, account, { task: "activate", from, count, now })).ms;
	}
	const { seatsTaken } = await carryOut(port, account, { task: "usage", from: 0, count: 1, now });
	if (seatsTaken !== account.devices) throw new Error(`${seatsTaken} seats are taken, not ${account.devices}`);
	return ms / 1_000;
}

interface Stage {
	readonly port: number;
	readonly start: number;
	readonly small: Account;
	readonly large: Account;
	readonly rounds: number;
}

async function measureStep({ port, start, small, large, rounds }: Stage, step: Step): Promise<MeasuredOperation> {
	const { operation, task, count } = step;
	const micros = { small: [] as number[], large: [] as number[] };
	let rows = 0;
	const turns = [["small", small] as const, ["large", large] as const];
	// The first of both is for the compiler.
	for (let round = 0; round <= rounds; round++) {
		showProgress(round === 0 ? `${operation}, warming up` : `${operation}, round ${round} of ${rounds}`);
		for (const [size, account] of round % 2 === 0 ? turns : turns.toReversed()) {
			const order = { task, count, now: start + step.afterSeconds, from: step.from(round, account.devices) };
			const { ms, done } = await carryOut(port, account, order);
			if (round > 0) micros[size].push((ms * 1_000) / count);
			if (size === "large") rows = done.rowsWritten / count;
			await sleep(PAUSE_MS);
		}
	}
	const best = { small: Math.min(...micros.small), large: Math.min(...micros.large) };
	return { operation, ...best, growth: best.large / best.small, rows };
}

interface Order {
	readonly task: Task;
	readonly from: number;
	readonly count: number;
	readonly now: number;
}

async function carryOut(port: number, { name }: Account, order: Order) {
	const { task, from, count, now } = order;
	const path = `/?account=${name}&task=${task}&from=${from}&count=${count}&now=${now}`;
	const startMs = performance.now();
	const { status, body } = await send({ port, method: "GET", path });
	const ms = performance.now() - startMs;
	if (status !== 200) throw new Error(`${task}: ${status} ${body.slice(0, 200)}`);
	const done: Done = JSON.parse(body);
	if (done.refused > 0) throw new Error(`${task}: ${done.refused} of ${count} were refused`);
	return { ms, done, seatsTaken: done.seatsTaken };
}
