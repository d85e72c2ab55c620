// The operator plane of metering: how much of its licenses an account uses.
import { createRoute, z } from "@hono/zod-openapi";
import { endsOf } from "../../../entitlement/licenses/expiry-notice.ts";
import { licenseKind, licenseStatus, overagePolicy } from "../../../entitlement/licenses/license.ts";
import { PEAK_DAYS_KEPT, startOf } from "../../../entitlement/seats/seat-peaks.ts";
import type { LicenseUsage } from "../../../objects/account/licenses/license-usage.ts";
import { ProblemError } from "../../../problem.ts";
import { accountPath, accountRefusals, licensePath, openAccount } from "../../http/account-in-path.ts";
import { accountReadAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, timestamp, toTimestamp, wholeNumber } from "../../http/openapi.ts";

const DEFAULT_DAYS = 30;
const DAY_SECONDS = 86_400;

const usageBody = z
	.object({
		license: z.string(),
		status: licenseStatus,
		kind: licenseKind,
		overage: overagePolicy,
		seats: z.int(),
		taken: z.int(),
		free: z.int().openapi({
			description: "Seats neither taken nor promised to a transfer; 0 where more are taken than there are",
		}),
		over: z.int().openapi({ description: "Seats taken beyond those of the license" }),
		taken_by_ha_groups: z.int().openapi({ description: "Those of `taken` that HA groups hold" }),
		devices: z
			.object({ active: z.int(), suspended: z.int(), deactivated: z.int(), revoked: z.int() })
			.openapi({ description: "Devices of the license; those of an HA group share a seat, and a lease may be over" }),
		ends: z.array(
			z.object({
				ends_at: timestamp,
				days_left: z.int().nullable().openapi({ description: "Whole days; 0 on the last one, null after the end" }),
				products: z.array(z.string()),
			}),
		),
		refused_last_day: z.int().openapi({
			description:
				"Devices, HA groups and serial numbers for which there was a `seat.refused` within 24 hours; of many within an hour not all are told",
		}),
		peaks: z
			.array(z.object({ day: z.iso.date(), taken: z.int() }))
			.openapi({ description: "The most seats taken on each day (UTC) that is known, today last" }),
	})
	.openapi("LicenseUsage");
const usageQuery = z.object({
	days: wholeNumber(1, PEAK_DAYS_KEPT)
		.optional()
		.openapi({ description: `Days in \`peaks\`: 1 to ${PEAK_DAYS_KEPT}; 30 if left out` }),
});
const shared = { tags: ["Operator"], ...accountReadAccess };

const ofLicense = createRoute({
	...shared,
	method: "get",
	path: "/v1/accounts/{account}/licenses/{license}/usage",
	operationId: "getLicenseUsage",
	summary: "How much of a license is used",
	request: { params: licensePath, query: usageQuery },
	responses: { 200: jsonAnswer(usageBody, "As it is now"), ...accountRefusals },
});
const ofAccount = createRoute({
	...shared,
	method: "get",
	path: "/v1/accounts/{account}/usage",
	operationId: "listUsage",
	summary: "How much of each license of an account is used",
	request: { params: accountPath, query: usageQuery },
	responses: { 200: jsonAnswer(z.object({ licenses: z.array(usageBody) }), "All of them"), ...accountRefusals },
});

function describeUsage({ license, seatsTaken: taken, ...usage }: LicenseUsage, now: number) {
	const ends = [...endsOf(license)].toSorted(([a], [b]) => a - b);
	return {
		license: license.id,
		status: license.status,
		kind: license.kind,
		overage: license.overage,
		seats: license.seats,
		taken,
		free: Math.max(0, license.seats - taken - usage.seatsPromised),
		over: Math.max(0, taken - license.seats),
		taken_by_ha_groups: usage.groupSeats,
		devices: usage.devices,
		ends: ends.map(([endsAt, products]) => ({
			ends_at: toTimestamp(endsAt),
			days_left: now < endsAt ? Math.floor((endsAt - now) / DAY_SECONDS) : null,
			products,
		})),
		refused_last_day: usage.refusedLately,
		peaks: usage.peaks.map((peak) => ({ day: toTimestamp(startOf(peak.day)).slice(0, 10), taken: peak.taken })),
	};
}

export const licenseUsage = createRouter()
	.openapi(ofLicense, async (c) => {
		const { account, license } = c.req.valid("param");
		const { object } = await openAccount(c, account);
		const { days = DEFAULT_DAYS } = c.req.valid("query");
		const [found] = await object.licenseUsage(license, c.env.now, days);
		if (found === undefined) throw new ProblemError("not_found");
		return c.json(describeUsage(found, c.env.now), 200);
	})
	.openapi(ofAccount, async (c) => {
		const { object } = await openAccount(c, c.req.valid("param").account);
		const { days = DEFAULT_DAYS } = c.req.valid("query");
		const found = await object.licenseUsage(null, c.env.now, days);
		return c.json({ licenses: found.map((one) => describeUsage(one, c.env.now)) }, 200);
	});
