// Licenses and seats of an account: those that are over, full or about to end come first.
import { Chart } from "../chart.tsx";
import { Facts, link, Mark, segment, Table, Time, type Tone } from "../layout.tsx";
import { choicesOf, Filters, Pages, pageOf } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { accountSeen, chooseAccount } from "./choose.tsx";

interface Usage {
	readonly license: string;
	readonly status: string;
	readonly kind: string;
	readonly seats: number;
	readonly taken: number;
	readonly free: number;
	readonly over: number;
	readonly ends: readonly { ends_at: string; days_left: number | null; products: readonly string[] }[];
	readonly refused_last_day: number;
	readonly overage: string;
	readonly taken_by_ha_groups: number;
	readonly devices: Readonly<Record<string, number>>;
	readonly peaks: readonly { day: string; taken: number }[];
}

const SOON_DAYS = 30;
const TONES: readonly Tone[] = ["red", "amber", "green", "plain"];

function stateOf({ status, over, free, ends, refused_last_day: refused }: Usage): {
	tone: Tone;
	word: string;
	next: string;
} {
	if (status === "revoked") return { tone: "plain", word: "revoked", next: "nothing: it has ended for good" };
	if (status !== "active")
		return { tone: "red", word: status, next: "parapet license reinstate, once the reason is gone" };
	if (ends.some(({ days_left: left }) => left === null))
		return { tone: "red", word: "ended", next: "renew it: parapet license change --ends" };
	if (over > 0) return { tone: "red", word: `${over} over`, next: "more seats, or free some" };
	if (refused > 0) return { tone: "red", word: "seats refused", next: "more seats: devices were refused within a day" };
	if (ends.some(({ days_left: left }) => (left ?? 0) <= SOON_DAYS))
		return { tone: "amber", word: "ends soon", next: "renew it" };
	if (free === 0) return { tone: "amber", word: "full", next: "more seats, before a device needs one" };
	return { tone: "green", word: "in force", next: "nothing" };
}

export async function showLicenses(c: ConsoleContext): Promise<Response> {
	const account = accountSeen(c);
	if (account === null) return chooseAccount(c, "Licenses and seats", "licenses");
	const { licenses } = await c.var.api.get<{ licenses: Usage[] }>(`/v1/accounts/${encodeURIComponent(account)}/usage`);
	const { status, kind } = c.req.query();
	const judged = licenses
		.filter((one) => (!status || one.status === status) && (!kind || one.kind === kind))
		.map((usage) => ({ usage, ...stateOf(usage) }))
		.toSorted((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
	const list = pageOf(c, judged, "licenses");
	return render(
		c,
		"Licenses and seats",
		"licenses",
		<>
			<p>
				Of <code>{account}</code>.
			</p>
			<Filters
				of={[
					["status", "Status", choicesOf(["active", "suspended", "revoked"])],
					["kind", "Kind", choicesOf(["fixed", "elastic"])],
				]}
				values={{ status, kind }}
				kept={{ account }}
			/>
			<Table
				label="Licenses"
				head={["License", "State", "Kind", "Taken", "Seats", "Most in 30 days", "Refused within a day", "Ends", "Next"]}
				empty="The account has no license."
				rows={list.rows.map(({ usage, tone, word, next }) => [
					<a href={link(`/console/licenses/${segment(usage.license)}`, { account })}>{usage.license}</a>,
					<Mark tone={tone}>{word}</Mark>,
					usage.kind,
					String(usage.taken),
					String(usage.seats),
					String(Math.max(usage.taken, ...usage.peaks.map(({ taken }) => taken))),
					String(usage.refused_last_day),
					usage.ends.map(({ ends_at, products }) => (
						<>
							<Time at={ends_at} /> ({products.join(", ")}){" "}
						</>
					)),
					next,
				])}
			/>
			<Pages of={list} />
		</>,
	);
}

/** One license: its seats over ninety days, its devices and its ends. */
export async function showLicense(c: ConsoleContext): Promise<Response> {
	const account = accountSeen(c);
	if (account === null) return chooseAccount(c, "Licenses and seats", "licenses");
	const id = c.req.param("license") ?? "";
	const path = `/v1/accounts/${encodeURIComponent(account)}/licenses/${segment(id)}/usage`;
	const usage = await c.var.api.get<Usage>(path, { days: "90" });
	const { tone, word, next } = stateOf(usage);
	return render(
		c,
		usage.license,
		"licenses",
		<>
			<p>
				<Mark tone={tone}>{word}</Mark>: {next}.
			</p>
			<Facts
				of={[
					["Account", <a href={link("/console/licenses", { account })}>{account}</a>],
					["Kind", usage.kind],
					["Seats", String(usage.seats)],
					["Taken", `${usage.taken}, ${usage.taken_by_ha_groups} of them by HA groups`],
					["Free", String(usage.free)],
					["Refused within a day", String(usage.refused_last_day)],
					["Where more are wanted", usage.overage],
					...Object.entries(usage.devices).map(([status, count]) => {
						const devices = link("/console/devices", { account, license: id, status });
						return [`Devices ${status}`, <a href={devices}>{count}</a>] as const;
					}),
				]}
			/>
			<Table
				label="Ends"
				head={["Ends", "Days left", "Products"]}
				empty="It does not end."
				rows={usage.ends.map(({ ends_at, days_left, products }) => [
					<Time at={ends_at} />,
					days_left === null ? <Mark tone="red">over</Mark> : String(days_left),
					products.join(", "),
				])}
			/>
			<Chart
				label="Most seats taken on each day"
				times={usage.peaks.map(({ day }) => Date.parse(day) / 1_000)}
				lines={[
					{ name: "taken", values: usage.peaks.map(({ taken }) => taken) },
					{ name: "seats", values: usage.peaks.map(() => usage.seats) },
				]}
			/>
			<Table
				label="Peaks"
				head={["Day", "Most seats taken"]}
				empty="No day has passed yet."
				rows={usage.peaks.toReversed().map(({ day, taken }) => [day, String(taken)])}
			/>
		</>,
	);
}
