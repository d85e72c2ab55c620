// What to write in a field of a file, from the schema of the file: what the field takes, and what it is for.
import { z } from "zod";
import { nearestName } from "../../src/nearest-name.ts";

/** As far as it is read here of a JSON Schema, which zod writes. */
export interface FieldSchema {
	readonly type?: string;
	readonly description?: string;
	readonly const?: unknown;
	readonly enum?: readonly unknown[];
	readonly minimum?: number;
	readonly maximum?: number;
	readonly exclusiveMinimum?: number;
	readonly exclusiveMaximum?: number;
	readonly required?: readonly string[];
	readonly properties?: Readonly<Record<string, FieldSchema>>;
	readonly additionalProperties?: FieldSchema | boolean;
	readonly items?: FieldSchema;
	readonly anyOf?: readonly FieldSchema[];
	readonly oneOf?: readonly FieldSchema[];
}

/** What concerns several fields at once has its own advice: by what is said of them. */
const FIXES: readonly (readonly [said: RegExp, fix: string])[] = [
	[/^each fraction is larger/, "make it larger than the fraction of the step before, or put the steps in their order"],
	[/^each number of units is larger/, "make it larger than that of the step before, or put the steps in their order"],
	[/^numbers of units come before/, "put this step before the first one with a fraction"],
	[/^the gate can never pass/, "give the step more units, or have its gate ask for less"],
	[/^the last step is for everybody/, 'end with a step whose cohort is {"fraction": 1}'],
	[/^two steps are called/, "give one of them another name"],
	[/\(p1\) is more than/, "raise p1 above p0"],
	[/^alpha and beta together/, "lower one of them: 0.01 is usual"],
	[/^this is a built-in plan/, "give your plan another name, or the name in the place of the file"],
	[/^a window is open for 15 minutes/, "have it end 15 minutes after it begins, or later"],
	[/^a freeze ends after it begins/, 'put it after `from` and within a year of it; for good: "hold": true'],
	[/^a time of day is HH:MM/, 'write it as "22:00"'],
	[/^a time zone has its IANA name/, 'write it as "Europe/Zurich"'],
	[/^a device looks like/, "copy its id from `parapet device list`"],
	[/^one label at least/, 'name a label, as {"site": "berlin"}; for every device leave out `for`'],
	[/^at most \d+ (?!characters)/, "take out what is not needed"],
];

/**
 * @param reason what is wrong with the field, in words
 * @param schema of the field; undefined = nothing is known of it
 */
export function fixOfField(reason: string, schema: FieldSchema | undefined): string {
	const own = FIXES.find(([said]) => said.test(reason))?.[1];
	if (own !== undefined) return own;
	const wanted = schema === undefined ? "" : describe(schema);
	if (reason === "missing") return wanted === "" ? "add it" : `add it: ${wanted}`;
	// The form of a text is what the reason says.
	if (schema?.type === "string" && schema.enum === undefined && !reason.endsWith("is expected")) return "write it so";
	return wanted === "" ? "correct it" : `write ${wanted}`;
}

/** @param parent the schema of what has the field */
export function fixOfUnknownField(name: string, parent: FieldSchema | undefined): string {
	const known = parent === undefined ? [] : fieldsOf(parent);
	const meant = nearestName(
		name.replaceAll("_", "").toLowerCase(),
		known.map((one) => plain(one)),
	);
	const field = known.find((one) => plain(one) === meant);
	if (field !== undefined) return `call it ${field}, if that is meant; else take it out`;
	return known.length === 0 ? "take it out" : `take it out; there are ${known.join(", ")}`;
}

function plain(name: string): string {
	return name.replaceAll("_", "").toLowerCase();
}

/** @returns what a schema of ours takes, as it is read here */
export function fieldSchemaOf(schema: z.ZodType): FieldSchema {
	return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as FieldSchema;
}

/** @returns the schema of what is at the path, a choice where forms differ in it; undefined where nothing is known of it */
export function schemaAt(schema: FieldSchema, path: readonly PropertyKey[]): FieldSchema | undefined {
	const [step, ...rest] = path;
	if (step === undefined) return schema;
	const found = new Map<string, FieldSchema>();
	for (const branch of branchesOf(schema)) {
		const { additionalProperties: others } = branch;
		const named = branch.properties?.[String(step)] ?? (typeof others === "object" ? others : undefined);
		const next = typeof step === "number" ? branch.items : named;
		const inner = next === undefined ? undefined : schemaAt(next, rest);
		if (inner !== undefined) found.set(JSON.stringify(inner), inner);
	}
	const [only, ...more] = found.values();
	return more.length === 0 ? only : { anyOf: [...found.values()] };
}

function branchesOf(schema: FieldSchema): readonly FieldSchema[] {
	return (schema.anyOf ?? schema.oneOf)?.flatMap(branchesOf) ?? [schema];
}

function fieldsOf(schema: FieldSchema): string[] {
	return [...new Set(branchesOf(schema).flatMap(({ properties = {} }) => Object.keys(properties)))];
}

function describe(schema: FieldSchema): string {
	const forms = [...new Set(branchesOf(schema).map(describeForm))].filter((form) => form !== "").join(", or ");
	const { description } = schema;
	return description === undefined || forms === "" ? forms : `${forms} (${lowerFirst(description)})`;
}

function lowerFirst(text: string): string {
	return text.charAt(0).toLowerCase() + text.slice(1);
}

function describeForm(schema: FieldSchema): string {
	if (schema.const !== undefined) return JSON.stringify(schema.const);
	if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" or ");
	switch (schema.type) {
		case "integer":
			return `a whole number${rangeOf(schema)}`;
		case "number":
			return `a number${rangeOf(schema)}`;
		case "string":
			return "a text";
		case "boolean":
			return "true or false";
		case "array":
			return schema.items === undefined ? "a list" : `a list, each of it ${describe(schema.items)}`;
		case "object": {
			const fields = schema.required ?? [];
			return fields.length === 0 ? "an object" : `an object with ${fields.join(", ")}`;
		}
		default:
			return schema.type ?? "";
	}
}

function rangeOf({ minimum, maximum, exclusiveMinimum: above, exclusiveMaximum: below }: FieldSchema): string {
	const bounds = [
		...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? [] : [`at least ${minimum}`]),
		...(above === undefined ? [] : [`more than ${above}`]),
		...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? [] : [`at most ${maximum}`]),
		...(below === undefined ? [] : [`less than ${below}`]),
	];
	return bounds.length === 0 ? "" : `, ${bounds.join(" and ")}`;
}
