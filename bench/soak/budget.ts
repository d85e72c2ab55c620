// The error budget of a soak: which share of the firewalls' requests failed though nothing had been injected just then. Pure.

export interface Exchange {
	readonly route: string;
	/** 0 = there was no answer */
	readonly status: number;
	/** unix ms */
	readonly fromMs: number;
	readonly toMs: number;
}

/** Something was injected. Unix ms; null = it still is */
export interface FaultWindow {
	readonly what: string;
	readonly fromMs: number;
	toMs: number | null;
}

export interface Budget {
	readonly requests: number;
	/** failed while something was injected, or right after */
	readonly injected: number;
	/** failed otherwise */
	readonly failed: number;
	/** of all requests */
	readonly share: number;
	/** by route and status, those that failed otherwise */
	readonly byCode: ReadonlyMap<string, number>;
}

/** What was injected is over some time before everybody has noticed: connections, breakers, objects that wake. */
export const AFTERMATH_MS = 5_000;

/** Whether an answer is a failure of the service. Refusals are none, but for one that comes of too much. */
export function isFailure({ status }: Pick<Exchange, "status">): boolean {
	return status === 0 || status === 429 || status >= 500;
}

export function isInjected({ fromMs, toMs }: Exchange, windows: readonly FaultWindow[]): boolean {
	return windows.some((one) => fromMs <= (one.toMs ?? Number.POSITIVE_INFINITY) + AFTERMATH_MS && toMs >= one.fromMs);
}

/** @returns the part of a time in which failures are excused */
export function injectedShare(windows: readonly FaultWindow[], fromMs: number, toMs: number): number {
	let covered = 0;
	let endMs = fromMs;
	for (const window of windows.toSorted((one, other) => one.fromMs - other.fromMs)) {
		const until = Math.min((window.toMs ?? Number.POSITIVE_INFINITY) + AFTERMATH_MS, toMs);
		covered += Math.max(0, until - Math.max(window.fromMs, endMs));
		endMs = Math.max(endMs, until);
	}
	return toMs > fromMs ? covered / (toMs - fromMs) : 0;
}

/** @param requests all, those that went well too @param failures of them */
export function budgetOf(requests: number, failures: readonly Exchange[], windows: readonly FaultWindow[]): Budget {
	const byCode = new Map<string, number>();
	let injected = 0;
	for (const failure of failures) {
		if (isInjected(failure, windows)) {
			injected += 1;
			continue;
		}
		const code = `${failure.route} ${failure.status === 0 ? "no answer" : failure.status}`;
		byCode.set(code, (byCode.get(code) ?? 0) + 1);
	}
	const failed = failures.length - injected;
	return { requests, injected, failed, share: requests === 0 ? 0 : failed / requests, byCode };
}
