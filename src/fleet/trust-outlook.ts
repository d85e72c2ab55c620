// Who stops updating by when, of a whole fleet: devices whose anchors are alike are one count. Bounded, whatever devices say. Pure.
import {
	ANCHORS,
	type Anchor,
	anchorEnds,
	anchorsKey,
	lastTufRoot,
	type TrustAnchors,
	type TufRoot,
} from "./trust-anchors.ts";

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
}

/** @param by unix seconds @param newest see anchorEnds */
export function trustOutlook(cells: readonly TrustCell[], by: number, newest: TufRoot | null): TrustOutlook {
	const all = devicesIn(cells);
	const unknown = devicesIn(cells.filter(({ anchors }) => anchors === null));
	const inUse = new Map<string, AnchorInUse>();
	for (const { anchors, devices } of cells) {
		for (const one of anchors === null ? [] : inUseOf(anchors, newest)) {
			const key = JSON.stringify([one.anchor, one.name, one.sha256, one.version, one.endsAt]);
			inUse.set(key, { ...one, devices: (inUse.get(key)?.devices ?? 0) + devices });
		}
	}
	const anchors = [...inUse.values()].toSorted((one, two) => one.endsAt - two.endsAt || two.devices - one.devices);
	return { devices: all, unknown, stopping: stoppingBy(cells, by, newest), anchors };
}

/** @returns how many devices stop updating then or earlier */
export function stoppingBy(cells: readonly TrustCell[], by: number, newest: TufRoot | null): number {
	return devicesIn(
		cells.filter(({ anchors }) => {
			const first = anchors === null ? undefined : anchorEnds(anchors, newest)[0];
			return first !== undefined && first.endsAt <= by;
		}),
	);
}

function inUseOf({ tlsRoot, tufRoot, certificateEndsAt }: TrustAnchors, newest: TufRoot | null): AnchorInUse[] {
	const nothing = { name: null, sha256: null, version: null, devices: 0 };
	const found = {
		tls_root: tlsRoot && { ...nothing, ...tlsRoot },
		tuf_root: tufRoot && { ...nothing, version: tufRoot.version, endsAt: lastTufRoot(tufRoot, newest).endsAt },
		certificate: certificateEndsAt === null ? null : { ...nothing, endsAt: certificateEndsAt },
	};
	return ANCHORS.flatMap((anchor) => {
		const one = found[anchor];
		return one === null ? [] : [{ anchor, ...one }];
	});
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
