// Is a new version of the Worker worse than the old one in the same minutes? Pure. Shares are compared by the two-proportion z-test
// (pooled, one-sided), since a stage of 1 % answers few requests and the ordinary share of refusals is never zero.

/** What one version answered in some minutes. */
export interface VersionNumbers {
	readonly requests: number;
	/** of them with a status of 500 and more */
	readonly errors: number;
	/** of them answered from records that could not be read anew */
	readonly degraded: number;
	/** of them by the code of the problem they were refused with */
	readonly refusals: Readonly<Record<string, number>>;
	/** the 95th percentile; milliseconds */
	readonly p95Ms: number;
}

export const NO_NUMBERS: VersionNumbers = { requests: 0, errors: 0, degraded: 0, refusals: {}, p95Ms: 0 };

/** `few`: not enough requests to tell. */
export type Judgement =
	| { readonly verdict: "well" | "few" }
	| { readonly verdict: "worse"; readonly reasons: readonly string[] };

/** Requests of each version below which nothing is said of the new one. */
export const ENOUGH_REQUESTS = 200;
/** About one false alarm in 3,000 comparisons. */
const Z = 3.4;
/** Differences that nobody would go back for, however sure. */
const LEAST = { errors: 0.001, degraded: 0.01, refusals: 0.01 } as const;
const SLOWER = { ratio: 1.5, ms: 50 } as const;
/** A new version that fails so often is worse, however few have asked. */
const FAILING = { requests: 10, errors: 0.5 } as const;

/** @param before what the old version answered in the same minutes; without requests only what is plain is judged */
export function judgeVersion(now: VersionNumbers, before: VersionNumbers): Judgement {
	if (now.requests >= FAILING.requests && now.errors / now.requests >= FAILING.errors)
		return { verdict: "worse", reasons: [describe("errors (5xx)", now.errors, now, before.errors, before)] };
	if (now.requests < ENOUGH_REQUESTS || before.requests < ENOUGH_REQUESTS) return { verdict: "few" };
	const reasons: string[] = [];
	if (isMore(now.errors, now, before.errors, before, LEAST.errors))
		reasons.push(describe("errors (5xx)", now.errors, now, before.errors, before));
	if (isMore(now.degraded, now, before.degraded, before, LEAST.degraded))
		reasons.push(describe("degraded answers", now.degraded, now, before.degraded, before));
	for (const [code, count] of Object.entries(now.refusals)) {
		const known = before.refusals[code] ?? 0;
		if (isMore(count, now, known, before, LEAST.refusals)) reasons.push(describe(code, count, now, known, before));
	}
	if (now.p95Ms > before.p95Ms * SLOWER.ratio && now.p95Ms > before.p95Ms + SLOWER.ms)
		reasons.push(`latency (p95): ${Math.round(now.p95Ms)} ms, against ${Math.round(before.p95Ms)} ms`);
	return reasons.length > 0 ? { verdict: "worse", reasons } : { verdict: "well" };
}

function isMore(count: number, now: VersionNumbers, known: number, before: VersionNumbers, least: number): boolean {
	const [share, ordinary] = [count / now.requests, known / before.requests];
	if (share - ordinary < least) return false;
	const pooled = (count + known) / (now.requests + before.requests);
	const error = Math.sqrt(pooled * (1 - pooled) * (1 / now.requests + 1 / before.requests));
	// All of both: no difference, and `least` has said so.
	return error > 0 && (share - ordinary) / error >= Z;
}

function describe(what: string, count: number, now: VersionNumbers, known: number, before: VersionNumbers): string {
	const percent = (part: number, of: number) => (of === 0 ? "none" : `${((100 * part) / of).toFixed(2)} %`);
	return `${what}: ${percent(count, now.requests)} of ${now.requests}, against ${percent(known, before.requests)} of ${before.requests}`;
}
