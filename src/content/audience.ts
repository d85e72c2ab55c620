// Whom something is for. Every given field must match; an empty audience is everybody.
import { z } from "zod";
import type { DeviceProfile } from "../entitlement/devices/device-record.ts";
import { engineRange, labels, modelName, productName } from "../names.ts";
import { engineInRange } from "./releases/vendor-version.ts";

export const country = z.string().regex(/^[A-Z]{2}$/, "a country is two capital letters (ISO 3166): DE");
export const audience = z.strictObject({
	accounts: z.array(z.string()).max(1000).optional(),
	models: z.array(modelName).max(100).optional(),
	engine: engineRange.optional(),
	/** devices whose license names at least one of these */
	products: z.array(productName).max(100).optional(),
	/** devices that carry all of these */
	labels: labels.optional(),
	/** ISO 3166-1 alpha-2, upper case, as the edge sees the caller */
	countries: z.array(country).max(250).optional(),
});
export type Audience = z.infer<typeof audience>;

/** What a request says of a device beyond its profile; null = it did not say. */
export interface DeviceCircumstances {
	readonly engine: string | null;
	readonly country: string | null;
}

/** @returns whether the device belongs to the audience; a restriction on something unknown never matches */
export function matchesAudience(
	audience: Audience,
	device: Pick<DeviceProfile, "account" | "model" | "labels"> & { readonly grants: Readonly<Record<string, unknown>> },
	circumstances: DeviceCircumstances,
): boolean {
	const { accounts, models, engine, products, labels, countries } = audience;
	return (
		(accounts === undefined || accounts.includes(device.account)) &&
		(models === undefined || models.includes(device.model)) &&
		(products === undefined || products.some((product) => Object.hasOwn(device.grants, product))) &&
		(labels === undefined || Object.entries(labels).every(([key, value]) => device.labels[key] === value)) &&
		(countries === undefined || (circumstances.country !== null && countries.includes(circumstances.country))) &&
		(engine === undefined || engineInRange(circumstances.engine, engine))
	);
}
