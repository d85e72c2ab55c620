// Passes on to its Account that a device has fetched its messages, behind the answer and with what else is heard of the account's
// devices. Once in six hours for each device and isolate, unless there are others: the Account writes what is new to it.
import type { RequestScope } from "../../../request-scope.ts";
import { rateLimitWait } from "../../http/rate-limit.ts";
import { passOn } from "./device-words.ts";

export function passOnFetched(
	scope: RequestScope,
	device: string,
	messages: readonly { readonly id: string; readonly endsAt: number }[],
): void {
	const { services, now } = scope;
	const words = messages.map(({ id }) => id).join(" ");
	if (words === "" || services.words.isKnown(`messages of ${device}`, words, now)) return;
	// A device can always say that its software is another, for which other messages are.
	const send = async () => {
		if ((await rateLimitWait(services.limits.token, `fetched ${device}`)) !== null) return;
		passOn(scope, device, { kind: "fetched", messages: messages.map(({ id, endsAt }) => ({ id, endsAt })) });
	};
	scope.waitUntil(send());
}
