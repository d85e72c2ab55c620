// Whether what is installed is there, whole. Power failures, dying disks and people empty files that a firewall believes to
// have; such a product is asked for as if nothing were installed. Nothing is removed here.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { hashFile } from "../../files/file-digest.ts";
import { type FirewallState, hasFolder, type Installed } from "../home/firewall-state.ts";

/** Sizes are compared at every check; reading everything takes its time, and is enough once a day. */
const HASH_EVERY_SECONDS = 86_400;

export interface DamagedProduct {
	readonly product: string;
	readonly version: string;
	/** absolute */
	readonly path: string;
	readonly why: string;
}

/**
 * Of a firewall without files nothing is looked at: its content is its keeper's to look after.
 * @param now unix seconds
 * @param depth "daily" hashes what has not been hashed for a day, "now" everything
 */
export async function findDamaged(
	home: FirewallState,
	now: number,
	depth: "daily" | "now",
): Promise<readonly DamagedProduct[]> {
	if (!hasFolder(home)) return [];
	const installed = (await home.load("installed")) ?? {};
	const before = (await home.load("verified")) ?? {};
	const verified = { ...before };
	const damaged: DamagedProduct[] = [];
	for (const [product, one] of Object.entries(installed)) {
		const last = before[product];
		const ageSeconds = last?.sha256 === one.sha256 ? now - last.at : Number.NaN;
		const isRecent = ageSeconds >= 0 && ageSeconds < HASH_EVERY_SECONDS;
		const isHashed = depth === "now" || !isRecent;
		const path = join(home.folder, one.path);
		const why = await findDamage(path, one, isHashed);
		if (why !== null) damaged.push({ product, version: one.version, path, why });
		else if (isHashed) verified[product] = { sha256: one.sha256, at: now };
	}
	if (JSON.stringify(verified) !== JSON.stringify(before)) await home.save("verified", verified);
	return damaged;
}

/** @returns null = none was found */
async function findDamage(path: string, one: Installed[string], isHashed: boolean): Promise<string | null> {
	const found = await stat(path).catch(() => null);
	if (found === null || !found.isFile()) return "its file is missing";
	if (found.size !== one.size) return `its file has ${found.size} bytes, not ${one.size}`;
	if (!isHashed) return null;
	const sha256 = await hashFile(path).catch(() => null);
	if (sha256 === null) return "its file cannot be read";
	return sha256 === one.sha256 ? null : `the SHA-256 of its file is ${sha256}, not ${one.sha256}`;
}
