// Where a request's data point goes. In production Analytics Engine; docs/operations.md has the queries that turn the
// points into location, version, last download and success per device. A sink never fails a request.
import type { RequestEvent } from "./request-event.ts";

export interface TelemetrySink {
	record(event: RequestEvent): void;
}

/** Of so many requests that say little by themselves one writes a point. */
export const SAMPLED_WEIGHT = 10;
/** Checks: those that found nothing changed are all alike; after an offer comes a permit, which says the same of the device and more. */
const SAMPLED_OUTCOMES: ReadonlySet<string | null> = new Set(["unchanged", "offered"]);

/** Tokens that were given are all alike as well; one that was refused is what operators look for. */
const TOKEN_ROUTE = "/oauth2/token";

/** @returns requests that a point of this one stands for */
function weightOf({ route, status, outcome }: RequestEvent): number {
	const saysLittle = SAMPLED_OUTCOMES.has(outcome) || (route === TOKEN_ROUTE && status === 200);
	return saysLittle ? SAMPLED_WEIGHT : 1;
}

/**
 * Column order is an interface with saved queries: append, never reorder.
 * index: account (or product), which also decides what is sampled together
 * @param version of the Worker
 * @param random 0 ≤ x < 1
 */
export function createAnalyticsEngineSink(
	dataset: AnalyticsEngineDataset,
	version: string,
	random: () => number = () => Math.random(),
): TelemetrySink {
	return {
		record(event) {
			const weight = weightOf(event);
			if (weight > 1 && random() * weight >= 1) return;
			dataset.writeDataPoint({
				indexes: [event.account ?? event.product ?? event.route],
				blobs: [
					event.route,
					event.method,
					event.problem,
					event.product,
					event.fromVersion,
					event.toVersion,
					event.outcome,
					event.country,
					event.colo,
					event.device,
					event.account,
					event.detail,
					version,
				],
				doubles: [event.status, event.durationMs, event.bytes, event.degradedSeconds, weight],
			});
		},
	};
}

/** For services without a dataset. */
export const silentSink: TelemetrySink = { record() {} };
