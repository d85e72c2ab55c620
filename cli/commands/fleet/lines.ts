// The fleet's numbers as lines for people: bars for shares, a curve for each release.
import { z } from "zod";
import { formatCount, formatTable } from "../../terminal/output.ts";

const counted = z.array(z.looseObject({ value: z.string().nullable(), devices: z.number() }));
export const fleetNumbers = z.looseObject({
	devices: z.record(z.string(), z.number()),
	products: z.array(
		z.looseObject({
			...{ product: z.string(), devices: z.number(), versions: counted, outcomes: counted },
			...{ models: counted, countries: counted },
		}),
	),
	silent: z.array(z.looseObject({ hours: z.number(), devices: z.number() })),
	licenses: z.array(z.looseObject({ kind: z.string(), licenses: z.number(), seats: z.number(), taken: z.number() })),
	/** of one account alone: of the whole fleet they are a list of their own */
	problems: z
		.array(
			z.looseObject({
				...{ product: z.string(), version: z.string().nullable(), country: z.string().nullable() },
				...{ outcome: z.string(), reason: z.string().nullable(), devices: z.number() },
			}),
		)
		.default([]),
	as_of: z.string().nullable(),
});
export const adoption = z.looseObject({
	product: z.string(),
	devices: z.number(),
	releases: z.array(
		z.looseObject({
			...{ version: z.string(), released_at: z.string(), devices: z.number() },
			protected_after: z.looseObject({
				...{ p50: z.number().nullable(), p90: z.number().nullable(), p99: z.number().nullable() },
			}),
			points: z.array(z.looseObject({ at: z.string(), devices: z.number() })),
		}),
	),
	as_of: z.string().nullable(),
});

const BAR = 24;
const ROWS = 8;
const CURVE = "▁▂▃▄▅▆▇█";
const CURVE_LENGTH = 24;

/** @param nowMs unix ms, to say how old the numbers are */
export function fleetLines(fleet: z.infer<typeof fleetNumbers>, nowMs: number): string[] {
	const statuses = Object.entries(fleet.devices).map(([status, count]) => `${formatCount(count)} ${status}`);
	const silent = fleet.silent.map(({ hours, devices }) => `${formatCount(devices)} for ${hours} h`);
	const licenses = fleet.licenses.map(
		({ kind, licenses: count, seats, taken }) =>
			`${formatCount(count)} ${kind}, ${formatCount(taken)} of ${formatCount(seats)} seats taken`,
	);
	return [
		`devices   ${statuses.join(", ") || "none"}`,
		`silent    ${silent.join(", ")}`,
		`licenses  ${licenses.join("; ") || "none"}`,
		ageLine(fleet.as_of, nowMs),
		...fleet.products.flatMap(({ product, devices, versions, outcomes, countries, models }) => [
			"",
			`${product}: ${formatCount(devices)} devices`,
			...bars(versions, devices, "nothing"),
			`  outcomes   ${inline(outcomes, "none yet")}`,
			`  models     ${inline(models, "not known")}`,
			`  countries  ${inline(countries, "not known")}`,
		]),
		...problemLines(fleet.problems),
	];
}

function problemLines(problems: z.infer<typeof fleetNumbers>["problems"]): string[] {
	if (problems.length === 0) return [];
	const rows = problems
		.slice(0, ROWS)
		.map(({ devices, product, version, country, outcome, reason }) => [
			...[devices, product, version, country, outcome, reason],
		]);
	const head = ["DEVICES", "PRODUCT", "VERSION", "COUNTRY", "OUTCOME", "REASON"];
	return ["", "why last updates did not take place", ...formatTable(head, rows)];
}

export function adoptionLines(found: z.infer<typeof adoption>, nowMs: number): string[] {
	const rows = found.releases
		.slice(0, 20)
		.map(({ version, released_at, devices, protected_after: after, points }) => [
			...[version, released_at, devices, share(devices, found.devices)],
			...[after.p50, after.p90, after.p99].map((seconds) => (seconds === null ? null : duration(seconds))),
			curve(points.map((point) => point.devices)) || null,
		]);
	return [
		`${found.product}: ${formatCount(found.devices)} devices`,
		ageLine(found.as_of, nowMs),
		...formatTable(["RELEASE", "RELEASED", "DEVICES", "SHARE", "50 %", "90 %", "99 %", "ADOPTION"], rows),
		"50 %, 90 %, 99 %: after so long so many devices had it or a newer one",
	];
}

function ageLine(asOf: string | null, nowMs: number): string {
	if (asOf === null) return "as of     no account has said anything yet";
	const seconds = Math.max(0, Math.round((nowMs - Date.parse(asOf)) / 1_000));
	return `as of     ${asOf} (${duration(seconds)} ago)`;
}

function bars(items: z.infer<typeof counted>, all: number, unknown: string): string[] {
	const shown = items.slice(0, ROWS);
	const width = Math.max(...shown.map(({ value }) => (value ?? unknown).length), 0);
	const lines = shown.map(({ value, devices }) => {
		const filled = all === 0 ? 0 : Math.max(1, Math.round((devices / all) * BAR));
		const bar = "█".repeat(filled).padEnd(BAR);
		return `  ${(value ?? unknown).padEnd(width)}  ${bar} ${share(devices, all).padStart(6)}  ${formatCount(devices)}`;
	});
	const rest = items.slice(ROWS).reduce((sum, { devices }) => sum + devices, 0);
	return rest === 0 ? lines : [...lines, `  and ${items.length - ROWS} more: ${formatCount(rest)}`];
}

function inline(items: z.infer<typeof counted>, unknown: string): string {
	const shown = items.slice(0, ROWS).map(({ value, devices }) => `${value ?? unknown} ${formatCount(devices)}`);
	return `${shown.join(", ")}${items.length > ROWS ? ", …" : ""}`;
}

function share(part: number, all: number): string {
	return all === 0 ? "-" : `${((100 * part) / all).toFixed(1)} %`;
}

function curve(values: readonly number[]): string {
	const most = Math.max(...values, 1);
	const step = Math.max(1, values.length / CURVE_LENGTH);
	const picked = Array.from(
		{ length: Math.min(values.length, CURVE_LENGTH) },
		(_, at) => values[Math.floor(at * step)] ?? 0,
	);
	return picked.map((value) => CURVE[Math.round((value / most) * (CURVE.length - 1))]).join("");
}

function duration(seconds: number): string {
	if (seconds < 120) return `${seconds} s`;
	if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
	return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}
