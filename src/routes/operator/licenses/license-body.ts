// A license on the wire: days and hours instead of seconds, names of products, and beside them what a product has of its own.
import { z } from "@hono/zod-openapi";
import {
	LEASE_CEILING_SECONDS,
	LEASE_DEFAULT_SECONDS,
	LEASE_FLOOR_SECONDS,
	type LicenseTerms,
	licenseKind,
	licenseStatus,
	licenseTerms,
	MAX_PRODUCTS,
	overagePolicy,
} from "../../../entitlement/licenses/license.ts";
import { productName } from "../../../names.ts";
import type { LicenseInfo } from "../../../objects/account/licenses/license-desk.ts";
import { ProblemError } from "../../../problem.ts";
import { timestamp, toSeconds, toTimestamp } from "../../http/openapi.ts";

const DAY = 86_400;
const HOUR = 3600;
const MINUTE = 60;
const MAX_DAYS = 3650;
const MAX_DELAY_HOURS = 720;

const validity = z.strictObject({ starts_at: timestamp.optional(), ends_at: timestamp.optional() });
const productValidity = z.record(productName, validity).openapi({
	description: "Products whose validity is not the license's own",
	example: { threats: { ends_at: "2026-12-31T00:00:00Z" } },
});

/** Or a typing mistake would leave a product with the validity of the license. */
function namesItsProducts({ products, product_validity: own }: z.infer<typeof namedProducts>): boolean {
	return products === undefined || Object.keys(own ?? {}).every((product) => products.includes(product));
}
const namedProducts = z.object({
	products: z.array(z.string()).optional(),
	product_validity: productValidity.optional(),
});
const UNNAMED_PRODUCT = { path: ["product_validity"], message: "names a product that is not in `products`" };

const terms = {
	products: z.array(productName).min(1).max(MAX_PRODUCTS),
	product_validity: productValidity,
	seats: z.int().min(1).max(1_000_000),
	starts_at: timestamp,
	ends_at: timestamp,
	grace_days: z.number().min(0).max(MAX_DAYS),
	critical_days: z.number().min(0).max(MAX_DAYS),
	delay_hours: z.number().min(0).max(MAX_DELAY_HOURS),
	emergency_delay_hours: z.number().min(0).max(MAX_DELAY_HOURS),
	overage: overagePolicy,
	lease_minutes: z
		.number()
		.min(LEASE_FLOOR_SECONDS / MINUTE)
		.max(LEASE_CEILING_SECONDS / MINUTE),
};

export const licenseBody = z
	.object({
		license: z.string(),
		status: licenseStatus,
		...terms,
		kind: licenseKind,
		lease_minutes: z.number().openapi({ description: "0 of a fixed license" }),
		seats_taken: z.int(),
	})
	.openapi("License");

export const newLicense = z
	.strictObject({
		products: terms.products,
		product_validity: terms.product_validity.optional(),
		seats: terms.seats,
		starts_at: timestamp.optional().openapi({ description: "Now, if left out" }),
		ends_at: terms.ends_at,
		grace_days: terms.grace_days
			.optional()
			.openapi({ description: "Days after the end during which all updates still come; 30 if left out" }),
		critical_days: terms.critical_days
			.optional()
			.openapi({ description: "Days after the grace during which emergency releases still come; 0 if left out" }),
		delay_hours: terms.delay_hours
			.optional()
			.openapi({ description: "How old a release must be for this license; 0 if left out" }),
		emergency_delay_hours: terms.emergency_delay_hours
			.optional()
			.openapi({ description: "The same of an emergency release: 0 if left out, however long the others wait" }),
		overage: terms.overage
			.optional()
			.openapi({ description: "`allow`: devices beyond the seats get in, with an event; `refuse` if left out" }),
		kind: licenseKind.optional().openapi({
			description:
				"`elastic`: a seat is a lease that the device's token requests renew; `fixed` if left out. It cannot be changed",
		}),
		lease_minutes: terms.lease_minutes
			.optional()
			.openapi({ description: "Of an elastic license: how long a device keeps its seat unheard of; 15 if left out" }),
	})
	.refine(namesItsProducts, UNNAMED_PRODUCT)
	.openapi("NewLicense");

export const changedLicense = z
	.strictObject(terms)
	.partial()
	.refine((change) => Object.keys(change).length > 0, "name at least one term")
	.refine((change) => change.product_validity === undefined || change.products !== undefined, {
		path: ["product_validity"],
		message: "give `products` with it",
	})
	.refine(namesItsProducts, UNNAMED_PRODUCT)
	.openapi("LicenseChange");

type WireTerms = z.infer<typeof changedLicense>;

/** The terms of a new license. @throws ProblemError `invalid_request` when they do not hold together */
export function newTerms(wanted: z.infer<typeof newLicense>, now: number): LicenseTerms {
	const {
		starts_at,
		ends_at,
		grace_days = 30,
		critical_days = 0,
		delay_hours = 0,
		emergency_delay_hours = 0,
		overage = "refuse",
		kind = "fixed",
		...more
	} = wanted;
	const times = { ends_at, grace_days, critical_days, delay_hours, emergency_delay_hours };
	const given = changedTerms({ ...more, ...times, overage });
	const leaseSeconds = kind === "elastic" ? LEASE_DEFAULT_SECONDS : 0;
	const startsAt = starts_at === undefined ? now : toSeconds(starts_at);
	const parsed = licenseTerms.safeParse({ kind, leaseSeconds, ...given, startsAt });
	if (parsed.success) return parsed.data;
	throw new ProblemError("invalid_request", { detail: parsed.error.issues[0]?.message ?? "the terms do not hold" });
}

/** What a request names, as terms; what it does not name is absent. */
export function changedTerms(wire: WireTerms): Partial<LicenseTerms> {
	const { products, product_validity: own = {}, seats, starts_at, ends_at, overage } = wire;
	const { grace_days: grace, critical_days: critical, lease_minutes: lease } = wire;
	const { delay_hours: delay, emergency_delay_hours: emergencyDelay } = wire;
	return {
		...(products && { products: [...new Set(products)].map((product) => productTermsOf(product, own)) }),
		...(seats !== undefined && { seats }),
		...(starts_at !== undefined && { startsAt: toSeconds(starts_at) }),
		...(ends_at !== undefined && { endsAt: toSeconds(ends_at) }),
		...(grace !== undefined && { graceSeconds: Math.round(grace * DAY) }),
		...(critical !== undefined && { criticalSeconds: Math.round(critical * DAY) }),
		...(delay !== undefined && { delaySeconds: Math.round(delay * HOUR) }),
		...(emergencyDelay !== undefined && { emergencyDelaySeconds: Math.round(emergencyDelay * HOUR) }),
		...(overage !== undefined && { overage }),
		...(lease !== undefined && { leaseSeconds: Math.round(lease * MINUTE) }),
	};
}

function productTermsOf(product: string, own: z.infer<typeof productValidity>) {
	const { starts_at, ends_at } = (Object.hasOwn(own, product) ? own[product] : undefined) ?? {};
	return {
		product,
		...(starts_at !== undefined && { startsAt: toSeconds(starts_at) }),
		...(ends_at !== undefined && { endsAt: toSeconds(ends_at) }),
	};
}

export function describeLicense(license: LicenseInfo): z.infer<typeof licenseBody> {
	const own = license.products.filter(({ startsAt, endsAt }) => startsAt !== undefined || endsAt !== undefined);
	return {
		license: license.id,
		status: license.status,
		products: license.products.map(({ product }) => product),
		product_validity: Object.fromEntries(
			own.map(({ product, startsAt, endsAt }) => [
				product,
				{
					...(startsAt !== undefined && { starts_at: toTimestamp(startsAt) }),
					...(endsAt !== undefined && { ends_at: toTimestamp(endsAt) }),
				},
			]),
		),
		seats: license.seats,
		seats_taken: license.seatsTaken,
		starts_at: toTimestamp(license.startsAt),
		ends_at: toTimestamp(license.endsAt),
		grace_days: license.graceSeconds / DAY,
		critical_days: license.criticalSeconds / DAY,
		delay_hours: license.delaySeconds / HOUR,
		emergency_delay_hours: license.emergencyDelaySeconds / HOUR,
		overage: license.overage,
		kind: license.kind,
		lease_minutes: license.leaseSeconds / MINUTE,
	};
}
