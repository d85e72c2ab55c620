// Devices and their state as lines for people, and as CSV for spreadsheets.
import { z } from "zod";
import { csvLine } from "../../../terminal/csv.ts";
import { formatTable } from "../../../terminal/output.ts";
import { describeTrust, deviceTrust } from "./trust.ts";

type Item = Readonly<Record<string, unknown>>;

const productStates = z.array(z.looseObject({ product: z.string() })).catch([]);
const labelsOf = (item: Item) =>
	Object.entries(z.record(z.string(), z.string()).catch({}).parse(item["labels"]))
		.map(([key, value]) => `${key}=${value}`)
		.join(" ");

export const deviceHead = ["DEVICE", "STATUS", "SEAT", "MODEL", "SERIAL", "LICENSE", "SEEN", "RUNS", "LAST OUTCOME"];

export function deviceRow(item: Item): readonly unknown[] {
	const products = productStates.parse(item["products"]);
	const runs = products.map((one) => `${one.product}@${one["installed"] ?? "-"}`).join(" ");
	const outcomes = products.filter((one) => typeof one["outcome"] === "string").map(formatOutcome);
	return [
		...[item["device"], item["status"], item["has_seat"] === true ? "yes" : "no", item["model"], item["serial"]],
		...[item["license"], item["seen_at"] ?? "never", runs || null, outcomes.join("; ") || null],
	];
}

/** @returns a device as its list of facts, and a table of its products */
export function deviceLines(item: Item): string[] {
	const problem = item["problem"] == null ? "none" : `${item["problem"]} at ${item["problem_at"]}`;
	const facts: [string, unknown][] = [
		["status", `${item["status"]}${item["has_seat"] === true ? "" : ", without a seat"}`],
		["serial", item["serial"]],
		["model", item["model"]],
		["engine", item["engine"] ?? "not said yet"],
		["license", item["license"]],
		["labels", labelsOf(item) || "none"],
		["HA group", item["ha_group"] ?? "none"],
		["seen", item["seen_at"] ?? "never"],
		["where", [item["country"], item["colo"]].filter((one) => typeof one === "string").join(", ") || "not known"],
		["problem", problem],
		["rests on", describeTrust(deviceTrust.parse(item["trust"]))],
	];
	const rows = productStates
		.parse(item["products"])
		.map((one) => [
			...[one.product, one["installed"], one["offered"]],
			...[
				one["permitted_at"],
				one["outcome"] == null ? null : formatOutcome(one),
				one["outcome_at"],
				one["changed_at"],
			],
		]);
	return [
		String(item["device"]),
		...facts.map(([name, value]) => `  ${name.padEnd(9)} ${value}`),
		...formatTable(["PRODUCT", "INSTALLED", "OFFERED", "LAST PERMIT", "LAST OUTCOME", "AT", "AS OF"], rows),
	];
}

function formatOutcome(one: Item): string {
	const why = [one["reason"], one["detail"]].filter((word) => typeof word === "string").join(", ");
	return `${one["outcome"]} ${one["outcome_version"]}${why && ` (${why})`}`;
}

const OF_DEVICE = [
	...(["device", "serial", "model", "status", "license", "ha_group", "has_seat", "seen_at"] as const),
	...(["engine", "country", "problem"] as const),
];
const OF_PRODUCT = [
	"product",
	"installed",
	"offered",
	"permitted_at",
	"outcome",
	"outcome_version",
	"outcome_at",
	"reason",
	"detail",
];

/** @returns lines of CSV (RFC 4180), with a head: one for each device and product, one for a device that never said anything */
export function deviceCsv(items: readonly Item[]): string[] {
	const rows = items.flatMap((item) => {
		const products = productStates.parse(item["products"]);
		const own = [...OF_DEVICE.map((name) => item[name]), labelsOf(item)];
		return (products.length === 0 ? [{}] : products).map((one: Item) => [
			...own,
			...OF_PRODUCT.map((name) => one[name]),
		]);
	});
	return [csvLine([...OF_DEVICE, "labels", ...OF_PRODUCT]), ...rows.map(csvLine)];
}
