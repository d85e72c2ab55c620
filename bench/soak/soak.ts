// A soak: thousands of firewalls live through a day of publishes, rollouts and license changes in minutes, while objects, stores and the whole
// runtime die and a second version takes over. Then everything is mended, everybody asks once more, and what was acknowledged is looked for.
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { accountObjectName } from "../../src/entitlement/ids.ts";
import { createRandom } from "../../test/simulation/random.ts";
import { inParallel } from "../trial/fleet.ts";
import type { Bundle } from "../workerd/bundle.ts";
import { type Budget, budgetOf, type FaultWindow, injectedShare } from "./budget.ts";
import { readEndState } from "./end-state.ts";
import { activate, ask, type FleetParts, live, type Seat, type SoakFirewall } from "./fleet.ts";
import { judgeEnd, judgeMemory, type MemoryFigures, type MemorySample, type Verdict } from "./judge.ts";
import { createOperator, type Operator, Refused } from "./operator.ts";
import { type At, type Change, type Fault, planSoak, type SoakPlan, type SoakSize } from "./plan.ts";
import { type SoakService, startSoakService } from "./service.ts";
import { LONGEST_DOOM_MS } from "./soak-worker.ts";
import { listenToTraffic, type Traffic } from "./traffic.ts";

export interface SoakOptions extends SoakSize {
	readonly fromPrevious: boolean;
	readonly onProgress: (what: string) => void;
}

export interface SoakResult {
	readonly options: Omit<SoakOptions, "onProgress">;
	readonly stores: string;
	readonly verdict: Verdict;
	/** packages that were not what was promised, and what nobody expects */
	readonly faults: readonly string[];
	readonly memory: MemoryFigures;
	readonly budget: Budget;
	/** of the soak, in which failures are excused */
	readonly injectedShare: number;
	/** how often each was done */
	readonly done: Readonly<Record<string, number>>;
	readonly acknowledged: Readonly<Record<string, number>>;
	/** by route and status */
	readonly answers: ReadonlyMap<string, number>;
	/** by code */
	readonly refusals: ReadonlyMap<string, number>;
	readonly installed: number;
	/** of making the fleet, of the soak, of settling */
	readonly seconds: { readonly begin: number; readonly soak: number; readonly settle: number };
}

const CONNECTIONS = 64;
/** Shorter than workerd keeps one that nothing comes over. */
const IDLE_MS = 4_000;
const ACTIVATED_AT_ONCE = 16;
const SAMPLE_MS = 1_000;
const SETTLE_MS = 120_000;
const SETTLE_PAUSE_MS = 2_000;

/**
 * @param built as of `startSoakService`
 * @throws Error when the service does not start, or refuses what nobody should be refused
 */
export async function runSoak(options: SoakOptions, built?: Bundle): Promise<SoakResult> {
	const plan = planSoak(options);
	const { fromPrevious, onProgress } = options;
	onProgress("starting the service");
	const service = await startSoakService({ checkInterval: plan.interval, fromPrevious, built });
	const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE_MS });
	const traffic = listenToTraffic(service.port, Date.now);
	try {
		return await new Soak(options, plan, service, agent, traffic).run();
	} finally {
		traffic.stop();
		agent.destroy();
		await service.stop();
	}
}

class Soak {
	readonly #options: SoakOptions;
	readonly #plan: SoakPlan;
	readonly #service: SoakService;
	readonly #traffic: Traffic;
	readonly #operator: Operator;
	readonly #parts: FleetParts;
	readonly #faults: string[] = [];
	readonly #refusals = new Map<string, number>();
	readonly #windows: FaultWindow[] = [];
	readonly #done: Record<string, number> = {};
	readonly #memory: MemorySample[] = [];
	#startMs = 0;

	constructor(options: SoakOptions, plan: SoakPlan, service: SoakService, agent: Agent, traffic: Traffic) {
		this.#options = options;
		this.#plan = plan;
		this.#service = service;
		this.#traffic = traffic;
		this.#operator = createOperator(service);
		this.#parts = {
			...{ server: service.url, agent, interval: plan.interval, random: createRandom(options.seed * 4 + 2) },
			onAcknowledged: this.#operator.note,
			onFault: (fault) => void this.#faults.push(fault),
			onRefusal: (code) => void this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1),
		};
	}

	async run(): Promise<SoakResult> {
		const { onProgress, ...options } = this.#options;
		const beginMs = Date.now();
		const fleet = await this.#makeFleet();
		this.#startMs = Date.now();
		const stop = new AbortController();
		const sampling = this.#sample(stop.signal);
		const living = fleet.map((firewall) => live(firewall, this.#parts, stop.signal));
		try {
			await Promise.all([
				this.#inTime(this.#plan.changes, stop.signal, (change) => this.#change(change, fleet)),
				this.#inTime(this.#plan.faults, stop.signal, (fault) => this.#strike(fault, fleet)),
				this.#tell(fleet, stop.signal),
			]);
		} finally {
			stop.abort();
			await Promise.all([...living, sampling]);
		}
		const soakedMs = Date.now();
		const verdict = await this.#settle(fleet);
		const entries = this.#operator.entries;
		return {
			...{ options, stores: this.#service.stores, verdict, faults: this.#faults, done: this.#done },
			memory: judgeMemory(this.#memory),
			budget: budgetOf(this.#traffic.requests(), this.#traffic.failures, this.#windows),
			injectedShare: injectedShare(this.#windows, this.#startMs, soakedMs),
			acknowledged: Object.fromEntries(
				[...Map.groupBy(entries, ({ what }) => what.kind)].map(([kind, all]) => [kind, all.length]),
			),
			...{ answers: this.#traffic.answers, refusals: this.#refusals },
			installed: fleet.reduce((sum, { runs }) => sum + runs.size, 0),
			seconds: {
				begin: Math.round((this.#startMs - beginMs) / 1_000),
				soak: Math.round((soakedMs - this.#startMs) / 1_000),
				settle: Math.round((Date.now() - soakedMs) / 1_000),
			},
		};
	}

	async #makeFleet(): Promise<SoakFirewall[]> {
		const { firewalls, accounts, onProgress } = this.#options;
		onProgress(`activating ${firewalls} firewalls`);
		await this.#operator.furnish(firewalls);
		const seats: Seat[] = [];
		for (let number = 0; number < accounts; number++) {
			seats.push(await this.#operator.makeAccount(number, Math.ceil(firewalls / accounts)));
		}
		const fleet: SoakFirewall[] = [];
		const numbers = Array.from({ length: firewalls }, (_, number) => number);
		await inParallel(numbers, ACTIVATED_AT_ONCE, async (number) => {
			const seat = seats[number % accounts];
			if (seat !== undefined) fleet[number] = await activate(this.#parts, seat, number);
		});
		return fleet;
	}

	/** One after the other: what takes longer than it may holds up those of its list alone. */
	async #inTime<T>(list: readonly At<T>[], signal: AbortSignal, work: (what: T) => Promise<void>): Promise<void> {
		for (const { ms, what } of list) {
			await sleep(Math.max(0, this.#startMs + ms - Date.now()), undefined, { signal }).catch(() => {});
			if (signal.aborted) return;
			await work(what);
		}
	}

	async #change(change: Change, fleet: readonly SoakFirewall[]): Promise<void> {
		try {
			await this.#operator.make(change, fleet);
			this.#count(change.do);
		} catch (error) {
			// As when too many rollouts are under way: it was not acknowledged.
			if (!(error instanceof Refused) || error.status !== 409) throw error;
			this.#count(`${change.do} refused`);
		}
	}

	async #strike(fault: Fault, fleet: readonly SoakFirewall[]): Promise<void> {
		this.#count("isUp" in fault ? `${fault.do} ${fault.isUp ? "back" : "cut"}` : fault.do);
		switch (fault.do) {
			case "kv":
			case "redis": {
				if (!fault.isUp) this.#windows.push({ what: fault.do, fromMs: Date.now(), toMs: null });
				if (fault.do === "redis") await this.#service.setRedis(fault.isUp);
				else await this.#service.order({ do: "kv", isUp: fault.isUp });
				const window = this.#windows.findLast(({ what }) => what === fault.do);
				if (fault.isUp && window !== undefined) window.toMs = Date.now();
				return;
			}
			case "kill": {
				const { kind, after } = fault;
				const account = accountObjectName(fleet[fault.account % fleet.length]?.account ?? "");
				const name = { ACCOUNT: account, PRODUCT: "rules", DIRECTORY: "directory" }[kind];
				const fromMs = Date.now();
				this.#windows.push({ what: "kill", fromMs, toMs: fromMs + LONGEST_DOOM_MS });
				return this.#service.order({ do: "kill", kind, name, after });
			}
			case "crash":
			case "deploy": {
				const window: FaultWindow = { what: fault.do, fromMs: Date.now(), toMs: null };
				this.#windows.push(window);
				await this.#service[fault.do]();
				window.toMs = Date.now();
				// The new runtime's way to KV is whole: it is cut again where it was.
				if (this.#isCut("kv")) await this.#service.order({ do: "kv", isUp: false });
			}
		}
	}

	#isCut(store: string): boolean {
		return this.#windows.some(({ what, toMs }) => what === store && toMs === null);
	}

	#count(what: string): void {
		this.#done[what] = (this.#done[what] ?? 0) + 1;
	}

	async #sample(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			const bytes = await this.#service.resident();
			if (bytes !== null) this.#memory.push({ ms: Date.now() - this.#startMs, bytes, run: this.#service.runs() });
			await sleep(SAMPLE_MS, undefined, { signal }).catch(() => {});
		}
	}

	/** Until the time of the plan is over. */
	async #tell(fleet: readonly SoakFirewall[], signal: AbortSignal): Promise<void> {
		const endMs = this.#startMs + this.#plan.ms;
		while (Date.now() < endMs && !signal.aborted) {
			const seconds = Math.round((Date.now() - this.#startMs) / 1_000);
			const installed = fleet.filter(({ runs }) => runs.size > 0).length;
			this.#options.onProgress(`second ${seconds}: ${this.#traffic.requests()} requests, ${installed} have something`);
			await sleep(Math.max(0, Math.min(10_000, endMs - Date.now())), undefined, { signal }).catch(() => {});
		}
	}

	/** Everybody asks once more, in full, until the service has caught up with what it was told or takes too long. */
	async #settle(fleet: readonly SoakFirewall[]): Promise<Verdict> {
		const endMs = Date.now() + SETTLE_MS;
		for (;;) {
			this.#options.onProgress("everybody asks once more");
			await inParallel(fleet, CONNECTIONS, async (firewall) => {
				await firewall.session.home.forget("lastCheck");
				await ask(firewall, this.#parts);
			});
			await sleep(SETTLE_PAUSE_MS);
			this.#options.onProgress("looking for all that was acknowledged");
			const verdict = judgeEnd(this.#operator.entries, await readEndState(this.#operator, this.#service, fleet));
			const isClean = verdict.lost.length === 0 && verdict.wrong.length === 0;
			if (isClean || Date.now() >= endMs) return verdict;
			this.#options.onProgress(`not yet: ${[...verdict.lost, ...verdict.wrong].slice(0, 2).join("; ")}`);
		}
	}
}
