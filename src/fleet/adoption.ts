// How a release came to the fleet: how many devices had it when, and how long it took until so many were protected. Pure.

/** So many devices had a version from this moment on. */
export interface AdoptionSample {
	readonly version: string;
	/** unix seconds */
	readonly at: number;
	readonly devices: number;
}

/** @param samples in the order of their times @returns how many devices had a version last */
export function latestDevices(samples: readonly AdoptionSample[]): (version: string) => number {
	const last = new Map(samples.map(({ version, devices }) => [version, devices]));
	return (version) => last.get(version) ?? 0;
}

/** Devices that told later that they had installed a version. */
export interface LateInstallation {
	readonly product: string;
	/** what they had before; null = nothing that is known */
	readonly from: string | null;
	readonly version: string;
	/** unix seconds: the beginning of the minutes in which they did (`INSTALLATION_SECONDS`) */
	readonly at: number;
	readonly devices: number;
}

/** Late installations are counted by so many seconds at once. */
export const INSTALLATION_SECONDS = 300;
/** Told sooner than that, an installation is counted when it is told. */
export const LATE_SECONDS = 120;

/** Adds up what is alike. */
export class LateInstallations {
	readonly #counts = new Map<string, LateInstallation>();

	add(one: LateInstallation): void {
		const at = one.at - (one.at % INSTALLATION_SECONDS);
		const key = JSON.stringify([one.product, one.from, one.version, at]);
		this.#counts.set(key, { ...one, at, devices: one.devices + (this.#counts.get(key)?.devices ?? 0) });
	}

	/** @returns all of them, earliest first; none is left */
	take(): LateInstallation[] {
		const all = [...this.#counts.values()].toSorted((one, two) => one.at - two.at);
		this.#counts.clear();
		return all;
	}
}

export interface AdoptedRelease {
	readonly version: string;
	/** of its product: what is newer has a higher one */
	readonly sequence: number;
	/** unix seconds */
	readonly releasedAt: number;
}

/** The samples of all devices of the product are under this name. */
export const ALL_VERSIONS = "";
export const PERCENTILES = [50, 90, 99] as const;

/**
 * Seconds from the release until so many of a hundred devices of the product had it, or a newer one.
 * @param samples of the product, in the order of their times @returns by percentile; null = not yet
 */
export function protectedAfter(
	release: AdoptedRelease,
	releases: readonly AdoptedRelease[],
	samples: readonly AdoptionSample[],
): Readonly<Record<(typeof PERCENTILES)[number], number | null>> {
	const good = new Set(releases.filter(({ sequence }) => sequence >= release.sequence).map(({ version }) => version));
	const found: Record<number, number | null> = { 50: null, 90: null, 99: null };
	const counts = new Map<string, number>();
	let [safe, index] = [0, 0];
	while (index < samples.length) {
		const at = samples[index]?.at ?? 0;
		for (; samples[index]?.at === at; index++) {
			const { version, devices } = samples[index] as AdoptionSample;
			if (good.has(version)) safe += devices - (counts.get(version) ?? 0);
			counts.set(version, devices);
		}
		const all = counts.get(ALL_VERSIONS) ?? 0;
		if (at < release.releasedAt || all <= 0) continue;
		for (const percent of PERCENTILES) {
			if (found[percent] === null && safe * 100 >= all * percent) found[percent] = at - release.releasedAt;
		}
	}
	return { 50: found[50] ?? null, 90: found[90] ?? null, 99: found[99] ?? null };
}

/** @returns so many of the points at most, the first and the last among them */
export function thin<T>(points: readonly T[], most: number): T[] {
	if (points.length <= most) return [...points];
	const step = (points.length - 1) / (most - 1);
	return Array.from({ length: most }, (_, at) => points[Math.round(at * step)] as T);
}
