// The whole update of a firewall: check → permit → download → verify → install → report, product by product.
// A package that is not exactly what was promised never replaces what runs, and is reported as failed.
import { ServerRefusal } from "../errors.ts";
import type { CheckedProduct, Offer, Permit } from "./answers.ts";
import { askPermit, type CheckResult, checkForUpdates } from "./check.ts";
import { type DownloadResult, downloadPackage } from "./download.ts";
import { withHomeLock } from "./home-lock.ts";
import { installPackage, partPathOf } from "./install.ts";
import { flushReports, type Outcome, reportOutcome } from "./reports.ts";
import type { FirewallSession } from "./session.ts";

export interface UpdateObserver {
	readonly onProgress?: (product: string, done: number, total: number) => void;
	readonly onDownloaded?: () => void;
}

export type ProductUpdate =
	| {
			readonly ok: true;
			readonly product: string;
			readonly from: string | null;
			readonly version: string;
			readonly sha256: string;
			readonly path: string;
			readonly resumedFrom: number;
			/** why the server would not take the report; null = it did, or it will be sent later */
			readonly reportProblem: string | null;
	  }
	| {
			readonly ok: false;
			readonly product: string;
			readonly version: string;
			readonly reason: Exclude<DownloadResult, { ok: true }>["reason"] | "permit_refused";
			readonly detail: string;
	  };

export interface UpdateResult {
	readonly check: CheckResult;
	readonly updates: readonly ProductUpdate[];
	/** reports that could not be sent yet; the next update sends them */
	readonly waitingReports: number;
}

/**
 * Updates everything that is offered, or `product` alone.
 * @throws ServerRefusal, ConnectionError; CliError when another update is running
 */
export function updateFirewall(
	session: FirewallSession,
	product: string | undefined,
	observer: UpdateObserver = {},
): Promise<UpdateResult> {
	return withHomeLock(session.home.folder, async () => {
		// What an earlier run could not tell; a refusal of something that old is no reason not to update.
		await flushReports(session).catch(() => 0);
		const check = await checkForUpdates(session, product);
		const updates: ProductUpdate[] = [];
		for (const offered of check.answer.products) {
			if (offered.status !== "offered" || offered.offer == null) continue;
			updates.push(await updateProduct(session, offered, offered.offer, observer));
		}
		const waitingReports = (await session.home.load("reports"))?.length ?? 0;
		return { check, updates, waitingReports };
	});
}

async function updateProduct(
	session: FirewallSession,
	{ product, installed }: CheckedProduct,
	offer: Offer,
	observer: UpdateObserver,
): Promise<ProductUpdate> {
	const first = await refusalAsValue(askPermit(session, product, offer));
	if (first instanceof ServerRefusal) {
		return { ok: false, product, version: offer.version, reason: "permit_refused", detail: first.message };
	}
	let permit = first;
	const download = downloadPermitted(session, permit, {
		onProgress: (done, total) => observer.onProgress?.(product, done, total),
		renew: async () => {
			permit = await askPermit(session, product, offer);
			return permit;
		},
	});
	// Another permit may be refused too: the release was withdrawn in the meantime.
	const result = await refusalAsValue(download).finally(observer.onDownloaded);
	if (result instanceof ServerRefusal) {
		return { ok: false, product, version: offer.version, reason: "permit_refused", detail: result.message };
	}
	const { version, sha256 } = permit;
	if (!result.ok) {
		const { reason, detail } = result;
		const bad = reason === "digest_mismatch" || reason === "size_mismatch";
		// An interrupted download is no verdict on the release; it goes on at the next run.
		if (bad) await refusalAsValue(reportOutcome(session, permit, "failed", reason));
		return { ok: false, product, version, reason, detail };
	}
	const path = await installPackage(session.home, permit, Math.floor(session.nowMs() / 1000));
	const reported = await refusalAsValue(reportInstalled(session, permit));
	const reportProblem = reported instanceof ServerRefusal ? reported.message : null;
	return {
		ok: true,
		product,
		from: installed ?? null,
		version,
		sha256,
		path,
		resumedFrom: result.resumedFrom,
		reportProblem,
	};
}

/** One product that is refused must not keep the others from being updated. */
function refusalAsValue<T>(attempt: Promise<T>): Promise<T | ServerRefusal> {
	return attempt.catch((error: unknown) => {
		if (error instanceof ServerRefusal) return error;
		throw error;
	});
}

export interface PermittedDownload {
	readonly onProgress?: (done: number, total: number) => void;
	/** asks for another permit, when the URL of the one before is turned down or has run out */
	readonly renew: () => Promise<Permit>;
}

/** Downloads and verifies what a permit is for, into its .part file. */
export function downloadPermitted(
	session: FirewallSession,
	permit: Permit,
	{ onProgress, renew }: PermittedDownload,
): Promise<DownloadResult> {
	let current = permit;
	return downloadPackage({
		urlFor: async (refused) => {
			if (refused || Date.parse(current.expires_at) <= session.nowMs()) current = await renew();
			return new URL(current.url, session.server).href;
		},
		sha256: permit.sha256,
		size: permit.size,
		partPath: partPathOf(session.home, permit),
		clock: session,
		...(onProgress === undefined ? {} : { onProgress }),
	});
}

/** Tells that the package is in place, and that the firewall runs well with it. */
export async function reportInstalled(session: FirewallSession, permit: Permit): Promise<void> {
	const outcomes: readonly Outcome[] = ["installed", "healthy"];
	for (const outcome of outcomes) await reportOutcome(session, permit, outcome);
}
