// Single rules of a product's content that devices leave out, whatever release they run: for the one rule that harms, which need not
// wait for a new release, nor take the whole of one back. The list reaches every device at its next check, so it is short, and where a
// team owns the product it is that team's.
import { z } from "zod";

/** Of one product. Whoever would disable more takes the release back instead; and nobody empties a content by it. */
export const MAX_DISABLED_RULES = 100;

/** As the content's own maker numbers it: 942100, 1:2000419, url-threat-51. */
export const ruleId = z
	.string()
	.regex(/^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$/, "a rule's id is up to 64 letters, digits and : . _ -");

/** In the order of their text, each once. */
export const disabledRules = z.array(ruleId).max(MAX_DISABLED_RULES).readonly();

/**
 * @param team that owns the product; null = none does
 * @returns whether a holder of the scope to release may change the list. Whoever runs the service may: to halt what harms needs nobody.
 */
export function maySetRules(
	team: string | null,
	holder: { readonly team: string | null; readonly isOperator: boolean },
) {
	return team === null || holder.team === team || holder.isOperator;
}
