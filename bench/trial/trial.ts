// A trial: a good release goes fully out, then one that kills devices silently, then one that fails aloud, over real HTTP to real
// objects and stores, while these die. Time is the trial's own, minute by minute, and passes as fast as everybody has asked.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accountObjectName } from "../../src/entitlement/ids.ts";
import type { Plan } from "../../src/rollout/plan.ts";
import { createRandom, type Random } from "../../test/simulation/random.ts";
import type { Bundle } from "../workerd/bundle.ts";
import { type Chaos, createChaos } from "./chaos.ts";
import { ask, type Effect, type FleetSize, inParallel, makeFleet, type TrialDevice } from "./fleet.ts";
import { createOperator, type Operator, PRODUCT, type RolloutSeen } from "./operator.ts";
import { trialPlan } from "./plan.ts";
import { startTrialService, type TrialService } from "./service.ts";
import { startWitness, type Witness } from "./witness.ts";

export interface TrialOptions extends FleetSize {
	readonly seed: number;
	/** whether anything is killed or cut */
	readonly chaos: boolean;
	/** part of the devices that the two bad releases break */
	readonly breaks: number;
	/** told what happens */
	readonly onProgress: (what: string) => void;
}

/** A lease as the product keeps it; unix seconds. */
export interface LeaseRow {
	readonly unit: string;
	readonly device: string;
	readonly step: number;
	readonly at: number;
	readonly counts: 0 | 1;
	readonly outcome: "healthy" | "failed" | "silent" | "excused" | null;
	readonly outcomeAt: number | null;
}

/** What became of one release. Unix seconds. */
export interface ReleaseCourse {
	readonly version: string;
	readonly kind: "good" | "silent" | "loud";
	readonly end: RolloutSeen;
	readonly leases: readonly LeaseRow[];
	readonly startedAt: number;
	/** null = it ended otherwise, or never */
	readonly haltedAt: number | null;
	/** the first device that it broke */
	readonly firstBrokenAt: number | null;
	readonly broken: number;
	/** devices that had it, broken or not */
	readonly reached: number;
	readonly revertOrderedAt: number | null;
	/** no living device has it any more */
	readonly revertedAt: number | null;
}

export interface TrialCourse {
	readonly options: Omit<TrialOptions, "onProgress">;
	readonly plan: Plan;
	readonly stores: string;
	readonly releases: readonly ReleaseCourse[];
	readonly witness: Pick<Witness, "answers" | "permits" | "lost">;
	readonly units: ReadonlyMap<string, string>;
	readonly chaos: Chaos["done"] & { readonly deaths: number };
	/** seconds of the trial's own time, and of the machine's */
	readonly seconds: { readonly virtual: number; readonly real: number };
}

const TICK_MS = 60_000;
const ASK_AT_ONCE = 12;
/** Hours of the trial's time, after which a rollout that has not ended is given up. */
const LONGEST_HOURS = 12;
const LOST_ANSWERS = 0.01;
const BASE = "1.0.0";

/**
 * @param built as of `startTrialService`
 * @throws Error when the service does not start, or refuses what nobody should be refused
 */
export async function runTrial(options: TrialOptions, built?: Bundle): Promise<TrialCourse> {
	const folder = await mkdtemp(join(tmpdir(), "parapet-trial-fleet-"));
	const stops: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })];
	try {
		return await new Trial(options, folder, stops).run(built);
	} finally {
		for (let next = stops.pop(); next !== undefined; next = stops.pop()) await next();
	}
}

class Trial {
	readonly #options: TrialOptions;
	readonly #folder: string;
	readonly #stops: (() => Promise<void>)[];
	readonly #effects = new Map<string, ReleaseCourse["kind"]>();
	readonly #shas = new Map<string, string>();
	#devices: readonly TrialDevice[] = [];
	#aheadMs = 0;
	/** part of the answers; nothing is lost while the fleet is made */
	#losing = 0;

	constructor(options: TrialOptions, folder: string, stops: (() => Promise<void>)[]) {
		this.#options = options;
		this.#folder = folder;
		this.#stops = stops;
	}

	readonly #nowMs = () => Date.now() + this.#aheadMs;
	readonly #now = () => Math.floor(this.#nowMs() / 1_000);

	async run(built?: Bundle): Promise<TrialCourse> {
		const { onProgress, ...options } = this.#options;
		const startMs = performance.now();
		let target = new URL("http://127.0.0.1");
		const witness = await startWitness(() => target, {
			...{ nowMs: this.#nowMs, random: this.#randomOf(1), losing: () => this.#losing },
			dies: (id, version) => this.#dies(id, version),
		});
		this.#stops.push(witness.close);
		onProgress("starting the service");
		const service = await startTrialService(witness.url, built);
		this.#stops.push(service.stop);
		target = new URL(service.url);
		const operator = createOperator(service.url, service.bootstrapKey);
		const units = options.devices - options.pairs;
		const plan = trialPlan(units);
		await operator.makeProduct(plan);
		onProgress(`activating ${options.devices} devices`);
		const fleetParts = { operator, witness, folder: this.#folder, nowMs: this.#nowMs, random: this.#randomOf(2) };
		this.#devices = await makeFleet(options, fleetParts);
		if (options.chaos) this.#losing = LOST_ANSWERS;
		const accounts = [...new Set(this.#devices.map(({ id }) => accountObjectName(id)))];
		const chaos = createChaos(service, accounts, this.#randomOf(3));
		const world = { service, operator, witness, chaos, startedMs: this.#nowMs() };
		await this.#spreadBase(world);
		const releases: ReleaseCourse[] = [];
		for (const [version, kind] of [
			["2.0.0", "good"],
			["3.0.0", "silent"],
			["4.0.0", "loud"],
		] as const)
			releases.push(await this.#release(world, version, kind));
		const { deaths } = await service.order<{ deaths: number }>({ do: "look", product: PRODUCT, version: BASE });
		return {
			...{ options, plan, releases, witness, stores: service.stores },
			units: new Map(this.#devices.map(({ id, unit }) => [id, unit])),
			chaos: { ...chaos.done, deaths },
			seconds: {
				virtual: Math.round((this.#nowMs() - world.startedMs) / 1_000),
				real: Math.round((performance.now() - startMs) / 1_000),
			},
		};
	}

	/** Every device has a release to go back to. */
	async #spreadBase(world: World): Promise<void> {
		this.#shas.set(await world.operator.publish(BASE, "immediate"), BASE);
		await this.#until(
			world,
			BASE,
			"every device gets its first release",
			async () => this.#has(BASE) === this.#living(),
		);
	}

	async #release(world: World, version: string, kind: ReleaseCourse["kind"]): Promise<ReleaseCourse> {
		const { operator, service, chaos, witness } = world;
		this.#effects.set(version, kind);
		this.#shas.set(await operator.publish(version), version);
		const startedAt = this.#now();
		let end: RolloutSeen | null = null;
		await this.#until(world, version, `${version} (${kind})`, async () => {
			if (this.#options.chaos) await chaos.strike();
			const seen = await operator.see(version);
			if (seen === null) return false;
			end = seen;
			await operator.giveWords(
				version,
				seen,
				this.#devices.some(({ brokenAt }) => brokenAt.has(version)),
			);
			return seen.phase === "halted" || (seen.phase === "done" && this.#has(version) === this.#living());
		});
		await chaos.mend();
		const seen = end as RolloutSeen | null;
		if (seen === null) throw new Error(`the rollout of ${version} was never seen`);
		const { leases } = await service.order<{ leases: LeaseRow[] }>({ do: "look", product: PRODUCT, version });
		const brokenAt = this.#devices.flatMap(({ brokenAt: at }) => at.get(version) ?? []);
		const reached = new Set(leases.map(({ device }) => device)).size;
		const common = {
			...{ version, kind, end: seen, leases, startedAt, reached },
			...{ broken: brokenAt.length, firstBrokenAt: brokenAt.length === 0 ? null : Math.min(...brokenAt) },
			haltedAt: seen.phase === "halted" ? Math.floor(Date.parse(seen.since) / 1_000) : null,
		};
		if (seen.phase !== "halted") return { ...common, revertOrderedAt: null, revertedAt: null };
		const revertOrderedAt = this.#now();
		await operator.revert(version);
		await this.#until(world, version, `reverting ${version}`, async () => {
			if (this.#options.chaos) await chaos.strike();
			return this.#has(version) === 0;
		});
		await chaos.mend();
		const revertedAt = this.#now();
		// The dead are taken out of service, as somebody does who drives there.
		for (const { id } of this.#devices.filter(({ isDown }) => isDown)) {
			await operator.revoke(id);
			witness.forget(id);
		}
		return { ...common, revertOrderedAt, revertedAt };
	}

	/** Minute by minute, until it is so or has taken too long. */
	async #until(world: World, version: string, what: string, isSo: () => Promise<boolean>): Promise<void> {
		const endMs = this.#nowMs() + LONGEST_HOURS * 3_600_000;
		let minutes = 0;
		while (this.#nowMs() < endMs) {
			await this.#passMinute(world);
			if (minutes++ % 10 === 0)
				this.#options.onProgress(
					`${what}: minute ${minutes}, ${this.#has(version)} of ${this.#living()} have ${version}`,
				);
			if (await isSo()) return;
		}
	}

	async #passMinute({ service }: World): Promise<void> {
		this.#aheadMs += TICK_MS;
		await service.order({ do: "clock", nowMs: this.#nowMs() });
		const due = this.#devices.filter(({ isDown, nextAskMs }) => !isDown && nextAskMs <= this.#nowMs());
		await inParallel(due, ASK_AT_ONCE, (device) =>
			ask(device, this.#nowMs, (of, sha256) => this.#effectOf(of.id, this.#shas.get(sha256) ?? BASE)),
		);
	}

	/** Of the seed, the release and the device alone. */
	#effectOf(id: string, version: string): Effect {
		const kind = this.#effects.get(version) ?? "good";
		if (kind === "good") return "runs";
		const number = this.#devices.findIndex((device) => device.id === id);
		const isBroken = createRandom(this.#options.seed * 7_919 + number * 31 + Number.parseInt(version, 10)).chance(
			this.#options.breaks,
		);
		if (!isBroken) return "runs";
		return kind === "silent" ? "dies" : "fails";
	}

	/** In the moment in which a device would report on a release that kills it. */
	#dies(id: string, version: string): boolean {
		const device = this.#devices.find((one) => one.id === id);
		if (device === undefined || this.#effectOf(id, version) !== "dies") return false;
		device.brokenAt.set(version, this.#now());
		device.isDown = true;
		device.version = version;
		return true;
	}

	/** What happens at once takes turns in no order: each has random numbers of its own. */
	#randomOf(part: number): Random {
		return createRandom(this.#options.seed * 16 + part);
	}

	#living(): number {
		return this.#devices.filter(({ isDown }) => !isDown).length;
	}

	#has(version: string): number {
		return this.#devices.filter((device) => !device.isDown && device.version === version).length;
	}
}

interface World {
	readonly service: TrialService;
	readonly operator: Operator;
	readonly witness: Witness;
	readonly chaos: Chaos;
	readonly startedMs: number;
}
