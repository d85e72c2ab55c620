// The rollouts of a product: starts them, gives permits while few may have a release, hears reports, ends leases that nobody spoke
// of, and has the rules decide at each of these. Synchronous parts run in the caller's transaction; the rules are in src/rollout.
import { accountObjectName } from "../../entitlement/ids.ts";
import type { Approval } from "../../rollout/approvals.ts";
import { decideRollout, nextDecisionAt, type RolloutOrder, type Turn } from "../../rollout/decide-rollout.ts";
import { type Evidence, NO_EVIDENCE } from "../../rollout/evidence.ts";
import {
	decidePermit,
	decideReport,
	endLease,
	type Lease,
	type PermitRefusal,
	type Reported,
} from "../../rollout/lease.ts";
import type { Plan } from "../../rollout/plan.ts";
import { reachOf } from "../../rollout/reach.ts";
import { createRollout, isOver, type Rollout, stepOf } from "../../rollout/rollout.ts";
import { appendLog, type LogInput, takeOrder } from "../../rollout/rollout-log.ts";
import type { Alarm, Chore } from "../alarm.ts";
import type { Change } from "../audit.ts";
import type { LeaseTables } from "./lease-tables.ts";
import type { ProductTables } from "./product-tables.ts";
import type { RolloutTables, StepCount } from "./rollout-tables.ts";

/** Per run of the alarm and step. */
const LEASES_PER_RUN = 500;
/** Late reports still find their lease; after that only the counts and the log are left of a rollout that is over. */
const LEASES_KEPT_SECONDS = 7 * 86_400;
const DROPPED_PER_RUN = 2_000;

export interface PermitInput {
	readonly version: string;
	readonly unit: string;
	readonly device: string;
	readonly model: string;
	/** unix seconds */
	readonly now: number;
}

/** `endsAt`: unix seconds by which the device has to be healthy; null = everybody may have the release, nobody waits for a word. */
export type PermitOutcome =
	| { readonly ok: true; readonly endsAt: number | null }
	| { readonly ok: false; readonly reason: PermitRefusal; readonly retryAfter: number };

export interface ReportInput {
	readonly version: string;
	readonly unit: string;
	readonly device: string;
	readonly reported: Reported;
	readonly detail: string | null;
	readonly now: number;
}

export interface RolloutDeskParts {
	readonly storage: DurableObjectStorage;
	readonly alarm: Alarm;
	readonly releases: ProductTables;
	readonly rollouts: RolloutTables;
	readonly leases: LeaseTables;
	/** tells the trail of a turn; part of the transaction */
	readonly tell: (version: string, turn: Turn, rollout: Rollout, change: Change) => void;
	/** has the edges know how far the releases reach now; part of the transaction */
	readonly publish: (now: number) => void;
	/** @returns those of the devices that were deactivated, revoked or replaced */
	readonly givenUp: (devices: readonly string[]) => Promise<ReadonlySet<string>>;
	/** who acts where nobody does */
	readonly service: (now: number) => Change;
	/** to be called after each transaction of the alarm: has the outbox deliver */
	readonly deliver: () => void;
}

export class RolloutDesk implements Chore {
	readonly #parts: RolloutDeskParts;

	constructor(parts: RolloutDeskParts) {
		this.#parts = parts;
		parts.alarm.add(this);
	}

	/** Part of the transaction that releases the version. A plan without gates is through at once. */
	start(change: Change, input: { version: string; plan: Plan; salt: string; startsAt: number }): void {
		const { releases, rollouts } = this.#parts;
		const { version, ...rest } = input;
		const publisher = releases.release(version)?.addedBy ?? change.actor;
		const team = releases.info()?.team ?? null;
		const rollout = createRollout({ ...rest, publisher, team, now: change.now });
		rollouts.save(version, rollout, null);
		rollouts.log(version, { at: change.now, input: { kind: "start", rollout }, turns: [] });
		releases.setReach(version, reachOf(rollout), change.now);
		if (!this.#decide(version, change)) this.#parts.publish(change.now);
	}

	evidence(version: string, rollout: Rollout, now: number): Evidence {
		const { rollouts, leases } = this.#parts;
		const steps = rollouts.counts(version).map((counts, index) => {
			const expect = rollout.plan.steps[index]?.expect ?? 0;
			return { ...counts, overdue: leases.overdue(version, index, now - expect) };
		});
		return { ...NO_EVIDENCE, steps };
	}

	permit({ version, unit, device, model, now }: PermitInput): PermitOutcome {
		const { rollouts, leases, releases } = this.#parts;
		const rollout = rollouts.rollout(version);
		const isWithdrawn = releases.release(version)?.status === "withdrawn";
		if (rollout === null || isWithdrawn) return { ok: false, reason: "ended", retryAfter: 0 };
		const { step } = rollout;
		const account = accountObjectName(device);
		const question = {
			device,
			unitLeases: leases.ofUnit(version, unit),
			isKnownModel: leases.hasModel(version, step, model),
			unitsOfAccount: leases.unitsOfAccount(version, step, account),
		};
		const decision = decidePermit(rollout, this.evidence(version, rollout, now), question, now);
		if (!decision.ok) return decision;
		if (decision.kind === "free") return { ok: true, endsAt: null };
		if (decision.kind === "again") {
			const { lease } = decision;
			const length = rollout.plan.steps[lease.step]?.lease ?? 0;
			return { ok: true, endsAt: lease.outcome === null ? lease.at + length : now + length };
		}
		const { counts } = decision;
		const lease = { unit, device, model, step, at: now, counts, outcome: null, detail: null, outcomeAt: null };
		leases.save(version, lease);
		if (counts) {
			rollouts.count(version, step, "permits", ...(leases.addModel(version, step, model) ? (["models"] as const) : []));
			const { cohort } = stepOf(rollout);
			if ("perAccount" in cohort) leases.addUnitOfAccount(version, step, account);
		}
		this.#decide(version, this.#parts.service(now));
		return { ok: true, endsAt: now + stepOf(rollout).lease };
	}

	report({ version, unit, device, reported, detail, now }: ReportInput): void {
		const lease = this.#parts.leases.ofUnit(version, unit).find((one) => one.device === device);
		const effect = lease === undefined ? null : decideReport(lease, reported, detail, now);
		if (effect === null) return;
		this.#settle(version, effect.lease, effect.count);
		this.#decide(version, this.#parts.service(now));
	}

	/** Keeps a person's word and lets the rules look at it. */
	approve(change: Change, version: string, approval: Approval): void {
		this.#parts.rollouts.addApproval(version, approval);
		this.#decide(version, change);
	}

	/** @returns whether there was anything to stop */
	halt(change: Change, version: string, reason: string): boolean {
		const isChanged = this.#obey(change, version, { kind: "halt", reason });
		if (isChanged) this.#parts.publish(change.now);
		return isChanged;
	}

	/** For good, where it is still under way. Its caller has the edges know. */
	end(change: Change, version: string, reason: string): void {
		if (this.#parts.rollouts.rollout(version)?.phase === "done") return;
		this.#obey(change, version, { kind: "end", reason });
	}

	dueMs(): number | null {
		const due = this.#parts.rollouts.earliestDue();
		return due === null ? null : due * 1_000;
	}

	async run(nowMs: number): Promise<void> {
		const now = Math.floor(nowMs / 1_000);
		for (const version of this.#parts.rollouts.due(now)) {
			await this.#endLeases(version, now);
			this.#parts.storage.transactionSync(() => {
				this.#dropLeases(version, now);
				this.#decide(version, this.#parts.service(now));
			});
			await this.chain(version);
		}
		this.#parts.deliver();
	}

	/** Binds each entry of the log that is not bound yet to the one before it: before the log is read, and with each alarm. */
	async chain(version: string): Promise<void> {
		const { rollouts } = this.#parts;
		for (let open = rollouts.firstOpen(version); open !== null; open = rollouts.firstOpen(version)) {
			rollouts.chain(version, await appendLog(open.last, open.entry));
		}
	}

	/** Keeps what became of a lease, and counts it. */
	#settle(version: string, lease: Lease, count: readonly StepCount[]): void {
		const { rollouts, leases } = this.#parts;
		leases.save(version, lease);
		if (count.length > 0) rollouts.count(version, lease.step, ...count);
		if (lease.outcome === "excused" && lease.counts)
			leases.dropUnitOfAccount(version, lease.step, accountObjectName(lease.device));
	}

	/** Those that ended without a word have failed; unless the device was given up, which its account is asked. */
	async #endLeases(version: string, now: number): Promise<void> {
		const { rollouts, leases, storage, givenUp } = this.#parts;
		const rollout = rollouts.rollout(version);
		if (rollout === null || isOver(rollout)) return;
		for (const [index, { lease: length }] of rollout.plan.steps.entries()) {
			const ended = leases.openSince(version, index, now - length, LEASES_PER_RUN);
			if (ended.length === 0) continue;
			const gone = await givenUp(ended.map(({ device }) => device));
			storage.transactionSync(() => {
				// A report may have come while the accounts were asked.
				for (const lease of leases.openSince(version, index, now - length, LEASES_PER_RUN)) {
					const { lease: after, count } = endLease(lease, gone.has(lease.device), now);
					this.#settle(version, after, count);
				}
			});
		}
	}

	/** Of 1.5 million devices a release leaves as many rows: in a year of daily releases more than an object can hold. */
	#dropLeases(version: string, now: number): void {
		const { rollouts, leases } = this.#parts;
		const rollout = rollouts.rollout(version);
		if (rollout !== null && isOver(rollout) && now >= rollout.since + LEASES_KEPT_SECONDS)
			leases.drop(version, DROPPED_PER_RUN);
	}

	/** @returns whether the rollout moved; the edges know then */
	#decide(version: string, change: Change): boolean {
		const { rollouts, releases, publish } = this.#parts;
		const before = rollouts.rollout(version);
		if (before === null) return false;
		const now = notBefore(before, change.now);
		const evidence = this.evidence(version, before, now);
		const approvals = rollouts.approvals(version);
		const { rollout, turns } = decideRollout(before, evidence, approvals, now);
		if (turns.length > 0) {
			rollouts.log(version, { at: now, input: { kind: "decision", evidence, approvals }, turns });
			this.#move(version, rollout, turns, change);
			if (rollout.phase === "done") {
				// What everybody may have now takes the place of what was released before it and is still under way.
				const sequence = releases.release(version)?.sequence ?? 0;
				for (const other of rollouts.active()) {
					if ((releases.release(other)?.sequence ?? 0) < sequence)
						this.end(change, other, `everybody may have ${version}`);
				}
			}
			publish(now);
		}
		this.#setDue(version, rollout, evidence, now);
		return turns.length > 0;
	}

	#obey(change: Change, version: string, order: RolloutOrder): boolean {
		const { rollouts } = this.#parts;
		const rollout = rollouts.rollout(version);
		if (rollout === null) return false;
		const input: Extract<LogInput, { kind: "order" }> = { kind: "order", order, by: change.actor };
		// A word from before an order is none on what comes after it, be it in the same second.
		const lastWord = Math.max(0, ...rollouts.approvals(version).map(({ at }) => at));
		const now = Math.max(notBefore(rollout, change.now), lastWord + 1);
		const taken = takeOrder(rollout, input, now);
		if (taken.turns.length === 0) return false;
		rollouts.log(version, { at: now, input, turns: taken.turns });
		this.#move(version, taken.rollout, taken.turns, change);
		this.#setDue(version, taken.rollout, this.evidence(version, taken.rollout, now), now);
		return true;
	}

	#move(version: string, rollout: Rollout, turns: readonly Turn[], change: Change): void {
		const { rollouts, releases, tell } = this.#parts;
		rollouts.save(version, rollout, null);
		releases.setReach(version, reachOf(rollout), change.now);
		// A plan without a gate is through with its release: there is nothing to tell beside that.
		const isThroughAtOnce =
			rollout.phase === "done" && rollout.plan.steps.length === 1 && turns.every(({ by }) => by.length === 0);
		for (const turn of isThroughAtOnce ? [] : turns) tell(version, turn, rollout, change);
	}

	#setDue(version: string, rollout: Rollout, evidence: Evidence, now: number): void {
		const { rollouts, leases, alarm } = this.#parts;
		if (isOver(rollout)) {
			const droppedAt = Math.max(rollout.since + LEASES_KEPT_SECONDS, now);
			rollouts.setDue(version, leases.hasAny(version) ? droppedAt : null);
			alarm.setWithin();
			return;
		}
		const ends = rollout.plan.steps.map(({ lease, expect }, index) => {
			const oldest = leases.oldestOpen(version, index);
			if (oldest === null) return [];
			// When the oldest is overdue the step may pause, when it ends it may halt.
			return oldest + expect > now ? [oldest + expect, oldest + lease] : [oldest + lease];
		});
		const decision = nextDecisionAt(rollout, evidence, now);
		const dues = [...ends.flat(), ...(decision === null ? [] : [decision])];
		rollouts.setDue(version, dues.length > 0 ? Math.min(...dues) : null);
		alarm.setWithin();
	}
}

/** The clocks of those who ask differ by seconds, and a log goes forward: nothing happens before what has happened. */
function notBefore({ since }: Rollout, now: number): number {
	return Math.max(since, now);
}
