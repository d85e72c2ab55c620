// Whether a soak has shown what it must: nothing acknowledged is lost, no device runs a wrong release, and the runtime's memory is flat. Pure.
import { type Entry, expectedEvents, type Holder, refusedSince, releasesOf } from "./ledger.ts";

/** A firewall at the end. */
export interface EndFirewall extends Holder {
	/** by product what it runs */
	readonly runs: ReadonlyMap<string, string>;
	/** by product what its account says that it runs; null = the account does not know it */
	readonly told: ReadonlyMap<string, string> | null;
	readonly status: string | null;
}

export interface EndRelease {
	readonly status: string;
	/** null = it has none */
	readonly rollout: {
		readonly phase: string;
		/** that were counted */
		readonly permits: number;
		/** of steps that few may have */
		readonly places: number;
		/** as far as they are kept; null = nothing was heard */
		readonly leases: readonly { readonly device: string; readonly outcome: string | null }[];
	} | null;
}

/** What the service says at the end. */
export interface EndState {
	readonly firewalls: readonly EndFirewall[];
	/** by product and version */
	readonly releases: ReadonlyMap<string, ReadonlyMap<string, EndRelease>>;
	/** by license */
	readonly licenses: ReadonlyMap<string, { readonly products: readonly string[]; readonly status: string }>;
	readonly messages: ReadonlySet<string>;
	/** by trail the `type subject` of all that happened */
	readonly trails: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface Verdict {
	/** acknowledged, and not there */
	readonly lost: readonly string[];
	/** devices that run something else than they should */
	readonly wrong: readonly string[];
}

/** After which a refusal that was acknowledged holds everywhere (docs/operations.md), faults of the soak included. */
const REFUSAL_HOLDS_MS = 120_000;

export function judgeEnd(entries: readonly Entry[], end: EndState): Verdict {
	// Of what devices were given there is much; the rest is asked for each device.
	const changes = entries.filter(({ what }) => what.kind !== "permit" && what.kind !== "healthy");
	return {
		lost: [
			...lostReleases(changes, end),
			...lostPlaces(entries, end),
			...lostRest(changes, end),
			...lostWords(changes, end),
		],
		wrong: end.firewalls.flatMap((firewall) => wrongReleases(changes, end, firewall)),
	};
}

function lostReleases(entries: readonly Entry[], { releases }: EndState): string[] {
	return [...releases].flatMap(([product, found]) =>
		releasesOf(entries, product).flatMap(({ version, withdrawnMs }) => {
			const release = found.get(version);
			if (release === undefined) return [`release ${product} ${version}`];
			const isWithdrawn = release.status === "withdrawn";
			const lost = isWithdrawn === (withdrawnMs !== null) ? [] : [`${product} ${version} is ${release.status}`];
			// No release of a soak is bad.
			return release.rollout?.phase === "halted" ? [...lost, `${product} ${version} was halted`] : lost;
		}),
	);
}

/**
 * Places that few had, and their outcomes. Who asked when everybody might have the release was permitted at the edge, and no rollout knows of it: so
 * there are at least as many places as the step has or as were given, and whoever has one and was heard is not waited for.
 */
function lostPlaces(entries: readonly Entry[], { releases }: EndState): string[] {
	const devices = { permit: new Map<string, Set<string>>(), healthy: new Map<string, Set<string>>() };
	for (const { what } of entries) {
		if (what.kind !== "permit" && what.kind !== "healthy") continue;
		const key = `${what.product} ${what.version}`;
		devices[what.kind].set(key, (devices[what.kind].get(key) ?? new Set()).add(what.device));
	}
	const rolloutOf = (key: string) => {
		const [product = "", version = ""] = key.split(" ");
		return releases.get(product)?.get(version)?.rollout ?? null;
	};
	const places = [...devices.permit].flatMap(([key, given]) => {
		const rollout = rolloutOf(key);
		const least = Math.min(given.size, rollout?.places ?? 0);
		const known = rollout?.permits ?? 0;
		return known >= least ? [] : [`${least - known} of ${least} places of ${key}`];
	});
	const outcomes = [...devices.healthy].flatMap(([key, heard]) =>
		(rolloutOf(key)?.leases ?? [])
			.filter(({ device, outcome }) => outcome === null && heard.has(device))
			.map(({ device }) => `outcome of ${key} on ${device}`),
	);
	return [...places, ...outcomes];
}

function lostRest(entries: readonly Entry[], { licenses, messages, firewalls, trails }: EndState): string[] {
	const lastLicense = new Map<string, string>();
	const lastDevice = new Map<string, string>();
	const lost: string[] = [];
	for (const { what } of entries) {
		if (what.kind === "license") {
			lastLicense.set(what.license, wordsOf(what.isHeld ? "suspended" : "active", what.products));
		}
		if (what.kind === "device") lastDevice.set(what.device, what.status);
		if (what.kind === "message" && !messages.has(what.id)) lost.push(`message ${what.id}`);
	}
	for (const [license, wanted] of lastLicense) {
		const found = licenses.get(license);
		const is = found === undefined ? "not there" : wordsOf(found.status, found.products);
		if (is !== wanted) lost.push(`license ${license} is ${is}, not ${wanted}`);
	}
	const statuses = new Map(firewalls.map(({ device, status }) => [device, status]));
	for (const [device, wanted] of lastDevice) {
		const is = statuses.get(device) ?? "not there";
		if (is !== wanted) lost.push(`device ${device} is ${is}, not ${wanted}`);
	}
	for (const { trail, type, subject } of expectedEvents(entries)) {
		if (!trails.get(trail)?.has(`${type} ${subject}`)) lost.push(`event ${type} of ${subject} in ${trail}`);
	}
	return lost;
}

const wordsOf = (status: string, products: readonly string[]) => `${status} for ${products.toSorted().join(", ")}`;

/** What a device says to the end its account must know: those that are asked as ever. */
function lostWords(entries: readonly Entry[], { firewalls }: EndState): string[] {
	return firewalls.flatMap(({ told, runs, ...holder }) => {
		if (told === null) return [`device ${holder.device}`];
		return [...runs].flatMap(([product, version]) => {
			if (refusedSince(entries, holder, product) !== null || told.get(product) === version) return [];
			return [`${holder.device} told of ${product} ${version}, its account knows ${told.get(product) ?? "nothing"}`];
		});
	});
}

function wrongReleases(entries: readonly Entry[], { releases }: EndState, firewall: EndFirewall): string[] {
	return [...releases].flatMap(([product, found]) => {
		const history = releasesOf(entries, product);
		const version = firewall.runs.get(product);
		const refusedMs = refusedSince(entries, firewall, product);
		const is = `${firewall.device} runs ${product} ${version ?? "nothing"}`;
		if (refusedMs !== null) {
			const release = history.find((one) => one.version === version);
			// What it had it keeps.
			if (version === undefined || (release?.releasedMs ?? Number.POSITIVE_INFINITY) <= refusedMs + REFUSAL_HOLDS_MS)
				return [];
			return [`${is}, which came after it was refused`];
		}
		const live = history.filter(({ withdrawnMs }) => withdrawnMs === null).map((one) => one.version);
		const newest = live.at(-1);
		const phase = newest === undefined ? undefined : found.get(newest)?.rollout?.phase;
		const isOut = phase === undefined || phase === "done";
		const allowed = isOut ? [newest] : [newest, live.at(-2)];
		return allowed.includes(version) ? [] : [`${is}, not ${allowed.join(" or ")}`];
	});
}

/** Resident memory of the runtime at a moment. */
export interface MemorySample {
	/** from the beginning */
	readonly ms: number;
	readonly bytes: number;
	/** counts how often the runtime was started */
	readonly run: number;
}

export interface MemoryFigures {
	/** of the longest time that one runtime lived, without its first fifth; 0 where nothing was seen */
	readonly seconds: number;
	readonly firstBytes: number;
	readonly lastBytes: number;
	/** null = too short to say */
	readonly isFlat: boolean | null;
}

const WARM_UP = 0.2;
const SHORTEST_SECONDS = 120;
/** Of the first third of that time, to the last one. */
const MOST_GROWTH = 0.15;

export function judgeMemory(samples: readonly MemorySample[]): MemoryFigures {
	const runs = [...Map.groupBy(samples, ({ run }) => run).values()].map((all) => {
		const [from = 0, to = 0] = [all[0]?.ms, all.at(-1)?.ms];
		return all.filter(({ ms }) => ms >= from + (to - from) * WARM_UP);
	});
	const secondsOf = (all: readonly MemorySample[]) => ((all.at(-1)?.ms ?? 0) - (all[0]?.ms ?? 0)) / 1_000;
	const longest = runs.toSorted((one, other) => secondsOf(other) - secondsOf(one))[0] ?? [];
	const third = Math.max(1, Math.floor(longest.length / 3));
	const firstBytes = medianOf(longest.slice(0, third));
	const lastBytes = medianOf(longest.slice(-third));
	const seconds = secondsOf(longest);
	const isFlat = seconds < SHORTEST_SECONDS ? null : lastBytes <= firstBytes * (1 + MOST_GROWTH);
	return { seconds, firstBytes, lastBytes, isFlat };
}

function medianOf(samples: readonly MemorySample[]): number {
	const sorted = samples.map(({ bytes }) => bytes).toSorted((one, other) => one - other);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
