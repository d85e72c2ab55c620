// How much room a firewall says that it has: where it has plenty, nothing; else coarsely, and the same as long as it can. Another number is
// another question to the service, which gets no 304.
import { type FirewallState, hasFolder } from "../home/firewall-state.ts";
import { availableBytes } from "../update/parts.ts";

/** A package has 5 GB at most, and 10 GB unpacked where anybody looks at it. */
export const ENOUGH_BYTES = 2 ** 34;
/** Of the next power of two: numbers are rounded down to a multiple of it. */
const STEPS = 8;

/** @returns bytes, at most those given and above three quarters of them */
export function roundDown(bytes: number): number {
	if (bytes < STEPS) return Math.floor(bytes);
	const step = 2 ** (Math.floor(Math.log2(bytes)) + 1) / STEPS;
	return Math.floor(bytes / step) * step;
}

/** @returns what a check says of so many bytes: `last` again while it is true and more than half of it all; null = nothing, there is plenty */
export function sayRoom(bytes: number, last: number | null): number | null {
	if (bytes >= ENOUGH_BYTES) return null;
	return last !== null && last <= bytes && bytes < 2 * last ? last : roundDown(bytes);
}

/** @param lastQuery of the check before @returns parameters of a check's query */
export async function roomParameters(home: FirewallState, lastQuery: string | undefined): Promise<string[]> {
	const bytes = await scarceBytes(home);
	const [, said] = /(?:^|&)disk_free=(\d+)/.exec(lastQuery ?? "") ?? [];
	const says = bytes === null ? null : sayRoom(bytes, said === undefined ? null : Number(said));
	return says === null ? [] : [`disk_free=${says}`];
}

/** @returns bytes that an update may take; null = plenty, or nobody can say */
export async function scarceBytes(home: FirewallState): Promise<number | null> {
	if (!hasFolder(home)) return null;
	const bytes = await availableBytes(home);
	return bytes === null || bytes >= ENOUGH_BYTES ? null : bytes;
}
