// A check's answer as lines for people.

import type { CheckResult } from "../../../firewall/check/check.ts";
import type { CheckedProduct, DegradedMarks } from "../../../firewall/wire-types.ts";
import { describeBlocked, describeHeld } from "../../../rollout/requires-option.ts";

/** @returns one line per product, one for each that is damaged, and one for unread messages */
export function describeCheck({ unchanged, answer, damaged }: CheckResult): string[] {
	const lines = answer.products.flatMap((one) => {
		const waits = [...describeBlocked(one.blocked_by), ...describeHeld(one.held_by)].map((line) => `  ${line}`);
		const offer = one.offer ?? undefined;
		if (one.status === "offered" && offer !== undefined) {
			const step = one.installed == null ? "" : `${one.installed} → `;
			const after = offer.after == null || offer.after.length === 0 ? "" : `, after ${offer.after.join(" and ")}`;
			const how = `${offer.downgrade === true ? " (a downgrade)" : ""}${after}${describeImpact(offer.impact)}${offer.notes ? `: ${offer.notes}` : ""}`;
			return [`${one.product}: ${step}${offer.version}${ofVariant(offer.variant)} is offered${how}`, ...waits];
		}
		const why = one.reason ?? one.code;
		const has = `${one.product}: ${one.status}${one.installed == null ? "" : ` at ${one.installed}`}${why == null ? "" : ` (${why})`}${describeWaiting(one.waiting)}`;
		return [has, ...waits];
	});
	lines.push(...damagedLines(damaged));
	const unread = answer.messages?.unread ?? 0;
	if (unread > 0) lines.push(`${unread} unread message${unread === 1 ? "" : "s"}: parapet device messages`);
	lines.push(...degradedLines(answer));
	return unchanged ? ["nothing new (304)", ...lines] : lines;
}

function ofVariant(variant: string | null | undefined): string {
	return variant == null ? "" : ` (variant ${variant})`;
}

/** What nobody says, and what interrupts nothing, is not worth a word. */
function describeImpact(impact: string | null | undefined): string {
	return impact == null || impact === "none" ? "" : `, with a ${impact}`;
}

function describeWaiting(waiting: CheckedProduct["waiting"]): string {
	if (waiting == null) return "";
	return `; ${waiting.version} waits${waiting.until === null ? "" : ` until ${waiting.until}`}`;
}

/** @returns a line for each product whose installed content is not whole */
export function damagedLines(damaged: CheckResult["damaged"]): string[] {
	return damaged.map(({ product, version, path, why }) => `${product}: ${version} is damaged, ${why}: ${path}`);
}

/** @returns a line where the service could not read its records, else none */
export function degradedLines({ degraded, as_of: asOf }: DegradedMarks): string[] {
	if (degraded !== true) return [];
	return [`the service answers from copies of ${asOf ?? "an earlier time"}: it cannot read its records now`];
}
