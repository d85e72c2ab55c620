// Passes on what a device says its updates rest on, behind the answer to its token request. Whatever it says, it gets its token: nobody
// stops updating for what he says of when he might.
import { readAnchors } from "../../../fleet/trust-anchors.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { passOn } from "./device-words.ts";

/**
 * @param text as it was sent; undefined = it says nothing, as nearly always
 * @returns what to answer: whether it was understood
 */
export function passOnAnchors(
	scope: RequestScope,
	device: string,
	text: string | undefined,
): { readonly anchors?: "taken" | "not_understood" } {
	if (text === undefined) return {};
	const anchors = readAnchors(text);
	if (anchors === null) return { anchors: "not_understood" };
	passOn(scope, device, { kind: "anchors", ...anchors });
	return { anchors: "taken" };
}
