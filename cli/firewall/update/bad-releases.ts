// Releases whose bytes were not what was promised, and for how long each is left alone. Without it a release that is damaged where it
// lies would be fetched at every check, by every firewall of a fleet. In the firewall's home, because many firewalls have no process
// that lives from one check to the next.
import type { FirewallState } from "../home/firewall-state.ts";

const FIRST_PAUSE_SECONDS = 600;
const LONGEST_PAUSE_SECONDS = 86_400;

interface Content {
	readonly product: string;
	readonly sha256: string;
}

/** @param now unix seconds @returns seconds for which the release is left alone from now on: twice as long each time */
export async function noteBad(home: FirewallState, { product, sha256 }: Content, now: number): Promise<number> {
	const others = (await home.load("bad")) ?? {};
	const before = others[product];
	const times = before?.sha256 === sha256 ? before.times + 1 : 1;
	await home.save("bad", { ...others, [product]: { sha256, times, at: now } });
	return pauseAfter(times);
}

/** @param now unix seconds @returns seconds for which the release is still to be left alone; null = it is not */
export async function pauseOf(home: FirewallState, { product, sha256 }: Content, now: number): Promise<number | null> {
	const bad = (await home.load("bad"))?.[product];
	// A time ahead is of a clock that was set back: nobody knows how long ago it was.
	if (bad === undefined || bad.sha256 !== sha256 || bad.at > now) return null;
	const left = bad.at + pauseAfter(bad.times) - now;
	return left > 0 ? left : null;
}

/** The product has something good: whatever was bad before counts no more. */
export async function forgetBad(home: FirewallState, product: string): Promise<void> {
	const { [product]: over, ...others } = (await home.load("bad")) ?? {};
	if (Object.keys(others).length > 0) await home.save("bad", others);
	else if (over !== undefined) await home.forget("bad");
}

function pauseAfter(times: number): number {
	return Math.min(FIRST_PAUSE_SECONDS * 2 ** (times - 1), LONGEST_PAUSE_SECONDS);
}
