// A product that dies in the middle of anything, whose callers ask again or not, whose clocks go back and whose devices change groups
// in the middle: no step ever has a permit too many, no two devices that stay in a group are under way at once, what the edges are
// told is what the rollout is, and the log replays to its state.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Alarm } from "../../../../../src/objects/alarm.ts";
import type { Change } from "../../../../../src/objects/audit.ts";
import { ProductTables } from "../../../../../src/objects/product/product-tables.ts";
import { ControlTables } from "../../../../../src/objects/product/rollouts/control-tables.ts";
import { LeaseTables } from "../../../../../src/objects/product/rollouts/lease-tables.ts";
import { RolloutDesk } from "../../../../../src/objects/product/rollouts/rollout-desk.ts";
import { RolloutTables } from "../../../../../src/objects/product/rollouts/rollout-tables.ts";
import { PRODUCT_SCHEMA } from "../../../../../src/objects/product/schema.ts";
import { RAPID } from "../../../../../src/rollout/built-in-plans.ts";
import { allFailures, openLeases } from "../../../../../src/rollout/evidence.ts";
import { REPORTED, type Reported } from "../../../../../src/rollout/lease.ts";
import type { Plan } from "../../../../../src/rollout/plan.ts";
import { reachOf } from "../../../../../src/rollout/reach.ts";
import { verifyLog } from "../../../../../src/rollout/rollout-log.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../../support/runs.ts";

const VERSION = "2.0.0";
const START = 1_795_000_000;
/** Two devices each: the units of the first steps come from them. */
const GROUPS = 4;

/** Steps that are quickly through, and let some failures pass, so that most courses have permits to give. */
const BRISK: Plan = {
	name: "brisk",
	overrides: 1,
	steps: [{ units: 2 }, { units: 5 }, { fraction: 0.9, ramp: 600 }, { fraction: 1 }].map((cohort, index) => ({
		...{ name: `step-${index}`, cohort, bake: 60, fillWithin: 1_200, expect: 600, lease: 1_200 },
		gate: { kind: "count", maxFailures: 2 * index + 1, minHealthy: 1 },
		approvals: { team: null, count: index === 1 ? 1 : 0 },
	})),
};

/** Two devices of one account each. */
const deviceOf = (number: number) => `dev-${String(number >> 1).padStart(10, "0")}-${String(number).padStart(16, "0")}`;

type Step =
	| { readonly kind: "permit" | "giveUp"; readonly device: number }
	/** goes over to another group, or out of all */
	| { readonly kind: "move"; readonly device: number; readonly group: number | null }
	| { readonly kind: "report"; readonly device: number; readonly reported: Reported }
	| { readonly kind: "word"; readonly by: string; readonly what: "approve" | "override" | "resume" }
	| { readonly kind: "halt" }
	| { readonly kind: "wait"; readonly seconds: number };

const anyDevice = fc.nat(GROUPS * 2 - 1);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 8, arbitrary: fc.record({ kind: fc.constant("permit" as const), device: anyDevice }) },
	{
		weight: 8,
		arbitrary: fc.record({
			kind: fc.constant("report" as const),
			device: anyDevice,
			reported: fc.constantFrom<Reported>(...Array.from({ length: 12 }, () => "healthy" as const), ...REPORTED),
		}),
	},
	{
		weight: 5,
		arbitrary: fc.record({
			kind: fc.constant("word" as const),
			by: fc.constantFrom("olivia", "peter", "ci"),
			what: fc.constantFrom(
				"approve" as const,
				"approve" as const,
				"override" as const,
				"resume" as const,
				"resume" as const,
			),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant("giveUp" as const), device: anyDevice }) },
	{
		weight: 5,
		arbitrary: fc.record({
			kind: fc.constant("move" as const),
			device: anyDevice,
			group: fc.option(fc.nat(GROUPS - 1)),
		}),
	},
	// A clock that is set: alone it is no step, but what follows it sees another time.
	{
		weight: 1,
		arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: -10_000, max: -1 }) }),
	},
	{ weight: 1, arbitrary: fc.constant({ kind: "halt" as const }) },
	{
		weight: 5,
		arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 1, max: 4_000 }) }),
	},
);
/** `diesAt`: the statement in which the object dies; null = it lives. Its caller asks again where `isRetried`. */
const anyCourse = fc.record({
	plan: fc.constantFrom(RAPID, BRISK, BRISK, BRISK),
	steps: fc.array(fc.record({ step: anyStep, diesAt: fc.option(fc.nat(25), { freq: 2 }), isRetried: fc.boolean() }), {
		minLength: 20,
		maxLength: 80,
		size: "max",
	}),
});

class Death extends Error {}

/** A product's rollouts on a database that outlives them. */
class World {
	readonly database = new DatabaseSync(":memory:");
	readonly gone = new Set<string>();
	/** devices that said something after their place had gone to another */
	readonly late = new Set<string>();
	/** devices that have changed their group: the one that they left waits for them no more */
	readonly moved = new Set<string>();
	/** the unit of each device now */
	readonly units = Array.from({ length: GROUPS * 2 }, (_, device) => `hag-${device >> 1}`);
	now = START;
	deaths = 0;
	#left = Number.POSITIVE_INFINITY;
	releases: ProductTables;
	rollouts: RolloutTables;
	desk: RolloutDesk;

	constructor(plan: Plan) {
		for (const statement of PRODUCT_SCHEMA.tables) this.database.exec(statement);
		({ releases: this.releases, rollouts: this.rollouts, desk: this.desk } = this.#wake());
		const by = this.by("ci");
		this.releases.insertProduct({
			...{ name: "crs", title: "crs", versionOrder: "vendor", createdAt: START, revision: 0, plan: RAPID },
			...{
				betaPlan: null,
				team: null,
				twoPeople: false,
				sizeBounds: null,
				healthLimits: null,
				signing: "optional",
				freezes: [],
				role: null,
				entitled: "licensed",
				classApprovals: null,
			},
		});
		this.releases.insertPackage(VERSION, { sha256: "a".repeat(64), size: 1, name: "crs.tar" }, START, "ci");
		this.releases.publish(
			VERSION,
			{ notes: "", urgency: "routine", models: null, engine: {}, entries: null },
			"stable",
			START,
		);
		this.desk.start(by, { version: VERSION, channel: "stable", plan, salt: "salt", startsAt: 0 });
	}

	by(actor: string): Change {
		return { actor, now: this.now };
	}

	#storage(): DurableObjectStorage {
		const sql = {
			exec: (query: string, ...values: SQLInputValue[]) => {
				if (this.#left-- <= 0) throw new Death();
				const rows = this.database.prepare(query).all(...values);
				return { toArray: () => rows, one: () => rows[0] };
			},
		};
		const transactionSync = <T>(work: () => T): T => {
			this.database.exec("BEGIN");
			try {
				const result = work();
				this.database.exec("COMMIT");
				return result;
			} catch (error) {
				this.database.exec("ROLLBACK");
				throw error;
			}
		};
		const alarms = { setAlarm: async () => {}, deleteAlarm: async () => {}, getAlarm: async () => null };
		return { sql, transactionSync, ...alarms } as unknown as DurableObjectStorage;
	}

	#wake() {
		const storage = this.#storage();
		const releases = new ProductTables(storage.sql);
		const rollouts = new RolloutTables(storage.sql);
		const desk = new RolloutDesk({
			...{
				storage,
				releases,
				rollouts,
				leases: new LeaseTables(storage.sql),
				controls: new ControlTables(storage.sql),
				isHeld: () => false,
			},
			// It rings below.
			alarm: { add: () => {}, setWithin: () => {} } as unknown as Alarm,
			tell: () => {},
			tellUnhealthy: () => {},
			publish: () => {},
			givenUp: async (ended) => new Set(ended.map(({ device }) => device).filter((device) => this.gone.has(device))),
			service: (now) => ({ actor: "service", now }),
			deliver: () => {},
		});
		this.releases = releases;
		this.rollouts = rollouts;
		this.desk = desk;
		return { releases, rollouts, desk, storage };
	}

	/** Rings as long as something is due. */
	async ring(): Promise<void> {
		let rings = 0;
		for (let due = this.desk.dueMs(); due !== null && due <= this.now * 1_000; due = this.desk.dueMs()) {
			await this.desk.run(due);
			// Each ring has something to do: an alarm that rings for ever would cost without end.
			expect(rings++).toBeLessThan(50);
		}
	}

	async carryOut(step: Step, diesAt: number | null): Promise<boolean> {
		this.#left = diesAt ?? Number.POSITIVE_INFINITY;
		try {
			const { storage } = step.kind === "wait" ? { storage: null } : this.#wake();
			const work = () => this.#once(step);
			if (storage !== null) storage.transactionSync(work);
			await this.ring();
			return true;
		} catch (error) {
			if (!(error instanceof Death)) throw error;
			this.deaths += 1;
			return false;
		} finally {
			this.#left = Number.POSITIVE_INFINITY;
			this.#wake();
		}
	}

	leaseAt(device: string): number {
		return this.rows<{ at: number }>(`SELECT at FROM leases WHERE device = '${device}'`)[0]?.at ?? 0;
	}

	#once(step: Step): void {
		const of = (device: number) => ({ version: VERSION, device: deviceOf(device), now: this.now });
		switch (step.kind) {
			case "permit": {
				const before = this.rollouts.rollout(VERSION)?.phase ?? "ended";
				const unit = this.units[step.device] ?? "";
				const peers = this.units.flatMap((one, device) =>
					one === unit && device !== step.device ? deviceOf(device) : [],
				);
				const open = this.rows<{ device: string }>("SELECT device FROM leases WHERE outcome IS NULL");
				const { ok } = this.desk.permit({
					...of(step.device),
					unit,
					peers,
					model: `FW-${step.device % 3}`,
					channel: "stable",
				});
				if (["halted", "ended"].includes(before)) expect(ok).toBe(false);
				// Of the group as it is now; once everybody may have the release, its account alone sees to that.
				if (before !== "done" && open.some(({ device }) => peers.includes(device))) expect(ok).toBe(false);
				return;
			}
			case "report":
				if (
					this.rows(`SELECT 1 FROM leases WHERE device = '${deviceOf(step.device)}' AND outcome = 'excused'`).length > 0
				)
					this.late.add(deviceOf(step.device));
				this.desk.report({
					...of(step.device),
					lease: this.leaseAt(deviceOf(step.device)),
					reported: step.reported,
					detail: null,
				});
				return;
			case "word": {
				const rollout = this.rollouts.rollout(VERSION);
				if (rollout === null) return;
				const failures = allFailures(this.desk.evidence(VERSION, rollout, this.now));
				const seen = { hash: "", failures, verdict: "abort" } as const;
				const word = { kind: step.what, step: rollout.step, by: step.by, team: null, at: this.now, seen };
				this.desk.approve(this.by(step.by), VERSION, word);
				return;
			}
			case "halt":
				this.desk.halt(this.by("olivia"), VERSION, "odd");
				return;
			case "move":
				this.moved.add(deviceOf(step.device));
				this.units[step.device] = step.group === null ? deviceOf(step.device) : `hag-${step.group}`;
				return;
			case "giveUp":
				this.gone.add(deviceOf(step.device));
				return;
			case "wait":
				return;
		}
	}

	rows<T>(query: string): T[] {
		return this.database.prepare(query).all() as T[];
	}

	check(): void {
		const rollout = this.rollouts.rollout(VERSION);
		if (rollout === null) throw new Error("the rollout is gone");
		const { reach } = this.rows<{ reach: string | null }>("SELECT reach FROM releases")[0] ?? { reach: null };
		expect(reach === null ? null : JSON.parse(reach)).toEqual(reachOf(rollout));
		const open = this.rows<{ device: string; unit: string; step: number; counts: number }>(
			"SELECT * FROM leases WHERE outcome IS NULL",
		);
		const ofStayers = open.filter(({ device }) => !this.moved.has(device));
		expect(new Set(ofStayers.map(({ unit }) => unit)).size).toBe(ofStayers.length);
		this.rollouts.counts(VERSION).forEach((counts, step) => {
			expect(openLeases(counts)).toBe(open.filter((lease) => lease.step === step && lease.counts === 1).length);
			const { cohort } = rollout.plan.steps[step] ?? {};
			if (cohort === undefined || !("units" in cohort)) return;
			const given = this.rows<{ device: string; outcome: string | null }>(
				`SELECT device, outcome FROM leases WHERE step = ${step} AND counts = 1 AND outcome IS NOT 'excused'`,
			);
			// Whoever fails after it gave its place to another counts as one more: that is no permit too many.
			const inTime = given.filter(({ device, outcome }) => outcome !== "failed" || !this.late.has(device));
			expect(inTime.length).toBeLessThanOrEqual(cohort.units);
		});
	}
}

describe("a product that dies in the middle of anything", () => {
	it("gives no permit too many, and is what its log says", { timeout: RUNS_TIMEOUT_MS }, async () => {
		let deaths = 0;
		await fc.assert(
			fc.asyncProperty(anyCourse, async ({ plan, steps }) => {
				const world = new World(plan);
				for (const { step, diesAt, isRetried } of steps) {
					if (step.kind === "wait") world.now += step.seconds;
					const isDone = await world.carryOut(step, diesAt);
					world.check();
					// Whoever had no answer asks again, as clients do; some give up.
					if (!isDone && isRetried) await world.carryOut(step, null);
					world.check();
				}
				deaths += world.deaths;
				await world.desk.chain(VERSION);
				const entries = world.rollouts.entries(VERSION, 0, 1_000);
				expect(await verifyLog(entries)).toEqual({ ok: true, rollout: world.rollouts.rollout(VERSION) });
				world.database.close();
			}),
			{ numRuns: runs(80, 1_000) },
		);
		// Enough that each kind of step has died at each of its statements.
		expect(deaths).toBeGreaterThan(runs(400, 5_000));
	});
});
