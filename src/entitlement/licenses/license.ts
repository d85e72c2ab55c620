// What an account bought: which products, for how many devices, from when until when. Pure rules about one license.
import { z } from "zod";
import { productName } from "../../names.ts";
import type { DeviceStatus, Grant, Hold } from "../devices/device-record.ts";

const seconds = z.int().nonnegative();

/** How long the lease of a seat may be under an elastic license, and how long it is unless the operator says otherwise. */
export const LEASE_FLOOR_SECONDS = 60;
export const LEASE_CEILING_SECONDS = 86_400;
export const LEASE_DEFAULT_SECONDS = 900;

/** So that an access token, which names them all, keeps its size. */
export const MAX_PRODUCTS = 16;

/** A product of a license: a field that is not given has the license's own value. */
const productTerms = z
	.strictObject({
		product: productName,
		/** unix seconds */
		startsAt: seconds.optional(),
		/** unix seconds */
		endsAt: seconds.optional(),
	})
	.readonly();

/** refuse: no device beyond the seats; allow: it gets one, and the account's audit trail an event */
export const overagePolicy = z.enum(["refuse", "allow"]);
export type OveragePolicy = z.infer<typeof overagePolicy>;

/** fixed: a device keeps its seat until it is deactivated or revoked; elastic: until it has not been heard of for a lease */
export const licenseKind = z.enum(["fixed", "elastic"]);
export type LicenseKind = z.infer<typeof licenseKind>;

/** The terms of a license as an operator sets them. */
export const licenseTerms = z
	.strictObject({
		products: z.array(productTerms).min(1).max(MAX_PRODUCTS).readonly(),
		seats: z.int().positive().max(1_000_000),
		/** unix seconds */
		startsAt: seconds,
		/** unix seconds */
		endsAt: seconds,
		/** seconds after the end during which devices still get every update */
		graceSeconds: seconds,
		/** seconds after the grace during which they still get emergency releases */
		criticalSeconds: seconds,
		/** seconds that a release must be old before these devices get it */
		delaySeconds: seconds,
		/** seconds that an emergency release must be old; 0 unless the license says otherwise */
		emergencyDelaySeconds: seconds,
		overage: overagePolicy,
		kind: licenseKind,
		/** seconds that a seat of an elastic license lasts unless it is renewed; 0 = fixed */
		leaseSeconds: seconds,
	})
	.superRefine((terms, context) => {
		if (terms.endsAt <= terms.startsAt) {
			context.addIssue({ code: "custom", path: ["endsAt"], message: "a license ends after it starts" });
		}
		if (terms.emergencyDelaySeconds > terms.delaySeconds) {
			const message = "an emergency release waits no longer than another";
			context.addIssue({ code: "custom", path: ["emergencyDelaySeconds"], message });
		}
		const isLease = terms.leaseSeconds >= LEASE_FLOOR_SECONDS && terms.leaseSeconds <= LEASE_CEILING_SECONDS;
		if (terms.kind === "fixed" ? terms.leaseSeconds !== 0 : !isLease) {
			const message = "an elastic license has a lease of one minute to one day, a fixed one has none";
			context.addIssue({ code: "custom", path: ["leaseSeconds"], message });
		}
		const names = terms.products.map(({ product }) => product);
		if (new Set(names).size < names.length) {
			context.addIssue({ code: "custom", path: ["products"], message: "a product is named twice" });
		}
		for (const { product, startsAt = terms.startsAt, endsAt = terms.endsAt } of terms.products) {
			if (endsAt > startsAt) continue;
			context.addIssue({ code: "custom", path: ["products"], message: `${product} ends after it starts` });
		}
	});
export type LicenseTerms = z.infer<typeof licenseTerms>;

export const licenseStatus = z.enum(["active", "suspended", "revoked"]);
export type LicenseStatus = z.infer<typeof licenseStatus>;

export interface License extends LicenseTerms {
	readonly id: string;
	readonly status: LicenseStatus;
	readonly createdAt: number;
}

/** @returns what each device under the license may have, by product */
export function grantsOf(license: LicenseTerms): Record<string, Grant> {
	const { graceSeconds: grace, criticalSeconds: critical, delaySeconds: delay } = license;
	const { emergencyDelaySeconds: emergencyDelay } = license;
	return Object.fromEntries(
		license.products.map(({ product, startsAt: from = license.startsAt, endsAt: until = license.endsAt }) => [
			product,
			{ from, until, grace, critical, delay, emergencyDelay },
		]),
	);
}

/** @returns why devices under the license get nothing although they are active; null = nothing holds them back */
export function holdOf({ status }: Pick<License, "status">): Hold | null {
	return status === "active" ? null : `license_${status}`;
}

/** @returns whether devices notice the change: only then do their records and tokens have to be renewed */
export function changesDevices(before: License, after: License): boolean {
	return (
		holdOf(before) !== holdOf(after) ||
		before.leaseSeconds !== after.leaseSeconds ||
		JSON.stringify(sorted(grantsOf(before))) !== JSON.stringify(sorted(grantsOf(after)))
	);
}

function sorted(grants: Record<string, Grant>): [string, Grant][] {
	return Object.entries(grants).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @returns whether the license takes no further device; the grace is for the devices that are there already */
export function licenseHasEnded(license: Pick<LicenseTerms, "endsAt">, now: number): boolean {
	return now >= license.endsAt;
}

/** @returns unix seconds at which the last of its products ends, each as it has it of its own or from the license */
export function lastEndOf({ endsAt: own, products }: Pick<LicenseTerms, "endsAt" | "products">): number {
	return Math.max(...products.map(({ endsAt = own }) => endsAt));
}

export type LicenseStatusChange = { readonly ok: true; readonly changed: boolean } | { readonly ok: false };

/** Revoked is for good; everything else may follow everything. */
export function decideLicenseStatus(current: LicenseStatus, wanted: LicenseStatus): LicenseStatusChange {
	if (current === wanted) return { ok: true, changed: false };
	return current === "revoked" ? { ok: false } : { ok: true, changed: true };
}

/** The statuses in which a device may hold a seat; under an elastic license it also needs a lease. A suspended device keeps its own, or suspending would give the seat away. */
export const SEAT_HOLDING_STATUSES = ["active", "suspended"] as const satisfies readonly DeviceStatus[];

export function holdsSeat(status: DeviceStatus): boolean {
	return SEAT_HOLDING_STATUSES.some((holding) => holding === status);
}
