// The fleet in numbers on the wire: the same for a whole deployment and for one account.
import { z } from "@hono/zod-openapi";
import { type FleetView, silentSince } from "../../../fleet/fleet-summary.ts";
import { timestamp } from "../../http/openapi.ts";

const count = z.int().nonnegative();
const counted = z.array(z.object({ value: z.string().nullable(), devices: count }).openapi("FleetCount")).openapi({
	description: "Most first. `value` is null where it is not known; `other` stands for what is rare",
});
const HOUR = 3_600;
/** Hours of silence that an overview counts. */
const SILENCES = [24, 72, 168] as const;

export const fleetNumbers = {
	devices: z.record(z.string(), count).openapi({ description: "By status" }),
	products: z.array(
		z
			.object({
				product: z.string(),
				devices: count,
				versions: counted,
				outcomes: counted.openapi({ description: "By the last word of a permit" }),
				models: counted,
				countries: counted,
			})
			.openapi("FleetProduct"),
	),
	silent: z
		.array(z.object({ hours: z.int(), devices: count }).openapi("FleetSilence"))
		.openapi({ description: "Devices that were not heard of for so many hours, those that never were among them" }),
	licenses: z
		.array(z.object({ kind: z.string(), licenses: count, seats: count, taken: count }).openapi("FleetLicenses"))
		.openapi({ description: "Those in force" }),
};

export const fleetBody = z
	.object({
		...fleetNumbers,
		accounts: count.openapi({ description: "That have said anything" }),
		as_of: timestamp.nullable().openapi({ description: "Of the newest summary; null = no account has said anything" }),
		oldest: timestamp
			.nullable()
			.openapi({ description: "Of the oldest: an account sends one within a minute of news" }),
	})
	.openapi("Fleet");

export const problemBody = z
	.object({
		product: z.string(),
		version: z.string().nullable(),
		country: z.string().nullable(),
		outcome: z.string(),
		reason: z.string(),
		devices: count,
	})
	.openapi("FleetProblem");

export const accountFleetBody = z
	.object({
		...fleetNumbers,
		problems: z.array(problemBody).openapi({
			description: "Why last updates did not take place, most devices first; what is rare is counted as `other`",
		}),
		as_of: timestamp,
	})
	.openapi("AccountFleet");

/** @param now unix seconds */
export function describeFleet({ devices, products, seen, licenses }: FleetView, now: number) {
	return {
		devices: { ...devices },
		products: products.map(({ versions, outcomes, models, countries, ...product }) => ({
			...{ ...product, versions: [...versions], outcomes: [...outcomes] },
			...{ models: [...models], countries: [...countries] },
		})),
		silent: SILENCES.map((hours) => ({ hours, devices: silentSince({ seen }, now - hours * HOUR) })),
		licenses: licenses.map((one) => ({ ...one })),
	};
}
