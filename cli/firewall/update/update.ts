// The whole update of a firewall: check → permit → download → verify → install → report, product by product.
// A package that is not exactly what was promised never replaces what runs, and is reported as failed. One whose rollout was halted
// while it came stays on the disk uninstalled.
import { PUT_OFF_REASONS, type PutOffReason } from "../../../src/entitlement/policy/device-policy.ts";
import { DiskError, ServerRefusal } from "../../errors.ts";
import { askPermit, checkForUpdates, isLive } from "../check/check.ts";
import { withHomeLock } from "../home/home-lock.ts";
import { forgetPermit } from "../home/open-permits.ts";
import type { FirewallSession } from "../identity/session.ts";
import { writeDisabledRules } from "../installed/disabled-rules.ts";
import type { CheckedProduct, HealthSample, Offer, Permit } from "../wire-types.ts";
import { forgetBad, noteBad, pauseOf } from "./bad-releases.ts";
import { installPackage, reclaimPackage } from "./install.ts";
import { isFresh, permitInOffer } from "./offered-download.ts";
import { describeNeed, dropOldParts, dropParts, makeRoomFor } from "./parts.ts";
import { downloadPermitted } from "./permitted-download.ts";
import { flushReports, reportInstalled, reportOutcome, reportUntold } from "./reports.ts";
import { createOfferJudge, type JudgeOffer } from "./signed-offer.ts";
import type { FailedUpdate, ProductUpdate, PutOffUpdate, UpdateResult } from "./update-result.ts";

export interface UpdateOptions {
	readonly onProgress?: (product: string, done: number, total: number) => void;
	readonly onDownloaded?: () => void;
	/** asked before the installation and after it; null = not known */
	readonly measure?: () => Promise<HealthSample | null>;
	/** how closely what is installed is looked at ("daily" if not said); see installed-content.ts */
	readonly depth?: "daily" | "now";
	/** true = this release is offered, but not to be tried now */
	readonly isPutOff?: (product: string, sha256: string) => boolean;
	/** true = what came damaged lately is fetched again all the same */
	readonly triesBad?: boolean | undefined;
	/** true = a signed release may be older than what is installed */
	readonly allowOlder?: boolean | undefined;
	/** stops a download; what is short is brought to its end */
	readonly signal?: AbortSignal;
}

/**
 * Updates everything that is offered, or `product` alone.
 * @throws ServerRefusal, ConnectionError; DiskError when not even a small file can be written; CliError when another update is running
 */
export function updateFirewall(
	session: FirewallSession,
	product: string | undefined,
	options: UpdateOptions = {},
): Promise<UpdateResult> {
	return withHomeLock(session.home.folder, async () => {
		try {
			return await updateOffered(session, product, options);
		} catch (error) {
			// Parts must not keep a firewall from even asking.
			if (!(error instanceof DiskError) || (await dropParts(session.home)) === 0) throw error;
			return updateOffered(session, product, options);
		}
	});
}

async function updateOffered(
	session: FirewallSession,
	only: string | undefined,
	options: UpdateOptions,
): Promise<UpdateResult> {
	const { home } = session;
	// What an earlier run could not tell; a refusal of something that old is no reason not to update.
	await flushReports(session).catch(() => 0);
	await home.dropDrafts();
	const check = await checkForUpdates(session, only, options.depth);
	await reportUntold(
		session,
		check.damaged.map(({ product }) => product),
	);
	const { products } = check.answer;
	await dropOldParts(home, products, only);
	// Before anything is installed: what loads the new content is to leave them out as well.
	const rules = await writeDisabledRules(home, check.answer);
	const judge = createOfferJudge(session, options);
	const updates: ProductUpdate[] = [];
	const putOff: PutOffUpdate[] = [];
	for (const offered of products) {
		if (offered.status !== "offered" || offered.offer == null) continue;
		if (options.isPutOff?.(offered.product, offered.offer.sha256)) continue;
		const content = { product: offered.product, sha256: offered.offer.sha256 };
		const retryIn = options.triesBad ? null : await pauseOf(home, content, secondsNow(session));
		if (retryIn !== null) {
			putOff.push({ ...content, version: offered.offer.version, retryIn });
			continue;
		}
		const isDone = (product: string) => updates.some((one) => one.ok && one.product === product);
		const waitsFor = (offered.offer.after ?? []).find((product) => !isDone(product));
		const update = (offer: Offer) => updateProduct(session, offered, offer, options, judge, check.askedMs);
		updates.push(waitsFor === undefined ? await update(offered.offer) : laterThan(offered, offered.offer, waitsFor));
	}
	// Where nothing sound is installed and the offer is not to be had yet, it takes what else there is: better that than no content.
	const refused = new Map(
		updates.flatMap((one) =>
			!one.ok && one.reason === "not_yet" && check.damaged.some(({ product }) => product === one.product)
				? [[one.product, one.version]]
				: [],
		),
	);
	const again = refused.size === 0 ? null : await checkForUpdates(session, only, "daily", refused);
	for (const offered of again?.answer.products ?? []) {
		if (refused.has(offered.product) && offered.status === "offered" && offered.offer != null)
			updates.push(await updateProduct(session, offered, offered.offer, options, judge, again?.askedMs ?? 0));
	}
	const waitingReports = (await home.load("reports"))?.length ?? 0;
	return { check, updates, putOff, rules, waitingReports };
}

/** Another product's offer was to be installed first, and has not been. */
function laterThan({ product }: CheckedProduct, { version, sha256 }: Offer, other: string): ProductUpdate {
	const why = { reason: "not_yet", detail: `${other} comes first, and is not installed yet` } as const;
	return { ok: false, product, version, sha256, ...why, rolloutCode: "prerequisite_missing", retryAfter: null };
}

async function updateProduct(
	session: FirewallSession,
	{ product, installed }: CheckedProduct,
	offer: Offer,
	options: UpdateOptions,
	judge: JudgeOffer,
	checkedMs: number,
): Promise<ProductUpdate> {
	const { home } = session;
	const { version, sha256 } = offer;
	const failed = (reason: FailedUpdate["reason"], detail: string, retryIn: number | null = null) =>
		({ ok: false, product, version, sha256, reason, detail, retryIn }) as const;
	const notYet = (detail: string, rolloutCode: string | null, retryAfter: number | null) =>
		({ ok: false, product, version, sha256, reason: "not_yet", detail, rolloutCode, retryAfter }) as const;
	const refused = ({ message, refusal: { code, members, retryAfterSeconds } }: ServerRefusal) => {
		if (code === "prerequisite_missing" || code === "too_large_for_device")
			return notYet(message, code, retryAfterSeconds ?? null);
		if (code !== "exposure_limited") return failed("permit_refused", message);
		const rolloutCode = String(members?.["rollout_code"]);
		return notYet(`it is not this firewall's turn (${rolloutCode})`, rolloutCode, retryAfterSeconds ?? null);
	};
	const untrusted = await judge(product, offer);
	if (untrusted !== null) return failed("untrusted", untrusted);
	const part = { product, sha256, size: offer.size };
	await reclaimPackage(home, product, offer);
	// A permit is asked for only where it can be used.
	const need = await makeRoomFor(home, part);
	if (need !== null) return failed("disk", `there is no room left: ${need}`);
	const inOffer = permitInOffer(product, offer, checkedMs, session.nowMs());
	let permittedMs = inOffer === null ? session.nowMs() : checkedMs;
	const first = inOffer ?? (await failureAsValue(askPermit(session, product, offer)));
	if (first instanceof ServerRefusal) return refused(first);
	if (first instanceof DiskError) return failed("disk", first.message);
	let permit = first;
	const download = downloadPermitted(session, permit, {
		onProgress: (done, total) => options.onProgress?.(product, done, total),
		signal: options.signal,
		renew: async () => {
			permittedMs = session.nowMs();
			permit = await askPermit(session, product, offer);
			return permit;
		},
	});
	// Another permit may be refused too: the release was withdrawn in the meantime.
	const result = await failureAsValue(download).finally(options.onDownloaded);
	if (result instanceof ServerRefusal) return refused(result);
	if (result instanceof DiskError) return failed("disk", `${result.message} (${await describeNeed(home, part)})`);
	if (!result.ok) {
		const { reason, detail } = result;
		// An interrupted download is no verdict on the release; it goes on at the next run.
		if (reason !== "digest_mismatch" && reason !== "size_mismatch") return failed(reason, detail);
		const retryIn = await failureAsValue(noteBad(home, part, secondsNow(session)));
		await failureAsValue(reportOutcome(session, permit, "failed", reason));
		return failed(reason, detail, retryIn instanceof Error ? null : retryIn);
	}
	if (!isFresh(permittedMs, session.nowMs())) {
		const again = await failureAsValue(askAgain(session, product, offer));
		const putOff = again instanceof ServerRefusal ? again.refusal.members?.["rollout_code"] : again;
		// The window closed while the package came. Waiting is not dying: its rollout is not to count this as silence.
		if (isPutOff(putOff)) await failureAsValue(reportOutcome(session, permit, "deferred", "window"));
		if (again === null || typeof again === "string") return notYet("it is not offered any more", again, null);
		if (again instanceof ServerRefusal) return refused(again);
		if (again instanceof DiskError) return failed("disk", again.message);
		permit = again;
	}
	const before = (await options.measure?.()) ?? null;
	const path = await failureAsValue(installPackage(home, permit, secondsNow(session)));
	if (path instanceof Error) return failed("disk", path.message);
	await failureAsValue(forgetBad(home, product));
	const after = before === null ? null : ((await options.measure?.()) ?? null);
	const health = before === null || after === null ? undefined : { before, after };
	const { deltaMiss, deltaSize } = result;
	// Where success needs no report, a delta that was of no use is told all the same.
	const isWanted = permit.report_success !== false || deltaMiss !== null;
	if (!isWanted) await forgetPermit(home, product);
	const reported = isWanted ? await failureAsValue(reportInstalled(session, permit, { health, deltaMiss })) : null;
	const reportProblem = reported instanceof Error ? reported.message : null;
	return {
		ok: true,
		product,
		from: installed ?? null,
		version,
		sha256,
		size: permit.size,
		path,
		resumedFrom: result.resumedFrom,
		deltaSize,
		deltaMiss,
		reportProblem,
	};
}

/**
 * Takes the permit once more: the same lease where nothing has changed. An offer that ran out meanwhile is asked for anew.
 * @returns null = the release is not offered any more; a word = the account's policy puts it off
 */
async function askAgain(
	session: FirewallSession,
	product: string,
	offer: Offer,
): Promise<Permit | PutOffReason | null> {
	if (isLive(offer, session.nowMs())) return askPermit(session, product, offer);
	const { answer } = await checkForUpdates(session, product);
	const found = answer.products.find((one) => one.product === product);
	if (isPutOff(found?.reason)) return found.reason;
	const anew = found?.status === "offered" ? found.offer : undefined;
	return anew?.sha256 === offer.sha256 ? askPermit(session, product, anew) : null;
}

function secondsNow({ nowMs }: FirewallSession): number {
	return Math.floor(nowMs() / 1000);
}

/** Whether it is why the account's policy does not let a release be installed now. */
function isPutOff(said: unknown): said is PutOffReason {
	return PUT_OFF_REASONS.some((reason) => reason === said);
}

/** One product that is refused, or has no room, must not keep the others from being updated. */
function failureAsValue<T>(attempt: Promise<T>): Promise<T | ServerRefusal | DiskError> {
	return attempt.catch((error: unknown) => {
		if (error instanceof ServerRefusal || error instanceof DiskError) return error;
		throw error;
	});
}
