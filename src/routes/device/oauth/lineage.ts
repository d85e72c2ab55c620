// What a token answer gives the device to bring back with its next token request, by which copies of it are told apart. Whatever a device
// brings, it gets its token: a value that is missing, not its own or not ours counts as none.
import { continueLineage } from "../../../entitlement/devices/lineage.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { encodeBase64url } from "../../../signing/formats/base64url.ts";
import { openLineage, sealLineage } from "../../../signing/sealed/sealed-lineage.ts";
import { passOn } from "../words/device-words.ts";

const ANCHOR_BYTES = 9;

/** @param brought undefined = the device brought none */
export async function lineageOf(scope: RequestScope, device: string, brought: string | undefined): Promise<string> {
	const { services, now } = scope;
	const { macKeyring } = services;
	const known = brought === undefined ? null : await openLineage(macKeyring, device, brought);
	const fresh = encodeBase64url(crypto.getRandomValues(new Uint8Array(ANCHOR_BYTES)));
	const { lineage, step } = continueLineage(device, known, fresh, now);
	if (step !== null) passOn(scope, device, { kind: "lineage", ...step });
	// Who has copied the key alone is heard by the tripwire (fleet/tripwire.ts).
	else if (known === null) passOn(scope, device, { kind: "token" });
	return lineage === known && brought !== undefined ? brought : sealLineage(macKeyring, device, lineage);
}
