// What all commands share: their options, how these are read and checked, and what a command is given to work with.
import type { Command } from "commander";
import { z } from "zod";
import { UsageError } from "../errors.ts";
import { createOperatorApi, type OperatorApi } from "../http/operator-api.ts";
import { createOutput, type Output, type Surroundings } from "../terminal/output.ts";
import { MOMENT_FORMS, parseMoment } from "./moment.ts";
import { DEFAULT_HOME, DEFAULT_URL, resolveKey, resolveServer } from "./settings.ts";

/** Options that are read before a command's own; every schema extends one of these. */
const sharedOptions = z.object({ json: z.boolean().default(false), url: z.string().optional() });
export const operatorOptions = sharedOptions.extend({ key: z.string().optional(), keyFile: z.string().optional() });
export const firewallOptions = sharedOptions.extend({ home: z.string().default(DEFAULT_HOME) });

export function addSharedOptions(command: Command): Command {
	return command
		.option("--json", "one JSON value on stdout, errors as JSON on stderr")
		.option("--url <url>", `the server (env PARAPET_URL; default ${DEFAULT_URL})`);
}

export function addOperatorOptions(command: Command): Command {
	return addSharedOptions(command)
		.option("--key-file <file>", "file with the API key (or env PARAPET_KEY; for a local server: ./.dev.vars)")
		.option("--key <key>", "the API key itself; beware, arguments show in the process list");
}

export function addFirewallOptions(command: Command): Command {
	return addSharedOptions(command).option("--home <dir>", `the firewall's state (default ${DEFAULT_HOME})`);
}

export interface CommandContext<Options> {
	readonly options: Options;
	readonly output: Output;
	readonly surroundings: Surroundings;
	/** the operands, in order; commander has made sure that the required ones are there */
	readonly operands: readonly string[];
}

export interface OperatorContext<Options> extends CommandContext<Options> {
	readonly api: OperatorApi;
}

export interface FirewallContext<Options> extends CommandContext<Options & z.infer<typeof firewallOptions>> {}

/** Makes `command` one for publishers and operators: adds its shared options and what it does. */
export function runAsOperator<Shape extends z.ZodRawShape>(
	command: Command,
	surroundings: Surroundings,
	shape: Shape,
	run: (context: OperatorContext<z.infer<z.ZodObject<Shape>>>) => Promise<void>,
): void {
	addOperatorOptions(command).action(async () => {
		const shared = readOptions(command, operatorOptions);
		const options = readOptions(command, z.object(shape));
		const api = openOperatorApi(shared, surroundings);
		const output = createOutput(surroundings, shared.json);
		await run({ api, options, output, surroundings, operands: command.args });
	});
}

/** @throws UsageError when there is no key for the server */
export function openOperatorApi(shared: z.infer<typeof operatorOptions>, surroundings: Surroundings): OperatorApi {
	const server = resolveServer(shared.url, surroundings);
	return createOperatorApi({ server, key: resolveKey(shared, server, surroundings), nowMs: surroundings.nowMs });
}

/** Makes `command` one that a firewall runs. */
export function runAsFirewall<Shape extends z.ZodRawShape>(
	command: Command,
	surroundings: Surroundings,
	shape: Shape,
	run: (context: FirewallContext<z.infer<z.ZodObject<Shape>>>) => Promise<void>,
): void {
	addFirewallOptions(command).action(async () => {
		const shared = readOptions(command, firewallOptions);
		const options = { ...readOptions(command, z.object(shape)), ...shared };
		await run({ options, output: createOutput(surroundings, shared.json), surroundings, operands: command.args });
	});
}

/**
 * Reads the options of a command and of those above it, the nearest winning.
 * @throws UsageError naming the option that is wrong
 */
export function readOptions<T>(command: Command, schema: z.ZodType<T>): T {
	const lineage: Command[] = [];
	for (let at: Command | null = command; at !== null; at = at.parent) lineage.unshift(at);
	const given: unknown = Object.assign({}, ...lineage.map((one) => one.opts()));
	return readGiven(given, schema, (path) => `--${path.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
}

/** @returns the operand at `index`, checked; @throws UsageError calling it `name` */
export function readOperand<T>(operands: readonly string[], index: number, name: string, schema: z.ZodType<T>): T {
	return readGiven(operands[index], schema, () => name);
}

function readGiven<T>(given: unknown, schema: z.ZodType<T>, nameOf: (path: string) => string): T {
	const read = schema.safeParse(given);
	if (read.success) return read.data;
	const issue = read.error.issues[0];
	const path = issue?.path[0];
	throw new UsageError(`${nameOf(path === undefined ? "" : String(path))}: ${issue?.message ?? "not understood"}`);
}

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
	.regex(/^\d{1,9}$/, "a whole number is expected")
	.transform(Number);

/** `key=value` pairs, comma-separated or given several times. */
export const pairs = commaList.transform((entries, context) => {
	const found: Record<string, string> = {};
	for (const entry of entries) {
		const at = entry.indexOf("=");
		if (at < 1) context.addIssue({ code: "custom", message: `${entry} is not KEY=VALUE` });
		else found[entry.slice(0, at)] = entry.slice(at + 1);
	}
	return found;
});

/** A point in time as typed; becomes RFC 3339. */
export function moment(surroundings: Surroundings) {
	return z.string().transform((text, context) => {
		const parsed = parseMoment(text, surroundings.nowMs());
		if (parsed !== undefined) return parsed;
		context.addIssue({ code: "custom", message: `${text} is not a time; use ${MOMENT_FORMS}` });
		return z.NEVER;
	});
}

/** commander collects a repeated option with this. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
	return [...(previous ?? []), value];
}
