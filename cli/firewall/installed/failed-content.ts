// What does not work on this firewall, as whoever runs it says: a day long it goes with every check, so that the service offers what to
// go back to, and nothing is tried again and again. After the day it may be tried once more.
import type { FirewallState } from "../home/firewall-state.ts";

const SAID_FOR_SECONDS = 86_400;

/** @param versions by product @param now unix seconds */
export async function rememberFailed(
	home: FirewallState,
	versions: ReadonlyMap<string, string>,
	now: number,
): Promise<void> {
	if (versions.size === 0) return;
	const said = Object.fromEntries([...versions].map(([product, version]) => [product, { version, at: now }]));
	await home.save("failed", { ...(await home.load("failed")), ...said });
}

/** @param now unix seconds @returns by product what is still said */
export async function failedVersions(home: FirewallState, now: number): Promise<ReadonlyMap<string, string>> {
	const said = Object.entries((await home.load("failed")) ?? {});
	const isFresh = (at: number) => now >= at && now - at < SAID_FOR_SECONDS;
	return new Map(said.flatMap(([product, { version, at }]) => (isFresh(at) ? [[product, version]] : [])));
}
