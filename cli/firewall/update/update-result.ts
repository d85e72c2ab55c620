// What came of an update, product by product.

import type { CheckResult } from "../check/check.ts";
import type { ChangedRules } from "../installed/disabled-rules.ts";
import type { CheckAnswer } from "../wire-types.ts";
import type { DownloadResult } from "./download.ts";

export type ProductUpdate =
	| {
			readonly ok: true;
			readonly product: string;
			readonly from: string | null;
			readonly version: string;
			readonly sha256: string;
			readonly path: string;
			readonly size: number;
			readonly resumedFrom: number;
			/** see `PermittedResult` */
			readonly deltaSize: number | null;
			readonly deltaMiss: string | null;
			/** why the server would not take the report; null = it did, or it will be sent later */
			readonly reportProblem: string | null;
	  }
	| {
			readonly ok: false;
			readonly product: string;
			readonly version: string;
			readonly sha256: string;
			readonly reason: Exclude<DownloadResult, { ok: true }>["reason"] | "permit_refused" | "disk" | "untrusted";
			readonly detail: string;
			/** seconds for which the release is left alone, because what came was not what was promised; null = it is not */
			readonly retryIn: number | null;
	  }
	/** no failure: the release has not come to this firewall yet, or never will */
	| {
			readonly ok: false;
			readonly product: string;
			readonly version: string;
			readonly sha256: string;
			readonly reason: "not_yet";
			readonly detail: string;
			/** the service's word for what stands in the way; null = the release is offered no more */
			readonly rolloutCode: string | null;
			/** seconds after which to ask again; null = with the next check */
			readonly retryAfter: number | null;
	  };
/** What was tried and went wrong. */
export type FailedUpdate = Exclude<ProductUpdate, { ok: true } | { reason: "not_yet" }>;

/** It is offered, and not fetched now, because it came damaged lately. */
export interface PutOffUpdate {
	readonly product: string;
	readonly version: string;
	readonly sha256: string;
	/** seconds after which it is fetched again */
	readonly retryIn: number;
}

export interface UpdateResult {
	readonly check: CheckResult;
	readonly updates: readonly ProductUpdate[];
	readonly putOff: readonly PutOffUpdate[];
	/** products whose disabled rules are others than before */
	readonly rules: readonly ChangedRules[];
	/** reports that could not be sent yet; the next update sends them */
	readonly waitingReports: number;
}

/**
 * The answer by which a firewall waits after an update. With all that was offered installed it holds as long as the service said for that.
 * A report that could not be sent is sent with the next check, which therefore is an interval away.
 */
export function answerAfter({ check: { answer }, updates, waitingReports }: UpdateResult): CheckAnswer {
	if (waitingReports > 0) return { ...answer, until: null };
	const offered = answer.products.filter(({ status }) => status === "offered");
	const isDone = offered.every(({ product }) => updates.some((one) => one.ok && one.product === product));
	return offered.length > 0 && isDone ? { ...answer, until: answer.once_installed_until ?? null } : answer;
}
