// Disabling rules and taking that back, with the product's record: once where its caller names a key for it, and told when the stores have it.
import type { Once } from "../once-desk.ts";
import type { ProductDesks } from "../product-desks.ts";
import type { RulesChange, RulesChanged, RulesSet } from "./disabled-rules.ts";

export type RulesSetting = RulesSet | (RulesChanged & { readonly ok: false });

/** @param within runs the change in a transaction @returns with all that are disabled afterwards, and whether every store has them */
export async function setRules(
	{ rules, records, once, outbox }: Pick<ProductDesks, "rules" | "records" | "once" | "outbox">,
	what: "disable" | "enable",
	change: RulesChange & Once,
	within: (work: () => RulesChanged) => RulesChanged,
): Promise<RulesSetting> {
	const order = () => rules.order(what, change, (now) => records.publish(now));
	const result = within(() => once.run(change.once, order));
	if (!result.ok) return result;
	return { ok: true, changed: result.changed, rules: rules.list(), published: await outbox.flush() };
}
