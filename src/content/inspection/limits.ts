// How much a package may be. Far above what real ones have: they are there for what would harm whoever unpacks it.

export interface InspectionLimits {
	/** files, folders and links of one archive */
	readonly entries: number;
	/** bytes of all contents, unpacked */
	readonly unpacked: number;
	/** times as many bytes unpacked as packed, at most */
	readonly ratio: number;
	/** bytes unpacked below which no ratio is a bomb */
	readonly ratioAbove: number;
}

/** deflate reaches 1,032 at most, with nothing but zeros; rules as text reach 10, and 40 with zstd -19. */
export const INSPECTION_LIMITS: InspectionLimits = {
	entries: 100_000,
	unpacked: 10_000_000_000,
	ratio: 200,
	ratioAbove: 8 * 2 ** 20,
};
