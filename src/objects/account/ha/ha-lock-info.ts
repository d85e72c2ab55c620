// What operators and devices are shown of an HA group's locks: whom the group waits for, product by product. Pure.
import { haPermitState, type ProductPermit } from "../../../entitlement/ha/ha-lock.ts";
import type { HaArrival } from "./ha-arrival-tables.ts";
import type { HaStop } from "./ha-lock-tables.ts";

/** What keeps a group from its next step for a product, or would without an operator's word. */
export interface HaLock {
	readonly product: string;
	/** null = joined: whatever it was offered */
	readonly version: string | null;
	/** joined: it may install what it was offered in no group; waiting: for the device to be the first; unlocked: the version comes in whatever order */
	readonly state: "under_way" | "joined" | "failed" | "silent" | "waiting" | "unlocked";
	/** null = unlocked */
	readonly device: string | null;
	/** unix seconds */
	readonly since: number;
	/** unix seconds at which a permit that is under way ends without a word, or who joined has installed all; else null */
	readonly until: number | null;
}

/** @param now unix seconds @returns by product; nothing about permits that turned out healthy */
export function describeHaLocks(
	permits: readonly ProductPermit[],
	stops: readonly (HaStop & { readonly product: string })[],
	arriving: readonly HaArrival[],
	now: number,
): HaLock[] {
	const held = permits.flatMap(({ product, ...permit }): HaLock[] => {
		const { version, device, at, until } = permit;
		const state = haPermitState(permit, now);
		if (state === "healthy" || state === "over") return [];
		return [{ product, version, state, device, since: at, until: state === "under_way" ? until : null }];
	});
	const stopped = stops.flatMap(({ product, version, state, device, since }): HaLock[] => {
		if (state !== "blocked") return [{ product, version, state, device, since, until: null }];
		// Its permit says so already, unless it has gone back since.
		const isSaid = held.some((one) => one.product === product && one.version === version && one.device === device);
		return isSaid ? [] : [{ product, version, state: "failed", device, since, until: null }];
	});
	const joined = arriving.flatMap(({ product, device, since, until }): HaLock[] => {
		// Its permit says so already, and lasts longer.
		const isSaid = held.some((one) => one.product === product && one.device === device && one.state === "under_way");
		return isSaid ? [] : [{ product, version: null, state: "joined", device, since, until }];
	});
	return [...held, ...joined, ...stopped].sort((one, other) => (one.product < other.product ? -1 : 1));
}
