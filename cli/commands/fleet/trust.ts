// `parapet fleet trust`: who stops updating by when, because what the updates rest on ends.
import type { Command } from "commander";
import { z } from "zod";
import { runAsOperator } from "../../command-line/run-as.ts";
import { moment, wholeNumber } from "../../command-line/values.ts";
import { queryOf } from "../../http/query.ts";
import { formatCount, formatTable, type Surroundings } from "../../terminal/output.ts";

const fleetTrust = z.looseObject({
	...{ breaks_at: z.string(), devices: z.number(), unknown: z.number(), stopping: z.number() },
	tuf_root: z.looseObject({ version: z.number() }).nullable(),
	anchors: z.array(
		z.looseObject({
			...{ anchor: z.string(), name: z.string().nullable(), version: z.number().nullable() },
			...{ ends: z.string(), stops: z.boolean(), devices: z.number() },
		}),
	),
	anchors_left_out: z.looseObject({ anchors: z.number(), devices: z.number() }),
	accounts: z.array(z.looseObject({ account: z.string(), stopping: z.number(), devices: z.number() })),
	as_of: z.string().nullable(),
});
type FleetTrust = z.infer<typeof fleetTrust>;

/** @param fleet the `fleet` command that gets the verb */
export function addFleetTrust(fleet: Command, surroundings: Surroundings): void {
	const trust = fleet
		.command("trust")
		.description("who stops updating by a date: TLS roots, TUF roots and certificates that end")
		.option("--breaks-at <when>", "by then, such as 2027-12-31 or 30d (default 90d)")
		.option("--limit <n>", "at most so many accounts, and things that they rest on (default 100)");
	const shape = { breaksAt: moment(surroundings).optional(), limit: wholeNumber.optional() };
	runAsOperator(trust, surroundings, shape, async ({ api, options, output }) => {
		const path = `/v1/fleet/trust${queryOf({ breaks_at: options.breaksAt, limit: options.limit })}`;
		const found = await api.call("GET", path, "could not ask what updates rest on", fleetTrust);
		output.answer(found, trustLines(found));
		if (found.stopping > 0)
			output.note(`which they are: parapet device list <account> --trust-ends-by ${found.breaks_at}`);
	});
}

function trustLines(found: FleetTrust): string[] {
	const { breaks_at: at, devices, unknown, stopping, anchors, anchors_left_out: leftOut, accounts } = found;
	const rows = anchors.map((one) => [one.ends, describeAnchor(one, found), one.devices, one.stops ? "stop" : null]);
	const stops = accounts.map((one) => [one.account, one.stopping, one.devices]);
	return [
		`by ${at} ${formatCount(stopping)} of ${formatCount(devices)} devices stop updating, if nobody does anything`,
		...(unknown === 0 ? [] : [`of ${formatCount(unknown)} it is not known what they rest on`]),
		`as of ${found.as_of ?? "never: no account has said anything yet"}`,
		...(rows.length === 0 ? [] : ["", ...formatTable(["ENDS", "WHAT", "DEVICES", "BY THEN"], rows)]),
		...(leftOut.anchors === 0 ? [] : [`and ${formatCount(leftOut.anchors)} more (--limit)`]),
		...(stops.length === 0 ? [] : ["", ...formatTable(["ACCOUNT", "STOPPING", "OF DEVICES"], stops)]),
	];
}

function describeAnchor(
	{ anchor, name, version }: FleetTrust["anchors"][number],
	{ tuf_root: newest }: FleetTrust,
): string {
	if (anchor === "tls_root") return `TLS root ${name}`;
	if (anchor !== "tuf_root") return "certificates of devices";
	const isOlder = newest !== null && version !== null && version < newest.version;
	return `TUF root ${version}${isOlder ? `, which takes ${newest.version}` : ""}`;
}
