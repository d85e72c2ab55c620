// What the devices of HA groups say of themselves, and what follows: who is active, the group's record for the edges, events
// of failover and skew. Synchronous, in the caller's transaction. A report that says nothing new writes
// nothing; a device that says something new all the time is heard ten times at once and once a minute after that.
import { type Allowance, allowedFrom, spend } from "../../../entitlement/allowance.ts";
import type { DeviceStatus } from "../../../entitlement/devices/device-record.ts";
import type { HaRole } from "../../../entitlement/ha/ha-group.ts";
import type { HaGroupRecord } from "../../../entitlement/ha/ha-group-record.ts";
import { hearRole, judgeRoles } from "../../../entitlement/ha/ha-role.ts";
import { findSkew, type Skew, type Versions, versionsOf } from "../../../entitlement/ha/ha-skew.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import { haGroupKey } from "../../../storage/keys.ts";
import type { Alarm } from "../../alarm.ts";
import { type Change, SERVICE, type WriteAudit } from "../../audit.ts";
import { nowSeconds } from "../../clock.ts";
import type { Outbox } from "../../outbox/outbox.ts";
import type { RecordStep } from "../../outbox/outbox-rows.ts";
import type { AccountTables } from "../account-tables.ts";
import type { Device, DeviceTables } from "../devices/device-tables.ts";
import type { HaArrivalTables } from "./ha-arrival-tables.ts";
import { HaEvents } from "./ha-events.ts";
import type { HaLockTables } from "./ha-lock-tables.ts";
import { type GroupState, HaReportTables, type MemberReport } from "./ha-report-tables.ts";
import type { HaGroup, HaTables } from "./ha-tables.ts";

/** What a check tells; null = it did not say. */
export interface HaReport {
	readonly deviceId: string;
	readonly role: HaRole | null;
	readonly priority: number | null;
	readonly installed: Versions | null;
	readonly peer: Versions | null;
	/** unix seconds, by the edge */
	readonly now: number;
}

/** known: nothing new, or overtaken by a later one; too_soon: not heard, so say it again later */
export type HaReportOutcome = "taken" | "known" | "too_soon" | "no_member";

/** A group as its devices describe it. */
export interface HaState {
	readonly group: HaGroup;
	/** all of them; one that is revoked or deactivated has said nothing */
	readonly members: readonly {
		readonly device: string;
		readonly status: DeviceStatus;
		readonly serial: string;
		readonly model: string;
		readonly role: HaRole | null;
		readonly priority: number | null;
		readonly versions: Versions;
		/** unix seconds when it first said this; null = it has said nothing */
		readonly reportedAt: number | null;
	}[];
	readonly active: string | null;
	/** unix seconds; null = all is well */
	readonly splitBrainSince: number | null;
	/** `told`: it has lasted longer than the group's limit, and is an event */
	readonly skew: readonly (Skew & { readonly since: number; readonly told: boolean })[];
}

export interface HaReportsParts {
	readonly storage: DurableObjectStorage;
	readonly audit: WriteAudit;
	readonly account: AccountTables;
	readonly devices: DeviceTables;
	readonly groups: HaTables;
	readonly haLockTables: HaLockTables;
	readonly haArrivals: HaArrivalTables;
	readonly outbox: Outbox;
	/** of the object; gets a chore that tells of skew */
	readonly alarm: Alarm;
}

const REPORTS: Allowance = { everySeconds: 60, burst: 10 };
const GROUPS_PER_RUN = 100;

export class HaReports {
	readonly tables: HaReportTables;
	readonly #parts: HaReportsParts;
	readonly #events: HaEvents;

	constructor(parts: HaReportsParts) {
		const { storage, alarm, audit } = parts;
		this.#parts = parts;
		this.tables = new HaReportTables(storage.sql);
		this.#events = new HaEvents(this.tables, audit);
		// By the clock, not by what the alarm stood at: it may ring for something that is over.
		const run = async () => storage.transactionSync(() => this.#tellDue(nowSeconds()));
		alarm.add({ dueMs: () => this.#dueMs(), run });
	}

	/** Takes what a device says of itself and of its peer. The device's row names the group, not its token. */
	report(input: HaReport): HaReportOutcome {
		const device = this.#parts.devices.device(input.deviceId);
		const group = device?.haGroup == null ? null : this.#parts.groups.group(device.haGroup);
		if (device === null || group === null || !holdsSeat(device.status)) return "no_member";
		// Who asks what to run next is not installing; and from now on it is offered no download.
		this.#parts.haArrivals.end(device.id, Object.keys(input.installed ?? {}), input.now);
		const before = this.#reportsOf(group);
		const known = before.find((one) => one.device === device.id);
		if (known === undefined || input.now < known.at) return "known";

		const roles = input.role === null ? before : hearRole(group.mode, before, device.id, input.role);
		const after = before.map((one, index) => {
			const { said = null, role = null } = roles[index] ?? {};
			return one === known ? { ...one, said, role, ...heard(known, input, device) } : { ...one, said, role };
		});
		const changed = after.filter((one, index) => JSON.stringify(one) !== JSON.stringify(before[index]));
		if (changed.length === 0) return "known";
		if (input.now < allowedFrom(known.spentTo, REPORTS)) return "too_soon";
		for (const one of changed) {
			const own = { at: input.now, spentTo: spend(known.spentTo, input.now, REPORTS) };
			this.tables.saveReport(one.device === device.id ? { ...one, ...own } : one);
		}
		this.refresh(group.id, { actor: device.id, now: input.now });
		return "taken";
	}

	/**
	 * To be called in the transaction that changes a group, its members or their status: brings its record, its events
	 * and its conditions in line. Of devices that left or no longer count, everything is forgotten.
	 */
	refresh(haGroup: string, by: Change): void {
		const dueBefore = this.tables.firstDue();
		const group = this.#parts.groups.group(haGroup);
		const before = this.tables.state(haGroup);
		if (group === null) {
			// A last record without members, for those who still hold the old one.
			if (before !== null) this.#parts.outbox.add([stepOf(nextState(before, { ...before.record, members: [] }))]);
			this.tables.deleteGroup(haGroup);
			this.#parts.haLockTables.forget(haGroup);
			return;
		}
		const members = this.#reportsOf(group);
		for (const { device } of this.tables.reports(haGroup)) {
			if (!members.some((one) => one.device === device)) this.tables.deleteReport(device);
		}
		this.#parts.haLockTables.forget(
			haGroup,
			members.map(({ device }) => device),
		);
		const verdict = judgeRoles(group.mode, members, before?.lastActive ?? null);
		const described = nextState(before, this.#recordOf(group, members));
		const told = this.#events.follow(group, described, verdict, findSkew(members), by);
		const lastActive = group.mode === "active-active" ? null : (verdict.active ?? told.lastActive);
		const after = { ...told, lastActive };
		if (JSON.stringify(after) !== JSON.stringify(before)) this.tables.saveState(after);
		if (after.version !== before?.version) this.#parts.outbox.add([stepOf(after)]);
		const due = this.tables.firstDue();
		if (due !== null && due < (dueBefore ?? Number.POSITIVE_INFINITY)) this.#parts.alarm.setWithin();
	}

	describe(group: HaGroup): HaState {
		const reports = this.#reportsOf(group);
		const conditions = this.tables.conditions(group.id);
		const members = this.#parts.devices.members(group.id).map(({ id: device, status, serial, model }) => {
			const own = reports.find((one) => one.device === device);
			const { role = null, priority = null, at = 0 } = own ?? {};
			const versions = own === undefined ? {} : versionsOf(own, reports);
			return { device, status, serial, model, role, priority, versions, reportedAt: at === 0 ? null : at };
		});
		const skew = findSkew(reports).map((one) => {
			const condition = conditions.find(({ product }) => product === one.product);
			return { ...one, since: condition?.since ?? 0, told: condition?.dueAt === null };
		});
		const splitBrainSince = conditions.find(({ kind }) => kind === "split_brain")?.since ?? null;
		return { group, members, active: judgeRoles(group.mode, reports, null).active, splitBrainSince, skew };
	}

	/** @returns the step that delivers the group's record as it is now; null where there is no such group */
	step(haGroup: string): RecordStep | null {
		const state = this.tables.state(haGroup);
		return state === null ? null : stepOf(state);
	}

	/** @returns the groups' records in the order of their ids, from the first one after the given id */
	steps(after: string, limit: number): { readonly id: string; readonly step: RecordStep }[] {
		return this.tables.states(after, limit).map((state) => ({ id: state.record.id, step: stepOf(state) }));
	}

	/** @returns a report for each device that counts, in the order of their ids; empty of those who have said nothing */
	#reportsOf({ id: haGroup }: HaGroup): MemberReport[] {
		const reports = new Map(this.tables.reports(haGroup).map((one) => [one.device, one]));
		const silent = { haGroup, said: null, role: null, priority: null, installed: null, peer: null, at: 0, spentTo: 0 };
		return this.#parts.devices
			.members(haGroup)
			.filter(({ status }) => holdsSeat(status))
			.map(({ id: device }) => reports.get(device) ?? { device, ...silent });
	}

	#recordOf({ id, mode }: HaGroup, reports: readonly MemberReport[]): HaGroupRecord {
		const account = this.#parts.account.info()?.id ?? "";
		const members = reports.map(({ device, role, priority }) => ({ device, role, priority }));
		return { id, account, mode, members };
	}

	#dueMs(): number | null {
		const due = this.tables.firstDue();
		return due === null ? null : due * 1_000;
	}

	#tellDue(now: number): void {
		for (const haGroup of this.tables.groupsDue(now, GROUPS_PER_RUN)) this.refresh(haGroup, { actor: SERVICE, now });
	}
}

/** What it did not say now stays as it was said; versions of products that its license no longer names are forgotten. */
function heard(known: MemberReport, { priority, installed, peer }: HaReport, { grants }: Device) {
	const merged = (before: Versions | null, now: Versions | null) =>
		now === null
			? before
			: Object.fromEntries(
					Object.keys(grants)
						.map((product) => [product, valueIn(now, product) ?? valueIn(before ?? {}, product)] as const)
						.flatMap(([product, found]) => (found === undefined ? [] : [[product, found.version]])),
				);
	return {
		priority: priority ?? known.priority,
		installed: merged(known.installed, installed),
		peer: merged(known.peer, peer),
	};
}

function valueIn(versions: Versions, product: string): { readonly version: string | null } | undefined {
	return Object.hasOwn(versions, product) ? { version: versions[product] ?? null } : undefined;
}

function nextState(before: GroupState | null, record: HaGroupRecord): GroupState {
	if (before === null) return { version: 1, record, lastActive: null, eventsSpentTo: 0, untold: 0 };
	const isSame = JSON.stringify(before.record) === JSON.stringify(record);
	return isSame ? before : { ...before, record, version: before.version + 1 };
}

function stepOf({ record, version }: GroupState): RecordStep {
	return { kind: "record", key: haGroupKey(record.id), version, body: record satisfies HaGroupRecord };
}
