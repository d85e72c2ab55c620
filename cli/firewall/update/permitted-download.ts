// Gets the package that a permit is for into its part: by a delta from what is installed where the permit names one, else whole. A
// delta need not be trusted, since what it makes is compared with the permit's SHA-256; whatever is wrong with it, the whole is fetched.
import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { applyDelta, canUseDictionaries } from "../../delta/dcz.ts";
import { hashFile } from "../../files/file-digest.ts";
import type { FirewallSession } from "../identity/session.ts";
import type { Permit } from "../wire-types.ts";
import { type DownloadResult, downloadPackage } from "./download.ts";
import { removePart } from "./part-etag.ts";
import { deltaPathOf, hasRoomBeside, partPathOf } from "./parts.ts";

export interface PermittedDownload {
	readonly onProgress?: (done: number, total: number) => void;
	readonly signal?: AbortSignal | undefined;
	/** asks for another permit, when the URL of the one before is turned down or has run out */
	readonly renew: () => Promise<Permit>;
}

export type PermittedResult =
	| Exclude<DownloadResult, { ok: true }>
	| {
			readonly ok: true;
			readonly resumedFrom: number;
			/** bytes of the delta that made it; null = the whole came */
			readonly deltaSize: number | null;
			/** why a delta that there was did not make it: `delta_…`, as reports say it; null = nothing went wrong with one */
			readonly deltaMiss: string | null;
	  };

type NamedDelta = NonNullable<Permit["delta"]>;

/** Downloads and verifies what a permit is for, into its .part file. */
export async function downloadPermitted(
	session: FirewallSession,
	permit: Permit,
	options: PermittedDownload,
): Promise<PermittedResult> {
	const { onProgress, renew, signal } = options;
	let current = permit;
	/** @param urlOf undefined where another permit does not name it any more; what comes then does not fit, and is not taken */
	const download = (urlOf: (permit: Permit) => string | undefined, sha256: string, size: number, partPath: string) =>
		downloadPackage({
			urlFor: async (refused) => {
				if (refused || Date.parse(current.expires_at) <= session.nowMs()) current = await renew();
				return new URL(urlOf(current) ?? current.url, session.server).href;
			},
			...{ sha256, size, partPath, signal },
			clock: session,
			...(onProgress === undefined ? {} : { onProgress }),
		});
	const part = partPathOf(session.home, permit);
	const { delta } = permit;
	let deltaMiss: string | null = null;
	if (delta != null && (await isWorthIt(part, permit.size, delta))) {
		const partPath = deltaPathOf(session.home, permit, delta.sha256);
		const base = await findBase(session, permit.product, delta);
		deltaMiss = base.miss ?? ((await hasRoomBeside(session.home, permit.size + delta.size)) ? null : "delta_no_room");
		if (deltaMiss === null) {
			const got = await download((one) => one.delta?.url, delta.sha256, delta.size, partPath);
			// The line is down, for the whole as well: the delta goes on at the next run.
			if (!got.ok && got.reason === "interrupted") return got;
			deltaMiss = got.ok ? await makePackage(base.path, partPath, permit, part) : `delta_${got.reason}`;
			await removePart(partPath);
			if (deltaMiss === null)
				return { ok: true, resumedFrom: got.ok ? got.resumedFrom : 0, deltaSize: delta.size, deltaMiss };
		}
	}
	const got = await download((one) => one.url, permit.sha256, permit.size, part);
	return got.ok ? { ...got, deltaSize: null, deltaMiss } : got;
}

/** Not where the rest of the package is less than the delta, after a download of it that broke off. */
async function isWorthIt(part: string, size: number, delta: NamedDelta): Promise<boolean> {
	const done = await stat(part).catch(() => null);
	return canUseDictionaries() && size - (done?.size ?? 0) > delta.size;
}

/** @returns the installed file that the delta needs, as it is on the disk; a null path = it needs none */
async function findBase({ home }: FirewallSession, product: string, delta: NamedDelta) {
	if (delta.from_sha256 == null) return { path: null, miss: null };
	const installed = (await home.load("installed"))?.[product];
	if (installed?.sha256 !== delta.from_sha256) return { path: null, miss: "delta_wrong_base" };
	const path = join(home.folder, installed.path);
	const found = await hashFile(path).catch(() => null);
	return { path, miss: found === delta.from_sha256 ? null : "delta_damaged_base" };
}

/** @returns why it did not; then nothing of it is left */
async function makePackage(base: string | null, delta: string, permit: Permit, part: string): Promise<string | null> {
	const made = `${part}.made`;
	try {
		const applied = await applyDelta({ base, delta, size: permit.size, out: made });
		if (!applied.ok) return `delta_${applied.fault}`;
		if (applied.sha256 !== permit.sha256) return "delta_digest_mismatch";
		await rename(made, part);
		return null;
	} catch {
		// A disk that is full, most likely: the whole needs less room.
		return "delta_not_applied";
	} finally {
		await rm(made, { force: true });
	}
}
