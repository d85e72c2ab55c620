// The rollouts of a product: starts them, gives permits while few may have a release, hears reports, and has the rules decide at each
// of these. Synchronous parts run in the caller's transaction; how leases end is in lease-ends.ts, the rules are in src/rollout.
import type { Channel } from "../../../content/releases/channel.ts";
import { coversAudience } from "../../../content/releases/recorded-releases.ts";
import type { Approval } from "../../../rollout/approvals.ts";
import { leastApproversOf } from "../../../rollout/class-approvals.ts";
import { decideRollout, nextDecisionAt, type RolloutOrder, type Turn } from "../../../rollout/decide-rollout.ts";
import type { Evidence } from "../../../rollout/evidence.ts";
import type { FreezeTimes } from "../../../rollout/freeze.ts";
import { describeBroken, findBrokenLimit, type HealthReport } from "../../../rollout/health.ts";
import { decideReport, isWordOn, type Reported } from "../../../rollout/lease.ts";
import type { Plan } from "../../../rollout/plan.ts";
import { reachOf } from "../../../rollout/reach.ts";
import { createRollout, isWatching, notBefore, type Rollout, stepOf } from "../../../rollout/rollout.ts";
import { appendLog, type LogInput, takeOrder } from "../../../rollout/rollout-log.ts";
import { otherApproversOf } from "../../../rollout/two-people.ts";
import type { Chore } from "../../alarm.ts";
import type { Change } from "../../audit.ts";
import { ControlDesk, type ControlWord } from "./control-desk.ts";
import { LeaseEnds } from "./lease-ends.ts";
import { type JudgedPermit, judgePermit, type PermitInput, type PermitOutcome } from "./permit-question.ts";
import type { RolloutDeskParts } from "./rollout-desk-parts.ts";

export interface RolloutStart {
	readonly version: string;
	readonly channel: Channel;
	readonly plan: Plan;
	readonly salt: string;
	/** unix seconds; 0 = at once */
	readonly startsAt: number;
}

export interface ReportInput {
	readonly version: string;
	readonly device: string;
	/** `Lease.at` of the permit that is reported on; null = whichever it has had until now, by its account's word */
	readonly lease: number | null;
	readonly reported: Reported;
	readonly detail: string | null;
	/** null or left out = the device does not say */
	readonly health?: HealthReport | null;
	readonly now: number;
}

export class RolloutDesk implements Chore {
	readonly #parts: RolloutDeskParts;
	readonly #ends: LeaseEnds;
	readonly #control: ControlDesk;

	constructor(parts: RolloutDeskParts) {
		this.#parts = parts;
		this.#ends = new LeaseEnds(parts);
		this.#control = new ControlDesk(parts);
		parts.alarm.add(this);
	}

	/**
	 * Part of the transaction that releases the version, or promotes it: its log goes on then, all else of its rollout begins anew. A
	 * plan without gates is through at once.
	 */
	start(change: Change, input: RolloutStart): void {
		const { releases, rollouts, leases, controls } = this.#parts;
		const { version, ...rest } = input;
		const release = releases.release(version);
		const publisher = release?.addedBy ?? change.actor;
		const { team = null, twoPeople = false, classApprovals = null } = releases.info() ?? {};
		const otherApprovers = twoPeople ? otherApproversOf(input.plan, release?.urgency ?? "routine") : 0;
		const leastApprovers = leastApproversOf(classApprovals, release?.facts?.classes);
		const onBeta = rollouts.rollout(version);
		const now = onBeta === null ? change.now : notBefore(onBeta, change.now);
		if (onBeta !== null) {
			leases.forget(version);
			controls.forget(version);
			rollouts.forgetApprovals(version);
		}
		const rollout = createRollout({ ...rest, publisher, otherApprovers, leastApprovers, team, now });
		rollouts.save(version, rollout);
		rollouts.log(version, { at: now, input: { kind: "start", rollout }, turns: [] });
		releases.setReach(version, reachOf(rollout), now);
		if (!this.#decide(version, change)) this.#parts.publish(change.now);
	}

	evidence(version: string, rollout: Rollout, now: number): Evidence {
		const { rollouts, leases, controls } = this.#parts;
		const steps = rollouts.counts(version).map((counts, index) => {
			const expect = rollout.plan.steps[index]?.expect ?? 0;
			return { ...counts, overdue: leases.overdue(version, index, now - expect) };
		});
		return { steps, controls: controls.evidence(version, now) };
	}

	/** @returns until when a freeze of the product holds the release up; null = none does */
	frozen(version: string, now: number): number | null {
		return this.#parts.releases.freezeTimes(version, now).until;
	}

	/** Freezes have changed: rollouts may begin, or not any more. */
	reconsider(change: Change): void {
		for (const version of this.#parts.rollouts.active()) this.#decide(version, change);
	}

	/** @returns what the rules say to the unit now; nothing is written */
	judge(input: PermitInput): JudgedPermit {
		return judgePermit({ ...this.#parts, evidence: this.evidence.bind(this) }, input);
	}

	permit(input: PermitInput): PermitOutcome {
		const { version, unit, device, peers, model, region = null, now } = input;
		const { rollouts, leases, controls } = this.#parts;
		const { decision, at } = this.judge(input);
		if (!decision.ok) {
			if (at?.own != null && this.#ends.turnAway(version, at.own, decision.reason, now))
				this.#decide(version, this.#parts.service(now));
			return decision;
		}
		if (decision.kind === "free" || at === null) return { ok: true, lease: null };
		const { rollout, account, site, own } = at;
		const { step } = rollout;
		const { cohort, lease: length } = stepOf(rollout);
		if (decision.kind === "again") {
			const { lease } = decision;
			const seconds = rollout.plan.steps[lease.step]?.lease ?? 0;
			return { ok: true, lease: { at: lease.at, endsAt: (lease.outcome === null ? lease.at : now) + seconds } };
		}
		const { counts } = decision;
		const place = { unit, device, model, site, region, step };
		// A report on the earlier permit, be it of the same second, must not count for this one.
		const since = Math.max(now, (own?.at ?? 0) + 1);
		const fresh = { deferrals: own?.deferrals ?? 0, outcome: null, detail: null, outcomeAt: null };
		const lease = { ...place, at: since, counts, partners: counts ? peers : [], ...fresh };
		leases.save(version, lease);
		controls.letGo(version, unit);
		if (counts) {
			rollouts.count(version, step, "permits", ...(leases.addModel(version, step, model) ? (["models"] as const) : []));
			if ("perAccount" in cohort) leases.addUnitOfAccount(version, step, account);
		}
		this.#decide(version, this.#parts.service(now));
		return { ok: true, lease: { at: since, endsAt: since + length } };
	}

	/** A unit that is held back has asked; see `ControlDesk`. */
	hearControl(word: ControlWord): void {
		if (this.#control.hear(word)) this.#decide(word.version, this.#parts.service(word.now));
	}

	/** One that is healthy by its own word, and beyond the product's limits, has failed. @returns the word that counts */
	report({ version, device, lease: at, reported, detail, health = null, now }: ReportInput): Reported {
		const { leases, releases, rollouts, tellUnhealthy } = this.#parts;
		const lease = leases.ofDevice(version, device);
		const broken = reported === "healthy" ? findBrokenLimit(releases.info()?.healthLimits ?? null, health) : null;
		const counted = broken === null ? reported : "failed";
		if (lease === null || !isWordOn(lease, at ?? Math.min(lease.at, now), counted)) return counted;
		const word = broken === null ? detail : describeBroken(broken);
		const effect = decideReport(lease, counted, word, now, this.#ends.holderOf(version, lease));
		if (effect === null) return counted;
		const rules = health?.after.top_rules;
		const hasRules = effect.lease.outcome === "failed" && rules !== undefined;
		const settled = hasRules ? { ...effect, lease: { ...effect.lease, rules } } : effect;
		this.#ends.settle(version, settled, ...(broken === null ? [] : (["unhealthy"] as const)));
		if (broken !== null) {
			const step = rollouts.rollout(version)?.plan.steps[lease.step]?.name ?? String(lease.step);
			const most = rules === undefined || rules.length === 0 ? "" : `; rules ${rules.join(", ")}`;
			tellUnhealthy(
				version,
				`${step}, model ${lease.model}: ${describeBroken(broken)}${most}`,
				this.#parts.service(now),
			);
		}
		this.#decide(version, this.#parts.service(now));
		return counted;
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

	/** @returns whether the rollout, none of whose steps has begun, is to start at another time now */
	reschedule(change: Change, version: string, startsAt: number): boolean {
		if (!this.#obey(change, version, { kind: "schedule", startsAt })) return false;
		if (!this.#decide(version, change)) this.#parts.publish(change.now);
		return true;
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
			await this.#ends.endSilent(version, now);
			this.#parts.storage.transactionSync(() => {
				this.#ends.drop(version, now);
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

	/** @returns whether the rollout moved; the edges know then */
	#decide(version: string, change: Change): boolean {
		const { rollouts, publish } = this.#parts;
		const before = rollouts.rollout(version);
		if (before === null) return false;
		const now = notBefore(before, change.now);
		const [evidence, held] = [this.evidence(version, before, now), this.#parts.isHeld(version)];
		const approvals = rollouts.approvals(version);
		const freezes = this.#parts.releases.freezeTimes(version, now);
		const frozen = freezes.until;
		const { rollout, turns } = decideRollout(before, evidence, approvals, now, frozen, held);
		if (turns.length > 0) {
			rollouts.log(version, {
				at: now,
				input: { kind: "decision", evidence, approvals, ...(frozen !== null && { frozen }), ...(held && { held }) },
				turns,
			});
			this.#move(version, rollout, turns, change);
			if (rollout.phase === "done") this.#supersede(version, rollout, change);
			publish(now);
		}
		this.#setDue(version, rollout, evidence, freezes, now);
		return turns.length > 0;
	}

	/** What everybody may have takes the place of what was released before it on its channel to no others, and is still under way. */
	#supersede(version: string, { channel }: Rollout, change: Change): void {
		const { rollouts, releases } = this.#parts;
		const own = releases.release(version);
		for (const name of rollouts.active(channel)) {
			const other = releases.release(name);
			if (own === null || other === null || (other.sequence ?? 0) >= (own.sequence ?? 0)) continue;
			if (coversAudience(own, other)) this.end(change, name, `everybody may have ${version}`);
		}
	}

	#obey(change: Change, version: string, order: RolloutOrder): boolean {
		const { rollouts, releases } = this.#parts;
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
		const evidence = this.evidence(version, taken.rollout, now);
		this.#setDue(version, taken.rollout, evidence, releases.freezeTimes(version, now), now);
		return true;
	}

	#move(version: string, rollout: Rollout, turns: readonly Turn[], change: Change): void {
		const { rollouts, releases, controls, tell } = this.#parts;
		const before = rollouts.rollout(version);
		if (before?.step !== rollout.step || !isWatching(rollout)) controls.close(version, change.now);
		rollouts.save(version, rollout);
		releases.setReach(version, reachOf(rollout), change.now);
		// A plan without a gate is through with its release: there is nothing to tell beside that.
		const isThroughAtOnce =
			rollout.phase === "done" && rollout.plan.steps.length === 1 && turns.every(({ by }) => by.length === 0);
		for (const turn of isThroughAtOnce ? [] : turns) tell(version, turn, rollout, change);
	}

	#setDue(version: string, rollout: Rollout, evidence: Evidence, freezes: FreezeTimes, now: number): void {
		const { rollouts, alarm } = this.#parts;
		const dues = [
			this.#ends.nextAt(version, rollout, now),
			nextDecisionAt(rollout, evidence, now, freezes.until, freezes.next),
		];
		const known = dues.filter((due) => due !== null);
		rollouts.setDue(version, known.length > 0 ? Math.min(...known) : null);
		alarm.setWithin();
	}
}
