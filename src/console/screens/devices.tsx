// The devices of an account: search and filters are those of the API, in the address; on each page those that need somebody come first.
import type { z } from "zod";
import { REPORTED } from "../../rollout/lease.ts";
import type { deviceBody } from "../../routes/operator/devices/device-body.ts";
import { link, Mark, Table, Time, type Tone } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { accountSeen, chooseAccount, devicePage } from "./choose.tsx";

export type Device = z.infer<typeof deviceBody>;

const PAGE = "50";
const FILTERS = [
	["serial_prefix", "Serial begins with"],
	["model", "Model"],
	["license", "License"],
	["label", "Labels, as site=berlin"],
	["product", "Product"],
	["installed", "Version installed"],
	["reason", "Reason of a failure"],
] as const;
const CHOICES = [
	["status", "Status", ["active", "suspended", "revoked", "deactivated"]],
	["outcome", "Last outcome", REPORTED],
] as const;
const SILENCES = [
	["", "any"],
	["86400", "a day"],
	["259200", "three days"],
	["604800", "a week"],
] as const;
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
	if (account === null) return chooseAccount(c, "Devices", "devices");
	const { after, account: _, ...filters } = c.req.query();
	const path = `/v1/accounts/${encodeURIComponent(account)}/devices`;
	const page = await c.var.api.get<{ devices: Device[]; next: string | null }>(path, {
		...filters,
		after,
		limit: PAGE,
	});
	const devices = page.devices
		.map((device) => ({ device, ...stateOf(device) }))
		.toSorted((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
	return render(
		c,
		"Devices",
		"devices",
		<>
			<p>
				Of <code>{account}</code>.{" "}
				{[
					["those that failed", { outcome: "failed" }],
					["silent for a day", { silent_for: "86400" }],
					["suspended", { status: "suspended" }],
					["all", {}],
				].map(([name, query]) => (
					<>
						<a href={link("/console/devices", { account, ...(query as Record<string, string>) })}>
							{name as string}
						</a>{" "}
					</>
				))}
			</p>
			<form method="get" class="filters">
				<input type="hidden" name="account" value={account} />
				{FILTERS.map(([name, title]) => (
					<label>
						{title}
						<input name={name} value={filters[name] ?? ""} />
					</label>
				))}
				{CHOICES.map(([name, title, values]) => (
					<label>
						{title}
						<select name={name}>
							{["", ...values].map((value) => (
								<option value={value} selected={value === (filters[name] ?? "")}>
									{value || "any"}
								</option>
							))}
						</select>
					</label>
				))}
				<label>
					Silent for
					<select name="silent_for">
						{SILENCES.map(([value, title]) => (
							<option value={value} selected={value === (filters["silent_for"] ?? "")}>
								{title}
							</option>
						))}
					</select>
				</label>
				<button type="submit">Search</button>
			</form>
			<Table
				label="Devices"
				head={["Device", "State", "Serial", "Model", "Installed", "Last outcome", "Seen"]}
				empty="No device of this page fits."
				rows={devices.map(({ device, tone, word }) => [
					<a href={devicePage(device.device)}>{device.device}</a>,
					<Mark tone={tone}>{word}</Mark>,
					device.serial,
					device.model,
					device.products.map(({ product, installed }) => `${product} ${installed ?? "–"}`).join(", ") || "–",
					device.products.map(({ outcome, reason }) => [outcome, reason].filter(Boolean).join(": ")).join(", ") || "–",
					<Time at={device.seen_at} />,
				])}
			/>
			{page.next !== null && (
				<a href={link("/console/devices", { account, ...filters, after: page.next })}>Next page</a>
			)}
		</>,
	);
}
