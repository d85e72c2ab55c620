// The devices of an account: search and filters are those of the API, in the address; on each page those that need somebody come first.
import type { Child } from "hono/jsx";
import type { z } from "zod";
import { OUTCOME_REASON_NAMES } from "../../fleet/outcome-reason.ts";
import { REPORTED } from "../../rollout/lease.ts";
import type { deviceBody } from "../../routes/operator/devices/device-body.ts";
import { link, Mark, Table, Time, type Tone } from "../layout.tsx";
import { beginningOf, Choices, choicesOf, cursorPage, type Filter, Filters, Pages, silentFor } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { accountSeen, chooseAccount, devicePage } from "./choose.tsx";

export type Device = z.infer<typeof deviceBody>;
interface Found {
	readonly devices: readonly Device[];
	readonly next: string | null;
}

const PAGE = "50";
const CHOOSE = ["Devices", "devices", "/console/devices"] as const;
const FILTERS: readonly Filter[] = [
	["serial_prefix", "Serial begins with"],
	["model", "Model"],
	["license", "License"],
	["label", "Labels, as site=berlin"],
	["product", "Product"],
	["installed", "Version installed, or its beginning, as 4.26*"],
	["reason", "Reason of a failure", choicesOf(OUTCOME_REASON_NAMES)],
	["status", "Status", choicesOf(["active", "suspended", "revoked", "deactivated"])],
	["outcome", "Last outcome", choicesOf(REPORTED)],
	[
		"silent_for",
		"Silent for",
		[
			["86400", "a day"],
			["259200", "three days"],
			["604800", "a week"],
		],
	],
	["not_seen_since", "Not seen since the day", "date"],
	["trust_ends_by", "Stops updating by the day", "date"],
];
const TONES: readonly Tone[] = ["red", "amber", "green", "plain"];

/** @returns how urgent it is, and why in a word */
export function stateOf({ status, has_seat, problem, products, seen_at }: Device): { tone: Tone; word: string } {
	if (status === "suspended") return { tone: "amber", word: "suspended" };
	if (status !== "active") return { tone: "plain", word: status };
	if (products.some(({ outcome }) => outcome === "failed" || outcome === "rolled_back"))
		return { tone: "red", word: "failed" };
	if (!has_seat) return { tone: "red", word: "without a seat" };
	if (problem !== null) return { tone: "amber", word: problem };
	return seen_at === null ? { tone: "amber", word: "never seen" } : { tone: "green", word: "active" };
}

export async function showDevices(c: ConsoleContext): Promise<Response> {
	const account = accountSeen(c);
	if (account === null) return c.req.query("serial") ? findBySerial(c) : chooseAccount(c, ...CHOOSE, serialSearch(c));
	const { after, account: _, not_seen_since: day, ...filters } = c.req.query();
	const path = `/v1/accounts/${encodeURIComponent(account)}/devices`;
	const trustEnds = beginningOf(filters["trust_ends_by"]);
	const silence = silentFor(day, c.env.now) ?? filters["silent_for"];
	const asked = { ...filters, silent_for: silence, trust_ends_by: trustEnds, after, limit: PAGE };
	const found = await c.var.api.get<Found>(path, asked);
	const page = cursorPage(c, found.devices, found.next);
	const list = (query: Readonly<Record<string, string>>) => link("/console/devices", { account, ...query });
	return render(
		c,
		"Devices",
		"devices",
		<>
			<Choices
				what={`Of ${account}`}
				of={[
					["those that failed", list({ outcome: "failed" })],
					["silent for a day", list({ silent_for: "86400" })],
					["suspended", list({ status: "suspended" })],
					["of which two copies live", link("/console/devices/forks", { account })],
					["all", list({})],
				]}
			/>
			<Filters of={FILTERS} values={{ ...filters, not_seen_since: day }} kept={{ account }} />
			<DeviceTable devices={page.rows} empty="No device of this page fits." />
			<Pages of={page} />
		</>,
	);
}

/** Of whatever account, for who may see all of them. */
async function findBySerial(c: ConsoleContext): Promise<Response> {
	const { serial, after } = c.req.query();
	const found = await c.var.api.get<Found>("/v1/devices", { serial, after });
	const page = cursorPage(c, found.devices, found.next);
	return render(
		c,
		"Devices",
		"devices",
		<>
			{serialSearch(c)}
			<DeviceTable devices={page.rows} empty="No account has a device with this serial number." />
			<Pages of={page} />
		</>,
	);
}

function serialSearch(c: ConsoleContext): Child {
	return c.var.view.seesAll && <Filters of={[["serial", "Serial number, of any account"]]} values={c.req.query()} />;
}

/** Those that need somebody first. */
function DeviceTable({ devices, empty }: { devices: readonly Device[]; empty: string }) {
	const judged = devices
		.map((device) => ({ device, ...stateOf(device) }))
		.toSorted((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
	return (
		<Table
			label="Devices"
			head={["Device", "State", "Serial", "Model", "Installed", "Last outcome", "Seen"]}
			empty={empty}
			rows={judged.map(({ device, tone, word }) => [
				<a href={devicePage(device.device)}>{device.device}</a>,
				<Mark tone={tone}>{word}</Mark>,
				device.serial,
				device.model,
				device.products.map(({ product, installed }) => `${product} ${installed ?? "–"}`).join(", ") || "–",
				device.products.map(({ outcome, reason }) => [outcome, reason].filter(Boolean).join(": ")).join(", ") || "–",
				<Time at={device.seen_at} />,
			])}
		/>
	);
}
