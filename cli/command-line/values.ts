// Values of options as people type them.
import { z } from "zod";
import type { Surroundings } from "../terminal/output.ts";
import { MOMENT_FORMS, parseMoment, parseSpan } from "./moment.ts";

/** `a,b,c` or an option given several times. */
export const commaList = z.union([z.string(), z.array(z.string())]).transform((given) =>
	[given]
		.flat()
		.flatMap((text) => text.split(","))
		.map((text) => text.trim())
		.filter((text) => text !== ""),
);

/** A whole number as typed. */
export const wholeNumber = z
	.string()
	.regex(/^\d{1,15}$/, "a whole number from 0 on is expected")
	.transform(Number);

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9 };

/** A number of bytes as typed: `1500000`, `1.5M` or `40MB`. */
export const bytes = z.string().transform((text, context) => {
	const [, number, unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?) ?(?:([kMG])?B?)$/.exec(text) ?? [];
	if (number !== undefined) return Math.round(Number(number) * (UNITS[unit] ?? 1));
	context.addIssue({ code: "custom", message: "not a number of bytes; use 1500000, 1.5M or 40MB" });
	return z.NEVER;
});

/** A part of all, as typed: `0.1` or `10%`; becomes a number above 0, up to 1. */
export const fraction = z.string().transform((text, context) => {
	const [, digits, percent] = /^(\d{1,3}(?:\.\d{1,9})?)(?: ?(%))?$/.exec(text) ?? [];
	const part = digits === undefined ? 0 : Number(digits) / (percent === undefined ? 1 : 100);
	if (part > 0 && part <= 1) return part;
	context.addIssue({ code: "custom", message: "a part of all: from above 0 up to 1, or 10%" });
	return z.NEVER;
});

/** `key=value` pairs, comma-separated or given several times. */
export const pairs = commaList.transform((entries, context) => {
	const found: Record<string, string> = {};
	for (const entry of entries) {
		const at = entry.indexOf("=");
		const key = entry.slice(0, at);
		const refuse = (message: string) => context.addIssue({ code: "custom", message });
		if (at < 1) refuse(`${entry} is not KEY=VALUE`);
		// Or it would be lost without a word: objects take it for what they inherit from.
		else if (key === "__proto__") refuse(`${key} is no key`);
		else if (Object.hasOwn(found, key)) refuse(`${key} is given twice`);
		else found[key] = entry.slice(at + 1);
	}
	return found;
});

/** A point in time as typed; becomes RFC 3339. */
export function moment(surroundings: Surroundings) {
	return z.string().transform((text, context) => {
		const parsed = parseMoment(text, surroundings.nowMs());
		if (parsed !== undefined) return parsed;
		context.addIssue({ code: "custom", message: `not a time; use ${MOMENT_FORMS}` });
		return z.NEVER;
	});
}

/** A point in time as typed that is not over yet; becomes RFC 3339. @param what such as "a freeze that is over holds nothing up" */
export function comingMoment(surroundings: Surroundings, what: string) {
	return moment(surroundings).refine((time) => Date.parse(time) > surroundings.nowMs(), `is over: ${what}`);
}

/** The `comingMoment` of a rollout says this. */
export const START_NOW = "leave --at out where it may start at once";

/** A length of time as typed; becomes seconds. */
export const span = z.string().transform((text, context) => {
	const seconds = parseSpan(text);
	if (seconds !== undefined && seconds > 0) return seconds;
	context.addIssue({ code: "custom", message: "not a length of time; use 90m, 12h, 30d or 4w" });
	return z.NEVER;
});

/** commander collects a repeated option with this. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
	return [...(previous ?? []), value];
}
