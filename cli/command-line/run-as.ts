// What commands share: the options of operators and of firewalls, and what a command is given to work with. What talks to
// the service is loaded when a command runs, not when its help is shown.
import type { Command } from "commander";
import { z } from "zod";
import type { OperatorApi } from "../http/operator-api.ts";
import { createOutput, type Output, type Surroundings } from "../terminal/output.ts";
import { confirm } from "./confirmation.ts";
import { readOptions } from "./read-options.ts";
import { DEFAULT_HOME, DEFAULT_URL, findKey, missingKey, resolveKey, resolveServer } from "./settings.ts";

/** Options that are read before a command's own; every schema extends one of these. */
export const sharedOptions = z.object({ json: z.boolean().default(false), url: z.string().optional() });
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

function addFirewallOptions(command: Command): Command {
	return addSharedOptions(command).option("--home <dir>", `the firewall's state (default ${DEFAULT_HOME})`);
}

export interface CommandContext<Options> {
	readonly options: Options;
	readonly output: Output;
	readonly surroundings: Surroundings;
	/** the operands, in order; commander has made sure that the required ones are there */
	readonly operands: readonly string[];
}

interface Confirming {
	/** Asks first, where a person is at a terminal; the command has the option of `addYesOption`. */
	confirm(consequence: string): Promise<void>;
}

export interface OperatorContext<Options> extends CommandContext<Options>, Confirming {
	readonly api: OperatorApi;
}

export interface FirewallContext<Options>
	extends CommandContext<Options & z.infer<typeof firewallOptions>>,
		Confirming {}

const shapes = new WeakMap<Command, () => Promise<z.ZodRawShape>>();

/** @returns the options of its own that a command reads, by name; null = it has an action of another kind */
export async function shapeOf(command: Command): Promise<z.ZodRawShape | null> {
	return (await shapes.get(command)?.()) ?? null;
}

/** Makes `command` one for publishers and operators: adds its shared options and what it does. */
export function runAsOperator<Shape extends z.ZodRawShape>(
	command: Command,
	surroundings: Surroundings,
	shape: Shape,
	run: (context: OperatorContext<z.infer<z.ZodObject<Shape>>>) => Promise<void>,
): void {
	shapes.set(command, async () => shape);
	addOperatorOptions(command).action(async () => {
		const shared = readOptions(command, operatorOptions);
		const options = readOptions(command, z.object(shape));
		const api = await openOperatorApi(shared, surroundings);
		const output = createOutput(surroundings, shared.json);
		const confirmed = (consequence: string) => confirm(command, surroundings, consequence);
		await run({ api, options, output, surroundings, operands: command.args, confirm: confirmed });
	});
}

export interface PublisherContext<Options> extends CommandContext<Options> {
	/**
	 * With the API key; in a job of CI that has none, with a token for the product, which is renewed where it can be.
	 * @throws UsageError when there is neither
	 */
	openApi(product: string): Promise<OperatorApi>;
}

/** Makes `command` one for publishers, which a trusted publisher runs without an API key. */
export function runAsPublisher<Shape extends z.ZodRawShape>(
	command: Command,
	surroundings: Surroundings,
	shape: Shape,
	run: (context: PublisherContext<z.infer<z.ZodObject<Shape>>>) => Promise<void>,
): void {
	shapes.set(command, async () => shape);
	addOperatorOptions(command).action(async () => {
		const shared = readOptions(command, operatorOptions);
		const options = readOptions(command, z.object(shape));
		const output = createOutput(surroundings, shared.json);
		const openApi = await openPublisherApi(shared, surroundings);
		await run({ openApi, options, output, surroundings, operands: command.args });
	});
}

export interface ReaderContext<Options> extends CommandContext<Options> {
	/** @throws UsageError when there is no key for the server */
	openApi(): Promise<OperatorApi>;
}

/** Makes `command` one for operators that needs the service for some of what it does only. */
export function runAsReader<Shape extends z.ZodRawShape>(
	command: Command,
	surroundings: Surroundings,
	shape: Shape,
	run: (context: ReaderContext<z.infer<z.ZodObject<Shape>>>) => Promise<void>,
): void {
	shapes.set(command, async () => shape);
	addOperatorOptions(command).action(async () => {
		const shared = readOptions(command, operatorOptions);
		const options = readOptions(command, z.object(shape));
		const output = createOutput(surroundings, shared.json);
		const openApi = () => openOperatorApi(shared, surroundings);
		await run({ openApi, options, output, surroundings, operands: command.args });
	});
}

/** @throws UsageError when there is no key for the server */
export async function openOperatorApi(
	shared: z.infer<typeof operatorOptions>,
	surroundings: Surroundings,
): Promise<OperatorApi> {
	const server = resolveServer(shared.url, surroundings);
	return openWith(server, resolveKey(shared, server, surroundings), surroundings);
}

async function openWith(server: string, key: string, { nowMs, sleep }: Surroundings): Promise<OperatorApi> {
	const { createOperatorApi } = await import("../http/operator-api.ts");
	return createOperatorApi({ server, key, nowMs, sleep });
}

/** @throws UsageError when there is neither a key for the server nor an ID token of CI */
async function openPublisherApi(
	shared: z.infer<typeof operatorOptions>,
	surroundings: Surroundings,
): Promise<(product: string) => Promise<OperatorApi>> {
	const server = resolveServer(shared.url, surroundings);
	// Read once: of a pipe nothing is left the second time.
	const key = findKey(shared, server, surroundings);
	if (key !== null) {
		const api = await openWith(server, key, surroundings);
		return async () => api;
	}
	const { ciJobOf, missingIdToken } = await import("../ci/id-token.ts");
	const job = ciJobOf(surroundings.env);
	if (job === null) throw missingKey(server, missingIdToken(surroundings.env) ?? undefined);
	const { createPublishTokens } = await import("../ci/publish-token.ts");
	const { nowMs, sleep } = surroundings;
	const tokenFor = createPublishTokens({ server, job, nowMs, sleep });
	return async (product) => openWith(server, (await tokenFor(product)).token, surroundings);
}

/** What a firewall does at one of its commands, and the options that are the command's own. */
export interface FirewallAction<Shape extends z.ZodRawShape> {
	readonly shape: Shape;
	readonly run: (context: FirewallContext<z.infer<z.ZodObject<Shape>>>) => Promise<void>;
}

/** Makes `command` one that a firewall runs: adds its shared options, and loads what it does when it is run. */
export function runAsFirewall<Shape extends z.ZodRawShape>(
	command: Command,
	surroundings: Surroundings,
	load: () => Promise<FirewallAction<Shape>>,
): void {
	shapes.set(command, async () => (await load()).shape);
	addFirewallOptions(command).action(async () => {
		const { shape, run } = await load();
		const shared = readOptions(command, firewallOptions);
		const options = { ...readOptions(command, z.object(shape)), ...shared };
		const confirmed = (consequence: string) => confirm(command, surroundings, consequence);
		const output = createOutput(surroundings, shared.json);
		await run({ options, output, surroundings, operands: command.args, confirm: confirmed });
	});
}
