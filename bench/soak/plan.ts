// What happens in a soak and when, all of it chosen by the seed: what publishers and operators do, and what dies. A day of the reference's
// publishes (docs/benchmarks.md, "What a month costs") in the minutes there are; the last fifth is quiet, so that everything can settle. Pure.
import type { Plan } from "../../src/rollout/plan.ts";
import { createRandom, type Random } from "../../test/simulation/random.ts";
import type { ObjectKind } from "./soak-worker.ts";

export interface SoakSize {
	readonly minutes: number;
	readonly firewalls: number;
	readonly accounts: number;
	readonly seed: number;
}

/** `threats` goes to everybody at once, `rules` by the steps of `soakPlan`. */
export const PRODUCTS = ["threats", "rules"] as const;
export type Product = (typeof PRODUCTS)[number];

/** Accounts and firewalls by their numbers, from 0. */
export type Change =
	| { readonly do: "publish"; readonly product: Product; readonly version: string }
	/** the newest that is not withdrawn, if there is one before it */
	| { readonly do: "withdraw"; readonly product: Product }
	| {
			readonly do: "license";
			readonly account: number;
			readonly products: readonly Product[];
			readonly isHeld: boolean;
	  }
	| { readonly do: "device"; readonly firewall: number; readonly status: "suspended" | "active" }
	| { readonly do: "message"; readonly number: number };

export type Fault =
	/** an object dies before the statement after so many further ones, or seconds later */
	| { readonly do: "kill"; readonly kind: ObjectKind; readonly account: number; readonly after: number }
	| { readonly do: "kv" | "redis"; readonly isUp: boolean }
	/** the whole runtime is killed, and started again with what it had stored */
	| { readonly do: "crash" }
	/** the second version takes over */
	| { readonly do: "deploy" };

export interface At<T> {
	/** from the beginning */
	readonly ms: number;
	readonly what: T;
}

export interface SoakPlan {
	readonly ms: number;
	/** seconds between two checks of a firewall, on average */
	readonly interval: number;
	/** in the order of their times, as the faults are */
	readonly changes: readonly At<Change>[];
	readonly faults: readonly At<Fault>[];
}

const MINUTE_MS = 60_000;
/** Of five products in a day; fewer where there is no time for everybody to have asked twice in between. */
const MOST_PUBLISHES = 20;
/** What one machine is asked, whatever the fleet. */
const CHECKS_PER_SECOND = 250;
/** The service knows no shorter interval. */
const SHORTEST_INTERVAL = 5;
const KILLS_PER_MINUTE = 3;
const OUTAGES = 3;
const CRASHES = 2;
/** Of the whole time. */
const [CHANGES_FROM, CHANGES_TO] = [0.02, 0.75];
const [FAULTS_FROM, FAULTS_TO] = [0.05, 0.8];
const OUTAGE = 0.03;
const DEPLOY = 0.5;
/** How long something is taken away before it is given back. */
const TAKEN = 0.08;

export function planSoak({ minutes, firewalls, accounts, seed }: SoakSize): SoakPlan {
	const ms = Math.round(minutes * MINUTE_MS);
	const interval = Math.max(SHORTEST_INTERVAL, Math.round(firewalls / CHECKS_PER_SECOND));
	const random = createRandom(seed * 4 + 1);
	const number = (below: number) => Math.floor(random.between(0, below));
	const changes = [
		...publishes(ms, interval),
		...spread(random, ms, 2, CHANGES_FROM + 0.2, CHANGES_TO, (_, index) => [
			{ do: "withdraw" as const, product: PRODUCTS[index % 2] ?? "threats" },
		]),
		// Products go and come back, or the license is held; the last account is left without `rules`.
		...spread(random, ms, Math.min(accounts, 6), CHANGES_FROM, CHANGES_TO - TAKEN, (_, index) => {
			const account = Math.floor((index * accounts) / Math.min(accounts, 6));
			const whole = { do: "license" as const, account, products: PRODUCTS, isHeld: false };
			const taken = index % 2 === 0 ? { ...whole, products: ["threats"] as const } : { ...whole, isHeld: true };
			return index === 0 && accounts > 1 ? [taken] : [taken, whole];
		}),
		...spread(random, ms, Math.min(firewalls, 8), CHANGES_FROM, CHANGES_TO - TAKEN, (_, index) => {
			const firewall = Math.floor((index * firewalls) / Math.min(firewalls, 8));
			const suspended = { do: "device" as const, firewall, status: "suspended" as const };
			return index % 2 === 0 ? [suspended, { ...suspended, status: "active" as const }] : [suspended];
		}),
		...spread(random, ms, 3, CHANGES_FROM, CHANGES_TO, (_, index) => [{ do: "message" as const, number: index }]),
	];
	const kills = Math.max(2, Math.round(minutes * KILLS_PER_MINUTE));
	const faults = [
		...spread(random, ms, kills, FAULTS_FROM, FAULTS_TO, () => [
			{
				do: "kill" as const,
				kind: random.pick<ObjectKind>(["ACCOUNT", "ACCOUNT", "PRODUCT", "PRODUCT", "DIRECTORY"]),
				account: number(accounts),
				after: number(20),
			},
		]),
		// In turn, so that one of the two stores at least is there.
		...Array.from({ length: 2 * OUTAGES }, (_, index): At<Fault>[] => {
			const store = index % 2 === 0 ? "redis" : "kv";
			const from = FAULTS_FROM + ((index + 0.5) * (FAULTS_TO - FAULTS_FROM - OUTAGE)) / (2 * OUTAGES);
			return [
				{ ms: ms * from, what: { do: store, isUp: false } },
				{ ms: ms * (from + OUTAGE), what: { do: store, isUp: true } },
			];
		}).flat(),
		...spread(random, ms, CRASHES, FAULTS_FROM, FAULTS_TO, () => [{ do: "crash" as const }]),
		{ ms: ms * DEPLOY, what: { do: "deploy" as const } },
	];
	return { ms, interval, changes: inOrder(changes), faults: inOrder(faults) };
}

function publishes(ms: number, interval: number): At<Change>[] {
	const room = Math.floor((ms * (CHANGES_TO - CHANGES_FROM)) / (2 * interval * 1_000));
	const count = Math.min(Math.max(room, PRODUCTS.length), MOST_PUBLISHES);
	const each = (CHANGES_TO - CHANGES_FROM) / count;
	return Array.from({ length: count }, (_, index) => ({
		ms: ms * (CHANGES_FROM + each * index),
		what: {
			do: "publish" as const,
			product: PRODUCTS[index % PRODUCTS.length] ?? "threats",
			version: `${Math.floor(index / PRODUCTS.length) + 2}.0.0`,
		},
	}));
}

/** So many times something, at random in as many equal parts of the time; what follows on the first comes `TAKEN` later. */
function spread<T>(
	random: Random,
	ms: number,
	count: number,
	from: number,
	to: number,
	make: (random: Random, index: number) => readonly T[],
): At<T>[] {
	return Array.from({ length: count }, (_, index) => {
		const at = from + ((index + random.next()) * (to - from)) / count;
		return make(random, index).map((what, later) => ({ ms: ms * (at + later * TAKEN), what }));
	}).flat();
}

function inOrder<T>(list: readonly At<T>[]): At<T>[] {
	return list.toSorted((one, other) => one.ms - other.ms);
}

/** Five units, seconds of looking, then everybody; nobody is asked. */
export function soakPlan(firewalls: number): Plan {
	const common = { fillWithin: 60, expect: 60, lease: 600, approvals: { team: null, count: 0 } };
	return {
		name: "soak",
		overrides: 1,
		steps: [
			{
				...{ name: "few", ...common, bake: 1 },
				cohort: { units: Math.min(5, Math.max(1, Math.floor(firewalls / 2))) },
				gate: { kind: "count", maxFailures: 3, minHealthy: 1 },
			},
			{
				...{ name: "everybody", ...common, bake: 0, fillWithin: null },
				cohort: { fraction: 1 },
				gate: { kind: "count", maxFailures: 100, minHealthy: 0 },
			},
		],
	};
}
