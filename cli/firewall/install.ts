// Puts a verified package in place. The new file stands beside the old one until `installed` names it in one atomic
// step; only then does the old one go. A crash at any point leaves a whole, named, working package.
import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { moveIntoPlace } from "../files/atomic-file.ts";
import type { Permit } from "./answers.ts";
import type { FirewallHome } from "./state.ts";

/** Where a package grows while it is downloaded; by digest, so that a new permit goes on where an old one stopped. */
export function partPathOf(home: FirewallHome, permit: Permit): string {
	return join(home.folder, "downloads", `${permit.sha256}.part`);
}

/** @returns the path that a permit's package has once it is installed, under the home folder */
function packagePathOf(permit: Permit): string {
	return join("packages", permit.product, permit.version, permit.name);
}

/**
 * Installs the package in the .part file, whose digest the caller has verified.
 * @returns the absolute path of the installed file
 */
export async function installPackage(home: FirewallHome, permit: Permit, now: number): Promise<string> {
	const path = packagePathOf(permit);
	const installed = (await home.load("installed")) ?? {};
	const previous = installed[permit.product];
	await moveIntoPlace(partPathOf(home, permit), join(home.folder, path));
	const { version, sha256, size, name } = permit;
	await home.save("installed", {
		...installed,
		[permit.product]: { version, sha256, size, name, path, installedAt: now },
	});
	if (previous !== undefined && previous.path !== path) {
		const old = join(home.folder, previous.path);
		await rm(old, { force: true });
		// Its version's folder goes too, unless something else is in it.
		await rmdir(dirname(old)).catch(() => {});
	}
	return join(home.folder, path);
}
