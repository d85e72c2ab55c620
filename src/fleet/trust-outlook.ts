// Who stops updating by when, of a whole fleet: devices whose anchors are alike are one count. Bounded, whatever devices say. Pure.
import { type Anchor, anchorEnds, anchorsKey, lastTufRoot, type TrustAnchors, type TufRoot } from "./trust-anchors.ts";

/** Devices that rest on the same. */
export interface TrustCell {
	/** null = they have not said, or what they said is too rare to be counted by itself */
	readonly anchors: TrustAnchors | null;
	readonly devices: number;
}

export const MAX_TRUST_CELLS = 200;
const DAY = 86_400;
const MONTH = 30 * DAY;

/** @returns one device's cell: certificates of devices end each at its own second, and are counted by the day on which they do */
export function trustCell(anchors: TrustAnchors | null): TrustCell {
	return { anchors: anchors && endingBy(anchors, DAY), devices: 1 };
}

/** @returns so many of those that most devices have, the others with certificates by the month, and what is still too rare as not said */
export function foldTrust(cells: readonly TrustCell[], max = MAX_TRUST_CELLS): TrustCell[] {
	const [most, fewer] = split(cells, max);
	const [more, fewest] = split(
		addUp(fewer.map((one) => ({ ...one, anchors: one.anchors && endingBy(one.anchors, MONTH) }))),
		max,
	);
	return addUp([...most, ...more, ...fewest.map(restOfTrust)]);
}

export function restOfTrust({ devices }: TrustCell): TrustCell {
	return { anchors: null, devices };
}

export function trustKey({ anchors }: TrustCell): string {
	return anchorsKey(anchors);
}

export interface AnchorInUse {
	readonly anchor: Anchor;
	/** of a TLS root */
	readonly name: string | null;
	readonly sha256: string | null;
	/** of a TUF root, as the devices have it */
	readonly version: number | null;
	/** unix seconds */
	readonly endsAt: number;
	/** that rest on it */
	readonly devices: number;
}

export interface TrustOutlook {
	/** all that are asked about */
	readonly devices: number;
	/** of which is not known what they rest on */
	readonly unknown: number;
	/** of which some anchor ends then or earlier */
	readonly stopping: number;
	/** what devices rest on; a device is counted with each of its anchors. What ends first comes first */
	readonly anchors: readonly AnchorInUse[];
	/** anchors that found no place among these, and how often devices rest on them */
	readonly leftOut: { readonly anchors: number; readonly devices: number };
}

export interface TrustQuestion {
	/** unix seconds */
	readonly by: number;
	/** see anchorEnds */
	readonly newest: TufRoot | null;
	/** anchors at most */
	readonly limit: number;
}

/**
 * Devices can make up what they rest on, so it is not what ends first that is listed: it is what most devices of each account rest on, an
 * account's first before any other's second. Whoever makes up hundreds of roots has no more places by them than each account has.
 * @param accounts the cells of each
 */
export function trustOutlook(accounts: Iterable<readonly TrustCell[]>, question: TrustQuestion): TrustOutlook {
	const { by, newest, limit } = question;
	let [devices, unknown, stopping] = [0, 0, 0];
	const known = new Map<string, RankedAnchor>();
	for (const cells of accounts) {
		devices += devicesIn(cells);
		unknown += devicesIn(cells.filter(({ anchors }) => anchors === null));
		stopping += stoppingBy(cells, by, newest);
		rank(cells, newest, known);
	}
	const ranked = [...known.values()].toSorted(
		(one, two) => one.place - two.place || two.devices - one.devices || one.endsAt - two.endsAt,
	);
	const rest = ranked.slice(limit);
	return {
		...{ devices, unknown, stopping },
		anchors: ranked
			.slice(0, limit)
			.map(({ place: _, ...one }) => one)
			.toSorted((one, two) => one.endsAt - two.endsAt || two.devices - one.devices),
		leftOut: { anchors: rest.length, devices: rest.reduce((sum, one) => sum + one.devices, 0) },
	};
}

/** Its place: among those of the account where most devices rest on it. */
interface RankedAnchor extends AnchorInUse {
	devices: number;
	place: number;
}

/** Adds what the devices of one account rest on. Written for a million cells: a key is a text that is put together, and what is known is changed. */
function rank(cells: readonly TrustCell[], newest: TufRoot | null, known: Map<string, RankedAnchor>): void {
	const counts = new Map<string, number>();
	const add = (key: string, devices: number, describe: () => Omit<AnchorInUse, "devices">) => {
		counts.set(key, (counts.get(key) ?? 0) + devices);
		if (!known.has(key)) known.set(key, { ...describe(), devices: 0, place: Number.POSITIVE_INFINITY });
	};
	for (const { anchors, devices } of cells) {
		if (anchors === null) continue;
		const { tlsRoot: tls, tufRoot: tuf, certificateEndsAt } = anchors;
		if (tls !== null) {
			add(`tls ${tls.sha256} ${tls.endsAt} ${tls.name}`, devices, () => ({ ...NO_ANCHOR, anchor: "tls_root", ...tls }));
		}
		if (tuf !== null) {
			const { endsAt } = lastTufRoot(tuf, newest);
			const { version } = tuf;
			add(`tuf ${version} ${endsAt}`, devices, () => ({ ...NO_ANCHOR, anchor: "tuf_root", version, endsAt }));
		}
		if (certificateEndsAt !== null) {
			const endsAt = certificateEndsAt;
			add(`certificate ${endsAt}`, devices, () => ({ ...NO_ANCHOR, anchor: "certificate", endsAt }));
		}
	}
	const byMost = [...counts].toSorted(([, one], [, two]) => two - one);
	for (const [place, [key, devices]] of byMost.entries()) {
		const one = known.get(key);
		if (one === undefined) continue;
		one.devices += devices;
		one.place = Math.min(one.place, place);
	}
}

const NO_ANCHOR = { name: null, sha256: null, version: null };

/** @returns how many devices stop updating then or earlier */
export function stoppingBy(cells: readonly TrustCell[], by: number, newest: TufRoot | null): number {
	return devicesIn(
		cells.filter(({ anchors }) => {
			const first = anchors === null ? undefined : anchorEnds(anchors, newest)[0];
			return first !== undefined && first.endsAt <= by;
		}),
	);
}

/** The beginning of the time in which a certificate ends: no device is counted as one that goes on longer than it does. */
function endingBy(anchors: TrustAnchors, seconds: number): TrustAnchors {
	const { tlsRoot, tufRoot, certificateEndsAt: at } = anchors;
	return { tlsRoot, tufRoot, certificateEndsAt: at === null ? null : Math.floor(at / seconds) * seconds };
}

function split(cells: readonly TrustCell[], max: number): [readonly TrustCell[], readonly TrustCell[]] {
	if (cells.length <= max) return [cells, []];
	const sorted = cells.toSorted((one, two) => two.devices - one.devices);
	return [sorted.slice(0, max), sorted.slice(max)];
}

function addUp(cells: readonly TrustCell[]): TrustCell[] {
	const found = new Map<string, TrustCell>();
	for (const cell of cells) {
		const key = trustKey(cell);
		found.set(key, { ...cell, devices: (found.get(key)?.devices ?? 0) + cell.devices });
	}
	return [...found.values()];
}

/** @returns devices of all of them together */
export function devicesIn(cells: readonly TrustCell[]): number {
	return cells.reduce((all, { devices }) => all + devices, 0);
}
