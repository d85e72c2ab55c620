// What a release says of itself, as a line for whoever is to approve it.
import { z } from "zod";
import { formatBytes } from "../terminal/output.ts";
import { describeRequires, requiresAnswer } from "./requires-option.ts";

const facts = z.looseObject({
	classes: z.array(z.string()).nullish(),
	impact: z.string().nullish(),
	footprint: z.record(z.string(), z.number().optional()).nullish(),
	requires: requiresAnswer,
});

/** @param release as the service lists it @returns one line; none where it says nothing */
export function factLines(release: unknown): string[] {
	const read = facts.safeParse(release);
	if (!read.success) return [];
	const { classes, impact, footprint, requires } = read.data;
	const required = describeRequires(requires);
	const takes = Object.entries(footprint ?? {}).flatMap(([what, bytes]) =>
		bytes === undefined ? [] : [`${what} ${formatBytes(bytes)}`],
	);
	const said = [
		...(classes == null || classes.length === 0 ? [] : [`changes ${classes.join(" and ")}`]),
		...(impact == null ? [] : [`interrupts: ${impact}`]),
		...(takes.length === 0 ? [] : [`takes ${takes.join(", ")}`]),
		...(required === undefined ? [] : [`requires ${required}`]),
	];
	return said.length === 0 ? [] : [`  ${said.join("; ")}`];
}
