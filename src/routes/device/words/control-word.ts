// Passes on that a device which a rollout holds back has asked what to run, behind the answer of a full check: a Product counts by
// such words how many devices fall silent that do not have its release. Never delays or fails a check; a word that is lost here is
// said again with the next full check, which comes soon.
import type { CheckAnswer } from "../../../content/check/check.ts";
import { unitOf } from "../../../content/releases/rollout-place.ts";
import type { DeviceProfile } from "../../../entitlement/devices/device-record.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { rateLimitWait } from "../../http/rate-limit.ts";

/** An answer to such a device is good for this long at most: what it is watched for is that it asks again. */
export const CONTROL_REPEAT_SECONDS = 600;

/** @param nextCheckIn seconds, as the device is told */
export function passOnControl(
	scope: RequestScope,
	device: Pick<DeviceProfile, "id" | "haGroup">,
	{ heldBack }: Pick<CheckAnswer, "heldBack">,
	nextCheckIn: number,
): void {
	if (heldBack.length === 0) return;
	const { services, now } = scope;
	const { id } = device;
	const passOn = async () => {
		if ((await rateLimitWait(services.limits.token, `held back ${id}`)) !== null) return;
		// Within that time a full check comes, and one that is lost may be made up for.
		const again = CONTROL_REPEAT_SECONDS + 2 * nextCheckIn;
		const word = { unit: unitOf(device), device: id, again, now };
		await Promise.all(
			heldBack.map(({ product, version }) => services.objects.product(product).hearControl({ ...word, version })),
		);
	};
	scope.waitUntil(passOn().catch(() => {}));
}
