// Carries out a plan against the real Account, in virtual time and on its real tables, and takes down what each caller saw.
// The object dies when the plan says; a caller whose answer is lost tries again with the same code and the same key.
import type { Account } from "../../src/objects/account/account.ts";
import { Deployment } from "../simulation/deployment.ts";
import { NO_FAULTS } from "../simulation/faults.ts";
import type { ObjectHost } from "../simulation/objects.ts";
import { createRandom } from "../simulation/random.ts";
import { forever, type World } from "../simulation/stores.ts";
import { VirtualTime } from "../simulation/virtual-time.ts";
import type { Call } from "./checker.ts";
import type { Act, Fault, Plan, Step } from "./plan.ts";
import type { SeatCall } from "./seats.ts";
import { LICENSE, perform, type SeatsObject } from "./seats-object.ts";

export interface History {
	readonly calls: readonly Call<SeatCall, string>[];
	/** errors that no fault explains */
	readonly errors: readonly unknown[];
	/** how often the object died */
	readonly deaths: number;
}

const START_MS = 1_800_000_000_000;
const START = START_MS / 1_000;
const DAY = 86_400;
const ACCOUNT = "aaaaaaaaaa";
const OPERATOR = { actor: "operator", now: START } as const;
/** After that a caller takes its answer for lost. */
const PATIENCE_MS = 10_000;
/** A late call arrives at most so long after it was made, */
const LATE_MS = 90_000;
/** and what it sets off has happened so long after that. */
const WORK_MS = 1_000;

/** @param wrap puts something in front of the object; the same for each call, so that it can keep things in memory */
export async function record(
	plan: Plan,
	wrap: (account: SeatsObject) => SeatsObject = (account) => account,
): Promise<History> {
	const random = createRandom(plan.seed);
	const time = new VirtualTime(START_MS);
	return time.instead(random, () => {
		const world: World = { time, random, locations: 1, areWritesLate: false, faults: NO_FAULTS };
		return new Recorder(plan, world, wrap).run();
	});
}

interface Recorded {
	readonly input: SeatCall;
	readonly invoked: number;
	returned: number | null;
	output: string | undefined;
	endedAt: number | null;
	/** null: it may still arrive */
	lapsed: { readonly place: number; readonly at: number } | null;
}

class Recorder {
	readonly #plan: Plan;
	readonly #world: World;
	readonly #time: VirtualTime;
	readonly #deployment: Deployment;
	readonly #host: ObjectHost<Account>;
	readonly #wrap: (account: SeatsObject) => SeatsObject;
	readonly #calls: Recorded[] = [];
	readonly #errors: unknown[] = [];
	/** by key: what its owner was told; before that, what may have become of its last attempt */
	readonly #devices = new Map<number, string>();
	readonly #owners = new Set<number>();
	#attempts = 0;
	#places = 0;

	constructor(plan: Plan, world: World, wrap: (account: SeatsObject) => SeatsObject) {
		this.#plan = plan;
		this.#world = world;
		this.#time = world.time as VirtualTime;
		this.#deployment = new Deployment({
			world,
			storeNames: ["kv"],
			tokenTtlSeconds: 3_600,
			onCommit: () => {},
		});
		this.#host = this.#deployment.account(ACCOUNT);
		this.#wrap = wrap;
	}

	async run(): Promise<History> {
		await this.#until(this.#setUp());
		const { crashes, deaths, callers } = this.#plan;
		this.#world.faults = { ...NO_FAULTS, crashChance: () => crashes };
		for (const afterMs of deaths) this.#time.after(afterMs, () => this.#host.abort());
		await this.#until(Promise.all(callers.map((steps) => this.#play(steps))));
		this.#world.faults = NO_FAULTS;
		await this.#until(this.#lookAtEverything());
		await this.#time.runUntil(this.#time.nowMs() + LATE_MS + PATIENCE_MS);
		await this.#until(this.#lookAtEverything());
		const end = this.#now();
		const { deaths: died } = this.#host;
		this.#deployment.close();
		return { calls: this.#finished(end), errors: this.#errors, deaths: died };
	}

	/** Lets time pass until something has happened. */
	async #until(happened: Promise<unknown>): Promise<void> {
		let isOver = false;
		const end = () => {
			isOver = true;
		};
		happened.then(end, (error: unknown) => {
			this.#errors.push(error);
			end();
		});
		while (!isOver) await this.#time.runUntil(this.#time.nowMs() + 1_000);
	}

	async #setUp(): Promise<void> {
		const { seats, lease, uses } = this.#plan;
		const terms = {
			...{ products: [{ product: "crs" }], seats, startsAt: START - DAY, endsAt: START + DAY, graceSeconds: 0 },
			...{ criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0, overage: "refuse" as const },
			...{ kind: lease === 0 ? ("fixed" as const) : ("elastic" as const), leaseSeconds: lease },
		};
		const code = { license: LICENSE, expiresAt: START + DAY, serial: null, model: null };
		await this.#host.call(0, async (account) => {
			await account.create({ ...OPERATOR, id: `acct-${ACCOUNT}000000`, name: "account" });
			await account.createLicense({ ...OPERATOR, id: LICENSE, terms });
			await account.createCode({ ...OPERATOR, ...code, id: "code-a", hash: "hash-a", uses: 1_000 });
			return account.createCode({ ...OPERATOR, ...code, id: "code-b", hash: "hash-b", uses });
		});
	}

	/** One caller. */
	async #play(steps: readonly Step[]): Promise<void> {
		for (const step of steps) {
			await this.#time.pass(step.pauseMs);
			for (const fault of [...step.faults, "none" as const]) {
				const answered = await this.#attempt(this.#inputOf(step.act), step, fault);
				if (answered) break;
			}
		}
	}

	async #lookAtEverything(): Promise<void> {
		const ways = { thereMs: 0, backMs: 0 };
		for (const name of ["taken", "list"] as const) await this.#attempt(this.#inputOf({ name }), ways, "none");
	}

	/** Each attempt brings an id for a device that is not known yet, as the edge makes one for each request. */
	#inputOf(act: Act): SeatCall {
		const times = { now: this.#now(), endedAt: 0 };
		if (act.name === "activate") {
			const candidate = idOf(act.key, ++this.#attempts);
			if (!this.#owners.has(act.key)) this.#devices.set(act.key, candidate);
			return { ...times, ...act, candidate };
		}
		if (!("key" in act)) return { ...times, ...act };
		const { key, ...rest } = act;
		return { ...times, ...rest, device: this.#devices.get(key) ?? idOf(key, 0) };
	}

	/** @returns whether there was an answer */
	async #attempt(input: SeatCall, ways: Pick<Step, "thereMs" | "backMs">, fault: Fault): Promise<boolean> {
		const unanswered = { returned: null, output: undefined, endedAt: null, lapsed: null };
		const call: Recorded = { input, invoked: this.#places++, ...unanswered };
		this.#calls.push(call);
		this.#time.after(LATE_MS + WORK_MS, () => {
			call.lapsed = { place: this.#places, at: this.#now() };
		});
		const patience = this.#time.pass(PATIENCE_MS).then(() => null);
		const output = await Promise.race([this.#send(input, ways, fault), patience]);
		if (output === null) return false;
		call.returned = this.#places++;
		call.output = output;
		call.endedAt = this.#now();
		const [, id] = output.split(" ");
		if (input.name === "activate" && id !== undefined) {
			this.#owners.add(input.key);
			this.#devices.set(input.key, id);
		}
		return true;
	}

	/** @returns null: the caller learns that it failed, not how far it came */
	async #send(input: SeatCall, ways: Pick<Step, "thereMs" | "backMs">, fault: Fault): Promise<string | null> {
		if (fault === "never_arrives") return forever();
		const lateMs = fault === "late" ? this.#world.random.between(PATIENCE_MS, LATE_MS - ways.thereMs) : 0;
		await this.#time.pass(ways.thereMs + lateMs);
		const deaths = this.#host.deaths;
		try {
			const output = await this.#host.call(0, (account) => this.#arrive(account, input, fault));
			await this.#time.pass(ways.backMs);
			return fault === "never_answers" ? forever() : output;
		} catch (error) {
			if (this.#host.deaths === deaths) this.#errors.push(error);
			return null;
		}
	}

	#arrive(account: Account, input: SeatCall, fault: Fault): Promise<string> {
		const host = this.#host;
		if (fault === "dies_before") {
			host.beforeCommit = () => {
				host.beforeCommit = () => {};
				host.abort();
				throw new Error("died before the commit");
			};
		}
		const working = perform(this.#wrap(account), input);
		if (fault === "dies_after") host.abort();
		return working;
	}

	/**
	 * Devices stay for ever, and all were listed at the end. So of an activation without an answer it is known from others'
	 * answers whether it made its device, and between which of them: that keeps the checker from trying all else.
	 */
	#finished(end: number): Call<SeatCall, string>[] {
		return this.#calls.map((call) => {
			const { input, invoked, returned, output } = call;
			const timed = { ...input, endedAt: call.endedAt ?? call.lapsed?.at ?? end };
			if (returned !== null) return { input: timed, invoked, returned, output };
			const lapsed = call.lapsed === null ? {} : { lapsed: call.lapsed.place };
			if (timed.name !== "activate") return { input: timed, invoked, returned, output, ...lapsed };
			const shows = ({ output: shown = "" }: Recorded) => timed.candidate !== null && shown.includes(timed.candidate);
			const seen = this.#calls.filter(shows).toSorted((one, other) => (one.returned ?? 0) - (other.returned ?? 0))[0];
			const without = this.#calls.filter((one) => one.input.name === "list" && one.returned !== null && !shows(one));
			if (seen === undefined) return { input: { ...timed, candidate: null }, invoked, returned, output, ...lapsed };
			return {
				...lapsed,
				input: { ...timed, endedAt: Math.min(timed.endedAt, seen.endedAt ?? end) },
				invoked: Math.max(invoked, ...without.map((list) => list.invoked)),
				returned: seen.returned,
				output,
			};
		});
	}

	#now(): number {
		return Math.floor(this.#time.nowMs() / 1_000);
	}
}

function idOf(key: number, attempt: number): string {
	return `dev-${ACCOUNT}-${String(key).padStart(8, "0")}${String(attempt).padStart(8, "0")}`;
}
