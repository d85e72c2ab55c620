// How leases of a Product's rollouts end: by a word of the device, without one when their time is over, and as rows that nobody needs
// any more. Counts each end; what the counts mean for a rollout is decided in rollout-desk.ts.
import { accountObjectName } from "../../../entitlement/ids.ts";
import {
	decideReport,
	type EndedLease,
	endLease,
	type Lease,
	type PermitRefusal,
	type ReportEffect,
} from "../../../rollout/lease.ts";
import { isFraction } from "../../../rollout/plan.ts";
import { isOver, type Rollout } from "../../../rollout/rollout.ts";
import type { ControlTables } from "./control-tables.ts";
import type { LeaseTables } from "./lease-tables.ts";
import type { RolloutTables, StepCount } from "./rollout-tables.ts";

/** Per run of the alarm and step. */
const LEASES_PER_RUN = 500;
/** Late reports still find their lease; after that only the counts and the log are left of a rollout that is over. */
const LEASES_KEPT_SECONDS = 7 * 86_400;
const DROPPED_PER_RUN = 2_000;

export interface LeaseEndsParts {
	readonly storage: DurableObjectStorage;
	readonly rollouts: RolloutTables;
	readonly leases: LeaseTables;
	readonly controls: ControlTables;
	/** @returns devices that could not report, as their accounts know: without a seat, suspended, deactivated, revoked or replaced */
	readonly givenUp: (leases: readonly EndedLease[]) => Promise<ReadonlySet<string>>;
}

export class LeaseEnds {
	readonly #parts: LeaseEndsParts;

	constructor(parts: LeaseEndsParts) {
		this.#parts = parts;
	}

	/** @returns of a lease without a place the one of another device that stands for its unit, a healthy one first, an open one last; null = none does */
	holderOf(version: string, { counts, outcome, unit, device }: Lease): Lease | null {
		if (counts && outcome !== "excused") return null;
		const others = this.#parts.leases.ofUnit(version, unit, []).filter((one) => one.device !== device);
		const holders = others.filter((one) => one.counts && one.outcome !== "excused");
		const ended = holders.filter((one) => one.outcome !== null);
		return ended.find((one) => one.outcome === "healthy") ?? ended[0] ?? holders[0] ?? null;
	}

	/** Keeps what became of a lease, and counts it. */
	settle(version: string, { lease, yields, count }: ReportEffect, ...more: readonly StepCount[]): void {
		const { rollouts, leases } = this.#parts;
		if (yields !== undefined) leases.save(version, yields);
		leases.save(version, lease);
		if (count.length > 0) rollouts.count(version, lease.step, ...count, ...more);
		if (lease.outcome !== "excused" || !lease.counts) return;
		leases.dropUnitOfAccount(version, lease.step, accountObjectName(lease.device));
		// A step for a number of units wants models that tried the release. Of a fraction each model has many.
		const cohort = rollouts.rollout(version)?.plan.steps[lease.step]?.cohort;
		if (cohort === undefined || isFraction(cohort)) return;
		if (leases.unitsOf(version, lease.step, "model", lease.model) > 0) return;
		leases.dropModel(version, lease.step, lease.model);
		rollouts.discountModel(version, lease.step);
	}

	/**
	 * Who asks for a permit does not install yet, and whoever is refused then does not: no word on the lease that it has is to be awaited.
	 * @param why it was refused @returns whether that lease was open, and is not any more
	 */
	turnAway(version: string, lease: Lease, why: PermitRefusal, now: number): boolean {
		const effect = decideReport(lease, "deferred", why, now);
		if (effect !== null) this.settle(version, effect);
		return effect !== null;
	}

	/** Those that ended without a word have failed; unless the device could not report, which its account is asked. */
	async endSilent(version: string, now: number): Promise<void> {
		const { rollouts, leases, storage, givenUp } = this.#parts;
		const rollout = rollouts.rollout(version);
		if (rollout === null || isOver(rollout)) return;
		for (const [index, { lease: length }] of rollout.plan.steps.entries()) {
			const ended = leases.openSince(version, index, now - length, LEASES_PER_RUN);
			if (ended.length === 0) continue;
			const gone = await givenUp(ended.map(({ device, at }) => ({ device, at })));
			const asked = new Set(ended.map(({ device }) => device));
			storage.transactionSync(() => {
				// A report may have come while the accounts were asked; then a lease is among the first for whose device nobody was asked.
				const open = leases.openSince(version, index, now - length, LEASES_PER_RUN);
				for (const lease of open.filter(({ device }) => asked.has(device))) {
					this.settle(version, endLease(lease, gone.has(lease.device), now, this.holderOf(version, lease)));
				}
			});
		}
	}

	/** Of 1.5 million devices a release leaves as many rows: in a year of daily releases more than an object can hold. */
	drop(version: string, now: number): void {
		const { rollouts, leases, controls } = this.#parts;
		const rollout = rollouts.rollout(version);
		if (rollout === null || !isOver(rollout) || now < rollout.since + LEASES_KEPT_SECONDS) return;
		leases.drop(version, DROPPED_PER_RUN);
		controls.dropUnits(version);
	}

	/** @returns unix seconds at which the next lease is overdue or ends, or the rows of a rollout that is over go; null = never */
	nextAt(version: string, rollout: Rollout, now: number): number | null {
		const { leases } = this.#parts;
		if (isOver(rollout)) return leases.hasAny(version) ? Math.max(rollout.since + LEASES_KEPT_SECONDS, now) : null;
		const ends = rollout.plan.steps.flatMap(({ lease, expect }, index) => {
			const oldest = leases.oldestOpen(version, index);
			if (oldest === null) return [];
			// When the oldest is overdue the step may pause, when it ends it may halt.
			return oldest + expect > now ? [oldest + expect, oldest + lease] : [oldest + lease];
		});
		return ends.length > 0 ? Math.min(...ends) : null;
	}
}
