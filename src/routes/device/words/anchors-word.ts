// Passes on what a device says its updates rest on, behind the answer to its token request. Whatever it says, it gets its token: nobody
// stops updating for what he says of when he might.
import { readAnchors } from "../../../fleet/trust-anchors.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { passOn } from "./device-words.ts";

/**
 * @param text as it was sent; undefined = it says nothing, as nearly always
 * @param certificateEndsAt of the certificate that it has shown, which is known whatever it says; null = it has shown none
 * @returns what to answer: whether it was understood
 */
export function passOnAnchors(
	scope: RequestScope,
	device: string,
	text: string | undefined,
	certificateEndsAt: number | null,
): { readonly anchors?: "taken" | "not_understood" } {
	const anchors = text === undefined ? null : readAnchors(text);
	const shown = certificateEndsAt === null ? null : { certificateEndsAt };
	if (anchors !== null) passOn(scope, device, { kind: "anchors", ...anchors, ...shown });
	else if (shown !== null) passOn(scope, device, { kind: "certificate", ...shown });
	if (text === undefined) return {};
	if (anchors === null) return { anchors: "not_understood" };
	return { anchors: "taken" };
}
