// `parapet device entitlements`: which products the firewall may have, and until when.
import type { FirewallAction } from "../../command-line/run-as.ts";
import { askEntitlements } from "../../firewall/check/check.ts";
import { formatTable } from "../../terminal/output.ts";
import { degradedLines } from "./lines/check.ts";
import { openSession } from "./open-session.ts";

export const entitlements: FirewallAction<Record<never, never>> = {
	shape: {},
	run: async (context) => {
		const found = await askEntitlements(await openSession(context));
		const rows = found.products.map((one) => [one.product, one.decision, one.code, one.until, one.grace_until]);
		const table = formatTable(["PRODUCT", "DECISION", "CODE", "UNTIL", "GRACE UNTIL"], rows);
		context.output.answer(found, [...table, ...degradedLines(found)]);
	},
};
