// Who stops updating by a day, if nobody does anything: which accounts, and which TLS roots, TUF roots and certificates end by then.
import type { z } from "zod";
import type { Anchor } from "../../../fleet/trust-anchors.ts";
import type { anchorBody, stoppingAccountBody } from "../../../routes/operator/fleet/trust-body.ts";
import { Facts, link, Mark, Table, Time } from "../../layout.tsx";
import { beginningOf, Choices, Filters, Pages, pageOf } from "../../lists.tsx";
import { type ConsoleContext, render } from "../../render.tsx";
import { FleetLinks } from "./links.tsx";

type AnchorInUse = z.infer<typeof anchorBody>;
interface Trust {
	readonly breaks_at: string;
	readonly devices: number;
	readonly unknown: number;
	readonly stopping: number;
	readonly tuf_root: { readonly version: number; readonly ends: string } | null;
	readonly anchors: readonly AnchorInUse[];
	readonly anchors_left_out: { readonly anchors: number; readonly devices: number };
	readonly accounts: readonly z.infer<typeof stoppingAccountBody>[];
	readonly as_of: string | null;
}

/** As many as the API tells at once. */
const MOST = "1000";
const PATH = "/console/fleet/trust";
const DAY = 86_400;
const AHEAD = [
	["a month", 30],
	["three months", 90],
	["a year", 365],
] as const;
/** What is to be done before it ends. */
const NEXT: Readonly<Record<Anchor, string>> = {
	tls_root: "see that they have the root of another CA, then deploy a certificate of it",
	tuf_root: "parapet trust rotate: devices take the newer one by themselves",
	certificate: "the devices are to renew theirs",
};

export async function showTrust(c: ConsoleContext): Promise<Response> {
	const asked = c.req.query("breaks_at");
	const trust = await c.var.api.get<Trust>("/v1/fleet/trust", { breaks_at: beginningOf(asked), limit: MOST });
	const by = trust.breaks_at;
	const accounts = pageOf(c, trust.accounts, "accounts");
	const anchors = pageOf(c, trust.anchors, "anchors");
	const { anchors_left_out: leftOut } = trust;
	const { now } = c.env;
	return render(
		c,
		"Who stops updating",
		"fleet",
		<>
			<FleetLinks chosen="who stops updating" />
			<p>
				<Mark tone={trust.stopping > 0 ? "red" : "green"}>
					{trust.stopping} of {trust.devices} devices
				</Mark>{" "}
				stop updating by <Time at={by} />, if nobody does anything.
			</p>
			<Choices
				what="Within"
				of={AHEAD.map(([name, days]) => [name, link(PATH, { breaks_at: dayAt(now + days * DAY) })] as const)}
				chosen={AHEAD.find(([, days]) => dayAt(now + days * DAY) === by.slice(0, 10))?.[0]}
			/>
			<Filters of={[["breaks_at", "By the day", "date"]]} values={{ breaks_at: by.slice(0, 10) }} />
			<Table
				label="Accounts with devices that stop"
				head={["Account", "Stop", "Of its devices", "Next"]}
				empty="No account has a device that stops by then."
				rows={accounts.rows.map(({ account, stopping, devices }) => [
					account,
					<Mark tone="red">{stopping}</Mark>,
					String(devices),
					<a href={link("/console/devices", { account, trust_ends_by: by.slice(0, 10) })}>which they are</a>,
				])}
			/>
			<Pages of={accounts} />
			<h2>What their updates rest on</h2>
			<Table
				label="What updates rest on"
				head={["What", "Ends", "Devices", "Next"]}
				empty="No device has said what its updates rest on."
				rows={anchors.rows.map((one) => [
					nameOf(one, trust),
					<Mark tone={one.stops ? "red" : "plain"}>
						<Time at={one.ends} />
					</Mark>,
					String(one.devices),
					one.stops ? NEXT[one.anchor] : "nothing by then",
				])}
			/>
			<Pages of={anchors} />
			{leftOut.anchors > 0 && (
				<p>
					<Mark tone="amber">{leftOut.anchors} more</Mark> have no place in this list: devices rest on them{" "}
					{leftOut.devices} times. Those that stop by the day are counted above nevertheless.
				</p>
			)}
			<Facts
				of={[
					["Nobody knows of", <Mark tone={trust.unknown > 0 ? "amber" : "green"}>{`${trust.unknown} devices`}</Mark>],
					[
						"The service's TUF root",
						trust.tuf_root === null ? (
							"none"
						) : (
							<>
								{trust.tuf_root.version} until <Time at={trust.tuf_root.ends} />
							</>
						),
					],
					["Counted", trust.as_of === null ? "no account has told its numbers yet" : <Time at={trust.as_of} />],
				]}
			/>
			{trust.unknown > 0 && (
				<p>
					Devices of which nobody knows have not said what they rest on, or too few rest on the same: they are counted
					neither as stopping nor as well.
				</p>
			)}
		</>,
	);
}

function nameOf({ anchor, name, version }: AnchorInUse, { tuf_root: newest }: Trust): string {
	if (anchor === "tls_root") return `TLS root ${name}`;
	if (anchor === "certificate") return "certificates of devices";
	const isOlder = newest !== null && version !== null && version < newest.version;
	return `TUF root ${version}${isOlder ? `, which takes ${newest.version}` : ""}`;
}

/** @param seconds unix */
function dayAt(seconds: number): string {
	return new Date(seconds * 1_000).toISOString().slice(0, 10);
}
