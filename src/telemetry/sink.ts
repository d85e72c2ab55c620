// Where a request's data point goes. In production Analytics Engine; docs/operations.md has the queries that turn the
// points into location, version, last download and success per device. A sink never fails a request.
import type { RequestEvent } from "./request-event.ts";

export interface TelemetrySink {
	record(event: RequestEvent): void;
}

/**
 * Column order is an interface with saved queries: append, never reorder.
 * index: account (or product), which also decides what is sampled together
 */
export function createAnalyticsEngineSink(dataset: AnalyticsEngineDataset): TelemetrySink {
	return {
		record(event) {
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
				],
				doubles: [event.status, event.durationMs, event.bytes, event.degradedSeconds],
			});
		},
	};
}

/** For services without a dataset. */
export const silentSink: TelemetrySink = { record() {} };
