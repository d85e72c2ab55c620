// What an account bought: which products, for how many devices, from when until when. Pure rules about one license.
import { z } from "zod";
import { productName } from "../content/names.ts";
import type { DeviceStatus, Grant } from "./device-record.ts";

const seconds = z.int().nonnegative();

/** So that an access token, which names them all, keeps its size. */
export const MAX_PRODUCTS = 16;

/** The terms of a license as an operator sets them. */
export const licenseTerms = z
	.strictObject({
		products: z.array(productName).min(1).max(MAX_PRODUCTS).readonly(),
		seats: z.int().positive().max(1_000_000),
		/** unix seconds */
		startsAt: seconds,
		/** unix seconds */
		endsAt: seconds,
		/** seconds after the end during which devices still get updates */
		graceSeconds: seconds,
		/** seconds that a release must be old before these devices get it */
		delaySeconds: seconds,
	})
	.refine((terms) => terms.endsAt > terms.startsAt, { path: ["endsAt"], message: "a license ends after it starts" });
export type LicenseTerms = z.infer<typeof licenseTerms>;

export interface License extends LicenseTerms {
	readonly id: string;
	readonly createdAt: number;
}

/** @returns what each device under the license may have, by product */
export function grantsOf(license: LicenseTerms): Record<string, Grant> {
	const { startsAt: from, endsAt: until, graceSeconds: grace, delaySeconds: delay } = license;
	return Object.fromEntries(license.products.map((product) => [product, { from, until, grace, delay }]));
}

/** @returns whether the license takes no further device; the grace is for the devices that are there already */
export function licenseHasEnded(license: Pick<LicenseTerms, "endsAt">, now: number): boolean {
	return now >= license.endsAt;
}

/** The statuses that hold a seat. A suspended device keeps its own, or suspending would give the seat away. */
export const SEAT_HOLDING_STATUSES = ["active", "suspended"] as const satisfies readonly DeviceStatus[];

export function holdsSeat(status: DeviceStatus): boolean {
	return SEAT_HOLDING_STATUSES.some((holding) => holding === status);
}
