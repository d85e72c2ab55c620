// Does a release fit into what a device has? By the device's own word, and the publisher's: where either says nothing, it fits.
import type { Release } from "./product-record.ts";

/** What a device says that it has, in bytes; null = it does not say. */
export interface Room {
	/** free where updates are installed, beside what is installed */
	readonly disk: number | null;
	/** for content, whatever is loaded now */
	readonly memory: number | null;
}

/** Of a device that says nothing. */
export const UNKNOWN_ROOM: Room = { disk: null, memory: null };

/** @returns bytes of disk that must be free to install it; null = its publisher does not say */
export function diskNeeded({ size, footprint }: Pick<Release, "size" | "footprint">): number | null {
	if (footprint?.disk !== undefined) return footprint.disk;
	return footprint?.unpacked === undefined ? null : size + footprint.unpacked;
}

export function fitsRoom(release: Pick<Release, "size" | "footprint">, { disk, memory }: Room): boolean {
	const needed = diskNeeded(release);
	const loaded = release.footprint?.memory;
	return (
		(needed === null || disk === null || needed <= disk) &&
		(loaded === undefined || memory === null || loaded <= memory)
	);
}

/** @returns in words what a release takes that a device has not; "" where it fits */
export function describeLack(release: Pick<Release, "size" | "footprint">, { disk, memory }: Room): string {
	const needed = diskNeeded(release);
	const loaded = release.footprint?.memory ?? null;
	const lacks = [
		...(needed !== null && disk !== null && needed > disk ? [`${needed} bytes of disk, and ${disk} are free`] : []),
		...(loaded !== null && memory !== null && loaded > memory
			? [`${loaded} bytes of memory, and there are ${memory}`]
			: []),
	];
	return lacks.length === 0 ? "" : `it takes ${lacks.join("; ")}`;
}

/** What is installed is there already, whatever is free beside it. @param device undefined `room` = it does not say */
export function hasRoomFor(
	release: Pick<Release, "version" | "size" | "footprint">,
	{ room, installed }: { readonly room?: Room | undefined; readonly installed: string | null },
): boolean {
	return room === undefined || release.version === installed || fitsRoom(release, room);
}
