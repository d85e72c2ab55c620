// Which devices are wanted of a list: the filters of a query, and what of an Account's search they are.
import { z } from "@hono/zod-openapi";
import type { TufRoot } from "../../../fleet/trust-anchors.ts";
import { labels, modelName, productName, serialNumber, splitWanted, versionsWanted } from "../../../names.ts";
import type { DeviceFilter } from "../../../objects/account/fleet/device-search.ts";
import { timestamp, toSeconds, wholeNumber } from "../../http/openapi.ts";
import { deviceBody, outcome, outcomeReason } from "./device-body.ts";

const YEAR_SECONDS = 365 * 86_400;

const labelPairs = z
	.string()
	.max(512)
	.transform((text, context) => {
		const pairs = text.split(",").map((pair): [string, string] => {
			const at = pair.indexOf("=");
			return [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)];
		});
		const read = labels.safeParse(Object.fromEntries(pairs));
		if (read.success) return read.data;
		context.addIssue({ code: "custom", message: "labels look like site=berlin,role=edge" });
		return z.NEVER;
	})
	.openapi({ type: "string", description: "All of them: `key=value`, joined by commas", example: "site=berlin" });

/** Filters, all of which have to hold. */
export const deviceFilters = {
	serial: serialNumber.optional(),
	serial_prefix: serialNumber.optional().openapi({ description: "What the serial number begins with" }),
	model: modelName.optional(),
	license: z.string().max(64).optional(),
	status: deviceBody.shape.status.optional(),
	label: labelPairs.optional(),
	product: productName.optional().openapi({
		description: "Of which `installed`, `outcome` and `reason` are meant; without it any of the device's products",
	}),
	installed: versionsWanted.optional().openapi({
		description: "The version that it has, or what that begins with and a `*`",
		example: "4.26*",
	}),
	outcome: outcome.optional(),
	reason: outcomeReason.optional(),
	silent_for: wholeNumber(1, YEAR_SECONDS).optional().openapi({
		description: "Seconds: not heard of for so long, and activated before that",
	}),
	trust_ends_by: timestamp.optional().openapi({
		description: "Their updates rest on something that ends then or earlier; see `GET /v1/fleet/trust`",
	}),
};

/** @param now unix seconds @param newestTufRoot asked only where a filter is by it; null = there is none */
export async function readFilters(
	{
		serial_prefix: serialPrefix,
		label,
		installed: wanted,
		silent_for,
		trust_ends_by,
		...rest
	}: z.infer<z.ZodObject<typeof deviceFilters>>,
	now: number,
	newestTufRoot: () => Promise<TufRoot | null>,
): Promise<DeviceFilter> {
	const silentSince = silent_for === undefined ? undefined : now - silent_for;
	const trustEnds =
		trust_ends_by === undefined ? undefined : { by: toSeconds(trust_ends_by), newestTufRoot: await newestTufRoot() };
	const of = wanted === undefined ? null : splitWanted(wanted);
	const installed = of !== null && "version" in of ? of.version : undefined;
	const installedPrefix = of !== null && "prefix" in of ? of.prefix : undefined;
	return { ...rest, serialPrefix, labels: label, installed, installedPrefix, silentSince, trustEnds };
}
