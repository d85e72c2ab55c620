// How the update of one product went, in words and as JSON.
import type { ProductUpdate } from "../../firewall/update.ts";

/** For people: what was installed and where, or why not. */
export function describeUpdate(update: ProductUpdate): string {
	if (!update.ok) return `${update.product} ${update.version}: not installed: ${update.detail}`;
	const from = update.from === null ? "" : `${update.from} → `;
	const resumed = update.resumedFrom > 0 ? ` (resumed at byte ${update.resumedFrom})` : "";
	const unreported = update.reportProblem === null ? "" : `\n  the report was refused: ${update.reportProblem}`;
	return `${update.product}: ${from}${update.version} installed${resumed}, sha256 ${update.sha256}\n  ${update.path}${unreported}`;
}

/** For --json. */
export function updateToWire(update: ProductUpdate) {
	if (!update.ok) return update;
	const { resumedFrom, reportProblem, ...rest } = update;
	return { ...rest, resumed_from: resumedFrom, report_problem: reportProblem };
}
