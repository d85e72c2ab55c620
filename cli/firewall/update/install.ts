// Puts a verified package in place. The new file stands beside the old one until `installed` names it in one atomic
// step; only then does the old one go. A crash at any point leaves a whole, named, working package.
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { moveIntoPlace } from "../../files/atomic-file.ts";
import type { FirewallHome, FirewallState } from "../home/firewall-state.ts";
import type { Offer, Permit } from "../wire-types.ts";
import { partPathOf } from "./parts.ts";

/** Installations of a product that a check can tell. */
const MAX_UNTOLD = 20;

/** @returns the path that a product's package has once it is installed, under the home folder */
function packagePathOf(product: string, { version, name }: Pick<Offer, "version" | "name">): string {
	return join("packages", product, version, name);
}

/**
 * A run that ended between the move and the commit point has left a package that nothing names: it is a part again, and need
 * not be downloaded a second time.
 */
export async function reclaimPackage(home: FirewallHome, product: string, offer: Offer): Promise<void> {
	const path = packagePathOf(product, offer);
	if ((await home.load("installed"))?.[product]?.path === path) return;
	const part = partPathOf(home, { product, sha256: offer.sha256 });
	await mkdir(dirname(part), { recursive: true, mode: 0o700 });
	await rename(join(home.folder, path), part).catch(() => {}); // almost always there is none
}

/**
 * Installs the package in the .part file, whose digest the caller has verified.
 * @returns the absolute path of the installed file
 */
export async function installPackage(home: FirewallHome, permit: Permit, now: number): Promise<string> {
	const { product } = permit;
	const path = packagePathOf(product, permit);
	await moveIntoPlace(partPathOf(home, permit), join(home.folder, path));
	await noteInstalled(home, permit, path, now);
	// What cannot be removed now goes with the next version.
	await dropOtherVersions(home, product, permit).catch(() => {});
	return join(home.folder, path);
}

/**
 * Commits an update: what a permit is for runs now, and the next check says so.
 * @param path of the package, as its keeper calls it @param now unix seconds
 */
export async function noteInstalled(home: FirewallState, permit: Permit, path: string, now: number): Promise<void> {
	const { product, version, sha256, size, name, variant } = permit;
	const installed = (await home.load("installed")) ?? {};
	const untold = [...(installed[product]?.untold ?? []), { version, at: now }].slice(-MAX_UNTOLD);
	const told = permit.report_success === false ? { untold } : {};
	const of = variant == null ? {} : { variant };
	const current = { version, sha256, size, name, ...of, path, installedAt: now, ...told };
	await home.save("installed", { ...installed, [product]: current });
}

/** Whatever else is of this product goes: the version before, and what runs that were cut short have left. */
async function dropOtherVersions(
	home: FirewallHome,
	product: string,
	{ version, name }: Pick<Permit, "version" | "name">,
): Promise<void> {
	const drop = async (folder: string, kept: string) => {
		for (const other of await readdir(folder)) {
			if (other !== kept) await rm(join(folder, other), { recursive: true, force: true });
		}
	};
	const folder = join(home.folder, "packages", product);
	await drop(folder, version);
	await drop(join(folder, version), name);
}
