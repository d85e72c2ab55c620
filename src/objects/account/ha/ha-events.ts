// What becomes of an HA group as an event: a failover at once, a split brain at once and a version skew when it has lasted too
// long; both once per episode, and once more when they are over. Runs in the caller's transaction. However often roles
// flap, a group writes at most BURST of these events at once and one per ten minutes after that: failovers beyond are
// counted in the next one, a condition that lasts is told later, and only a condition that was told is told to be over.
import { type Allowance, allowedFrom, spend } from "../../../entitlement/allowance.ts";
import type { RoleVerdict } from "../../../entitlement/ha/ha-role.ts";
import type { Skew } from "../../../entitlement/ha/ha-skew.ts";
import type { Change, WriteAudit } from "../../audit.ts";
import type { Condition, GroupState, HaReportTables } from "./ha-report-tables.ts";
import type { HaGroup } from "./ha-tables.ts";

const BURST = 6;
const EVENTS: Allowance = { everySeconds: 600, burst: BURST };

type Found = Pick<Condition, "kind" | "product"> & {
	/** seconds that it may last before it is an event */
	readonly patience: number;
	readonly detail: string;
};

export class HaEvents {
	readonly #tables: HaReportTables;
	readonly #audit: WriteAudit;

	constructor(tables: HaReportTables, audit: WriteAudit) {
		this.#tables = tables;
		this.#audit = audit;
	}

	/** @returns the group's state after the events that its roles and versions make, for the caller to save */
	follow(
		group: HaGroup,
		before: GroupState,
		{ failover, splitBrain }: RoleVerdict,
		skew: readonly Skew[],
		by: Change,
	): GroupState {
		const state = failover === null ? before : this.#tellFailover(group, before, failover, by);
		const found: Found[] = skew.map((one) => ({
			kind: "skew",
			product: one.product,
			patience: group.skewLimitSeconds,
			detail: describeSkew(one),
		}));
		const detail = `active: ${splitBrain.join(", ")}`;
		if (splitBrain.length > 0) found.push({ kind: "split_brain", product: "", patience: 0, detail });
		return this.#followConditions(group, state, found, by);
	}

	#tellFailover(
		{ id }: HaGroup,
		state: GroupState,
		{ from, to }: { readonly from: string; readonly to: string },
		by: Change,
	): GroupState {
		if (by.now < allowedFrom(state.eventsSpentTo, EVENTS)) return { ...state, untold: state.untold + 1 };
		const untold = state.untold === 0 ? "" : `, after ${state.untold} more since the last one told`;
		this.#audit(by, "ha_group.failover", id, `from ${from} to ${to}${untold}`);
		return { ...state, untold: 0, eventsSpentTo: spend(state.eventsSpentTo, by.now, EVENTS) };
	}

	#followConditions({ id }: HaGroup, before: GroupState, found: readonly Found[], by: Change): GroupState {
		const known = this.#tables.conditions(id);
		const isSame = (one: Pick<Condition, "kind" | "product">) => (other: typeof one) =>
			one.kind === other.kind && one.product === other.product;
		for (const condition of known.filter((one) => !found.some(isSame(one)))) {
			this.#tables.deleteCondition(id, condition);
			if (condition.dueAt !== null) continue;
			const lasted = `${condition.product}${condition.product && ", "}after ${by.now - condition.since} s`;
			this.#audit(by, `ha_group.${condition.kind}_ended`, id, lasted);
		}
		let state = before;
		for (const { patience, detail, ...one } of found) {
			const open = known.find(isSame(one));
			if (open?.dueAt === null) continue;
			const since = open?.since ?? by.now;
			// Reckoned anew each time: the group's limit may be another one now.
			let dueAt: number | null = since + patience;
			if (by.now >= dueAt) {
				const allowed = allowedFrom(state.eventsSpentTo, EVENTS);
				dueAt = by.now >= allowed ? null : allowed;
			}
			if (dueAt === null) {
				this.#audit(by, `ha_group.${one.kind}`, id, detail);
				state = { ...state, eventsSpentTo: spend(state.eventsSpentTo, by.now, EVENTS) };
			}
			if (open?.dueAt !== dueAt) this.#tables.saveCondition(id, { ...one, since, dueAt });
		}
		return state;
	}
}

function describeSkew({ product, versions }: Skew): string {
	return `${product}: ${versions.map(({ device, version }) => `${version ?? "nothing"} on ${device}`).join(", ")}`;
}
