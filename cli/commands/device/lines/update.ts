// How the update of one product went, in words and as JSON.
import type { ProductUpdate, PutOffUpdate } from "../../../firewall/update/update-result.ts";
import { formatBytes } from "../../../terminal/output.ts";

/** For people: what was installed and where, or why not. */
export function describeUpdate(update: ProductUpdate): string {
	if (!update.ok && update.reason === "not_yet") return describeNotYet(update);
	if (!update.ok) {
		const later = update.retryIn === null ? "" : `; not fetched again for ${update.retryIn} s`;
		return `${update.product} ${update.version}: not installed: ${update.detail}${later}`;
	}
	const from = update.from === null ? "" : `${update.from} → `;
	const { deltaSize, deltaMiss, size } = update;
	const share = deltaSize === null ? "" : ` by ${formatBytes(deltaSize)} instead of ${formatBytes(size)}`;
	const missed = deltaMiss === null ? "" : `\n  fetched whole, since its delta did not make it: ${deltaMiss}`;
	const resumed = update.resumedFrom > 0 ? ` (resumed at byte ${update.resumedFrom})` : "";
	const unreported = update.reportProblem === null ? "" : `\n  the report was refused: ${update.reportProblem}`;
	return `${update.product}: ${from}${update.version} installed${share}${resumed}, sha256 ${update.sha256}\n  ${update.path}${missed}${unreported}`;
}

export function describePutOff({ product, version, retryIn }: PutOffUpdate): string {
	return `${product}: ${version} came damaged and is not fetched again for ${retryIn} s; what is installed stays (now all the same: --now)`;
}

/** By `rollout_code`, see docs/protocol.md. */
const NOT_YET: Readonly<Record<string, string>> = {
	not_started: "its rollout has not begun",
	step_full: "the firewalls that try it first are enough for now",
	halted: "its rollout is halted",
	account_has_enough: "another firewall of this customer tries it first",
	site_has_one: "another firewall of this site has just got it",
	model_has_enough: "enough firewalls of this model try it first",
	region_has_enough: "enough firewalls of this region try it first",
	other_models_first: "firewalls of other models try it first",
	peer_under_way: "another firewall of the HA group installs it first",
	peer_failed: "it failed on another firewall of the HA group",
	ha_peer_first: "another firewall of the HA group goes first",
	ha_peer_under_way: "another firewall of the HA group installs it now",
	ha_peer_failed: "it failed on another firewall of the HA group, and this one is spared",
	too_large_for_device: "it takes more room than this firewall has",
	too_young: "it is younger than the license or this customer lets it have",
	other_channel: "it is on beta, and this firewall is not any more",
	failed_before: "it failed on this firewall before",
	put_off_too_often: "this firewall has put it off too often: it comes when everybody may have it",
	held: "this customer has it stay as it is",
	frozen: "this customer installs nothing now",
	outside_window: "it waits for this customer's maintenance window",
	pinned: "this customer has pinned another version",
	prerequisite_missing: "what comes first of another product is not installed yet",
};

function describeNotYet(update: Extract<ProductUpdate, { reason: "not_yet" }>): string {
	const { product, version, detail, rolloutCode } = update;
	const why = NOT_YET[rolloutCode ?? ""] ?? detail;
	return `${product}: ${version} has not come to this firewall yet: ${why}; what is installed stays`;
}

/** For --json. */
export function updateToWire(update: ProductUpdate) {
	if (!update.ok && update.reason === "not_yet") {
		const { rolloutCode, retryAfter, ...rest } = update;
		return { ...rest, rollout_code: rolloutCode, retry_after: retryAfter };
	}
	if (!update.ok) {
		const { retryIn, ...rest } = update;
		return retryIn === null ? rest : { ...rest, retry_in: retryIn };
	}
	const { resumedFrom, reportProblem, deltaSize, deltaMiss, ...rest } = update;
	const delta = { delta_size: deltaSize, delta_miss: deltaMiss };
	return { ...rest, resumed_from: resumedFrom, ...delta, report_problem: reportProblem };
}

/** For --json. */
export function putOffToWire({ retryIn, ...rest }: PutOffUpdate) {
	return { ...rest, retry_in: retryIn };
}
