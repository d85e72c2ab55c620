// An account is set back to what it was at an earlier time, by the platform's point-in-time recovery. Its versions and the places of
// its trail are older by that than what stores hold and receivers have heard: it begins above all of them, under a number that the
// Directory keeps meanwhile, since the account forgets it. Tokens and records from what was lost are refused by the license
// epoch, as after any change of licenses (licenses/license-epoch.ts). Who asks for what in which order: rewind-account.ts.
import type { ProductPermit } from "../../entitlement/ha/ha-lock.ts";
import { type Change, lastPlace } from "../audit.ts";
import type { AccountDesks } from "./account-desks.ts";
import { accessStep, licenseEpochStep } from "./account-records.ts";
import { IS_ABOUT_STATUS } from "./devices/suspension-trail.ts";

export interface RewindSurvey {
	readonly kind: "survey";
	readonly createdAt: number;
	/** entries of the trail since then, all together and by type */
	readonly events: number;
	readonly byType: Readonly<Record<string, number>>;
	/** devices that have come since then, the first of them */
	readonly devices: readonly string[];
	/** devices that were active then, were refused since and are still, the first of them */
	readonly letInAgain: readonly string[];
	/** above every version of its records and every place of its trail, now and in a moment */
	readonly floor: number;
}

type CatchUp = Change & {
	readonly kind: "catch_up";
	/** unix seconds */
	readonly to: number;
	readonly floor: number;
	/** devices of it that the Directory has refused */
	readonly denied: readonly string[];
	/** of its HA groups, that were under way before */
	readonly permits: readonly ProductPermit[];
	readonly detail: string;
};

interface StepTo<Kind extends string> {
	readonly kind: Kind;
	/** unix seconds */
	readonly to: number;
}

/**
 * survey: what it would lose; close: no permit of an HA group from now on; restore: ends the object; catch_up: once its next life has
 * found it as it was
 */
export type RewindStep =
	| StepTo<"survey">
	| { readonly kind: "close"; readonly now: number }
	| (StepTo<"restore"> & { readonly now: number })
	| CatchUp;

/** What is kept of the account for the time after the restore. */
export interface ClosedAccount {
	readonly kind: "closed";
	/** its license epoch */
	readonly epoch: number;
	/** of its HA groups, under way; null = more than can be kept */
	readonly permits: readonly ProductPermit[] | null;
}

/** not_closed: a permit may have been given since; not_rewound: the trail still has what came after that time */
export type RewindAnswer =
	| RewindSurvey
	| ClosedAccount
	| { readonly kind: "no_history" | "not_closed" | "not_rewound" }
	| {
			readonly kind: "caught_up" /** whether every store has what is to be known at once */;
			readonly published: boolean;
	  };

const SHOWN_DEVICES = 100;
/** A row of the Directory keeps them: 10,000 are 1.4 of the 2 MB that it may have. */
const MAX_PERMITS = 10_000;
/** Changes between the survey and the moment of the restore. */
const MARGIN = 1_000;

/** @returns null where there is no such account; of a restore only where the platform has no such state */
export async function takeRewindStep(
	ctx: DurableObjectState,
	desks: AccountDesks,
	step: RewindStep,
): Promise<RewindAnswer | null> {
	const { sql } = ctx.storage;
	if (step.kind === "survey") return surveyRewind(sql, desks, step.to);
	if (step.kind === "close") return close(desks, step.now);
	if (step.kind === "restore") return rewindTo(ctx, desks, step);
	const isThere = ctx.storage.transactionSync(() => catchUp(sql, desks, step));
	return isThere ? { kind: "caught_up", published: await desks.outbox.flush() } : { kind: "not_rewound" };
}

const REFUSING = "'device.suspended', 'device.revoked', 'device.deactivated', 'device.replaced'";
const ADMITTING = "'device.new', 'device.imported', 'device.returned', 'device.active'";
/**
 * By the first that the trail tells of a device since then, and its last suspension or the end of one before that. A device that had given up
 * its seat and was revoked since is taken for one that was active.
 */
const LET_IN_AGAIN = `WITH since AS (SELECT subject, action, MIN(seq) FROM audit WHERE seq > ?1 AND at > ?2
		AND action IN (${REFUSING}, ${ADMITTING}) GROUP BY subject)
	SELECT id FROM since JOIN devices ON id = subject WHERE status <> 'active' AND action IN (${REFUSING})
		AND COALESCE((SELECT action FROM audit WHERE ${IS_ABOUT_STATUS} AND subject = id AND at <= ?2
			ORDER BY seq DESC LIMIT 1), 'device.active') = 'device.active'
	ORDER BY id LIMIT ?3`;
/** Seconds by which the clocks of edges may differ: in so far the trail is in order of time. */
const CLOCK_MARGIN = 600;

/** @param at unix seconds @returns a place of the trail after which all entries are that are later than that, and few others */
function placeBefore(sql: SqlStorage, at: number): number {
	const next = "SELECT at FROM audit WHERE seq > ? ORDER BY seq LIMIT 1";
	let [low, high] = [0, lastPlace(sql)];
	while (low < high) {
		const middle = Math.floor((low + high) / 2);
		const [entry] = sql.exec<{ at: number }>(next, middle).toArray();
		if (entry !== undefined && entry.at <= at - CLOCK_MARGIN) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** @param to unix seconds @returns what setting the account back to that time would lose; null where there is no such account */
function surveyRewind(sql: SqlStorage, { account, haReports }: AccountDesks, to: number): RewindSurvey | null {
	const info = account.info();
	if (info === null) return null;
	const place = placeBefore(sql, to);
	const counted = "SELECT action, COUNT(*) AS n FROM audit WHERE seq > ? AND at > ? GROUP BY action";
	const lost = sql.exec<{ action: string; n: number }>(counted, place, to).toArray();
	const came = `SELECT DISTINCT subject FROM audit WHERE seq > ? AND at > ?
		AND action IN ('device.new', 'device.imported') LIMIT ?`;
	const rows = sql.exec<{ version: number }>("SELECT COALESCE(MAX(version), 0) AS version FROM devices").one();
	return {
		kind: "survey",
		createdAt: info.createdAt,
		events: lost.reduce((sum, { n }) => sum + n, 0),
		byType: Object.fromEntries(lost.map(({ action, n }) => [action, n])),
		devices: sql
			.exec<{ subject: string }>(came, place, to, SHOWN_DEVICES)
			.toArray()
			.map(({ subject }) => subject),
		letInAgain: sql
			.exec<{ id: string }>(LET_IN_AGAIN, place, to, SHOWN_DEVICES)
			.toArray()
			.map(({ id }) => id),
		floor: MARGIN + Math.max(rows.version + info.licenseEpoch, haReports.tables.lastVersion(), lastPlace(sql)),
	};
}

/** A device that has a permit installs it although the account forgets the permit: its group must not. */
function close({ account, haLocks }: AccountDesks, now: number): ClosedAccount | null {
	const info = account.info();
	if (info === null) return null;
	const permits = haLocks.close(now, MAX_PERMITS + 1);
	return { kind: "closed", epoch: info.licenseEpoch, permits: permits.length > MAX_PERMITS ? null : permits };
}

/**
 * Ends the object; its next start finds it as it was at that time.
 * @returns only where that did not happen: the object began anew since its locks were closed, or the platform has no such state (it keeps
 * 30 days, and nothing where the service runs on one machine)
 */
async function rewindTo(
	ctx: DurableObjectState,
	{ haLocks }: AccountDesks,
	{ to, now }: StepTo<"restore"> & { readonly now: number },
): Promise<RewindAnswer> {
	if (!haLocks.isClosed(now)) return { kind: "not_closed" };
	try {
		await ctx.storage.onNextSessionRestoreBookmark(await ctx.storage.getBookmarkForTime(to * 1_000));
	} catch {
		haLocks.open();
		return { kind: "no_history" };
	}
	ctx.abort("set back to an earlier time");
	// The platform ends the object before anything is answered.
	return new Promise(() => {});
}

/**
 * Begins above all that was known of the account before it was set back. To be called in a transaction; again changes nothing.
 * @returns false where its trail still has what came after that time: then it was not set back
 */
function catchUp(
	sql: SqlStorage,
	{ account, devices, haLocks, haReports, outbox, summaryDesk, tokensEndAfter, webhooks }: AccountDesks,
	{ to, floor, denied, permits, detail, actor, now, via }: CatchUp,
): boolean {
	const before = account.info();
	if (before === null) return false;
	if (before.licenseEpoch >= floor) return true;
	const { at } = sql.exec<{ at: number | null }>("SELECT MAX(at) AS at FROM audit").one();
	if (at !== null && at > to) return false;
	account.raiseLicenseEpoch(floor);
	haLocks.takeBack(permits);
	summaryDesk.mark(now, "news");
	outbox.add([licenseEpochStep({ ...before, licenseEpoch: floor }, now, tokensEndAfter)]);
	haReports.tables.raiseVersions(floor);
	outbox.add(haReports.steps("", Number.MAX_SAFE_INTEGER).map(({ step }) => step));
	// Whoever was refused since then is not any more; whoever was not, is refused by the epoch and the record.
	const reinstated = denied.map((id) => devices.device(id)).filter((device) => device?.status === "active");
	outbox.add(reinstated.flatMap((device) => (device === null ? [] : [accessStep(device, now, tokensEndAfter)])));
	webhooks.delivery.append({ at: now, actor, action: "account.rewind", subject: before.id, detail, via }, floor);
	return true;
}
