// A device of an HA group takes its turn: its Account gives it, one device at a time, before the product is asked for a place. Where the
// Account cannot be reached there is no permit, so two devices of a group never have one at once. The device's record names the group; to
// a device without one nothing here happens.
import { wantedRelease } from "../../../content/releases/could-have.ts";
import type { ProductRecord, Release } from "../../../content/releases/product-record.ts";
import type { Entitled } from "../../../entitlement/entitled.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import type { HaLockOutcome } from "../../../objects/account/ha/ha-locks.ts";
import type { RequestScope } from "../../../request-scope.ts";
import type { OfferClaims } from "../../../signing/sealed/capability.ts";
import { exposureLimited } from "./permit-checks.ts";

export type Turn = Pick<HaLockOutcome & { readonly ok: true }, "at" | "peers" | "isUnlocked">;

/** The lock outlasts the permit by this: no clock and no way of a report is so late. */
const MARGIN_SECONDS = 600;

/**
 * @param release the offered one @param known of its product: its record, and who may have it
 * @param seconds for which the permit lasts
 * @param leaseEndsAt unix seconds by the clock of the Product, where its lease of a rollout lasts longer; null = it does not
 * @returns by what its account knows the turn (null = it is in no group any more), and the others of its group
 * @throws ProblemError `exposure_limited` where it is not the device's turn. A place that it has in a rollout goes to others then
 */
export async function takeTurn(
	{ services, now, event }: RequestScope,
	{ device: deviceId, product, to: version }: OfferClaims,
	release: Release,
	{ record, entitled }: { readonly record: ProductRecord | null; readonly entitled: Entitled },
	seconds: number,
	leaseEndsAt: number | null = null,
): Promise<Turn> {
	const wanted = { version, sequence: release.sequence, release: wantedRelease(release, record, entitled) };
	const ends = {
		until: now + seconds + MARGIN_SECONDS,
		...(leaseEndsAt !== null && { leaseUntil: leaseEndsAt + MARGIN_SECONDS }),
	};
	const question = { deviceId, product, ...wanted, ...ends, now };
	const turn = await services.objects.askHaLock(accountObjectName(deviceId), question);
	if (turn.ok) return turn;
	event.reason = turn.reason;
	if (turn.isReturned && release.rollout !== null) {
		const putOff = { version, device: deviceId, lease: null, reported: "deferred", detail: turn.reason, now } as const;
		await services.objects.product(product).hearReport(putOff);
	}
	throw exposureLimited(turn.reason, turn.retryAfter);
}

/**
 * For a device that got no permit in the end. One that cannot be given back ends by itself.
 * @param at of the turn; null = whichever is under way, for a device that is refused before it asks for its turn
 */
export async function giveTurnBack(
	{ services, now }: RequestScope,
	{ device: deviceId, product, to: version }: OfferClaims,
	at: number | null,
): Promise<void> {
	const report = { deviceId, product, version, at, reported: "released", now } as const;
	await services.objects.hearHaLock(accountObjectName(deviceId), report).catch(() => {});
}
