// What a release requires of other products, as people type it and as they are shown it: `base>=4.26`, `base>=4.26,<=5`, `base=4.26`, `base`.
import { z } from "zod";
import { describeRequirement, type Requirement, requirements } from "../../src/content/requires/requires.ts";
import type { Blocker, Holder } from "../firewall/wire-types.ts";

export const REQUIRES_HELP =
	"what devices must have of another product: base>=4.26, base>=4.26,<=5, base=4.26, or base for any version; may be repeated";

const FORM = /^([a-z][a-z0-9-]*)(?:=([^<>=,]+)|(?:>=([^<>=,]+))?,?(?:<=([^<>=,]+))?)$/;

/** `--requires`, given once or more often. */
export const requiresOption = z
	.array(z.string())
	.transform((given, context) =>
		given.map((text) => {
			const [, product, exactly, min, max] = FORM.exec(text.replaceAll(" ", "")) ?? [];
			if (product !== undefined && !text.endsWith(","))
				return { product, ...(exactly && { exactly }), ...(min && { min }), ...(max && { max }) };
			context.addIssue({
				code: "custom",
				message: `${text} is not PRODUCT>=VERSION, PRODUCT<=VERSION or PRODUCT=VERSION`,
			});
			return z.NEVER;
		}),
	)
	.pipe(requirements);

export const requiresAnswer = z
	.array(
		z.object({
			product: z.string(),
			min: z.string().optional(),
			max: z.string().optional(),
			exactly: z.string().optional(),
		}),
	)
	.nullish();

/** @returns what is required in one line; undefined for nothing */
export function describeRequires(requires: readonly Requirement[] | null | undefined): string | undefined {
	return requires == null || requires.length === 0 ? undefined : requires.map(describeRequirement).join("; ");
}

/** Of `blocked_by`, see docs/protocol.md. */
const REASONS: Readonly<Record<string, string>> = {
	not_named: "which was not asked about: `parapet device explain` says whether it may have it",
	not_entitled: "which no license lets it have",
	withdrawn: "which was withdrawn",
	halted: "whose rollout is halted",
	not_released: "which is not released",
	put_off: "which its account's rules put off",
	not_offered: "which has not come to it",
};

/** @returns a line for each */
export function describeBlocked(blocked: readonly Blocker[] | null | undefined): string[] {
	return (blocked ?? []).map(({ version, installed, reason, ...requirement }) => {
		const has = installed === null ? "has none" : `has ${installed}`;
		return `${version} requires ${describeRequirement(requirement)}, ${REASONS[reason] ?? reason} (${has})`;
	});
}

/** @returns a line for each */
export function describeHeld(held: readonly Holder[] | null | undefined): string[] {
	return (held ?? []).map(
		({ version, product, installed, requires }) =>
			`${version} is held back by ${product} ${installed}, which stays and requires ${describeRequirement(requires)}`,
	);
}

/** @returns both below headings, as explanations have them */
export function lacksLines({ blocked_by: blocked, held_by: held }: Waits): string[] {
	return [...underHeading("lacks", describeBlocked(blocked)), ...underHeading("held back", describeHeld(held))];
}

interface Waits {
	readonly blocked_by?: readonly Blocker[] | null | undefined;
	readonly held_by?: readonly Holder[] | null | undefined;
}

function underHeading(heading: string, lines: readonly string[]): string[] {
	return lines.map((line, index) => `${index === 0 ? heading : ""}`.padEnd(13) + line);
}
