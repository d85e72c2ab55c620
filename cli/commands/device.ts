// `parapet device …`: what a firewall does. The operator's commands on devices are in fleet.ts.
import type { Command } from "commander";
import { z } from "zod";
import { labels, modelName, productName, serialNumber, versionName } from "../../src/names.ts";
import { type FirewallContext, pairs, runAsFirewall } from "../command-line/run-as.ts";
import { readTextFile, resolveServer } from "../command-line/settings.ts";
import { UsageError } from "../errors.ts";
import { activateFirewall, deactivateFirewall } from "../firewall/activation.ts";
import { askEntitlements, checkForUpdates } from "../firewall/check.ts";
import { type HaOptions, haOptions, rememberHa } from "../firewall/ha.ts";
import { readMessages } from "../firewall/messages.ts";
import type { FirewallSession } from "../firewall/session.ts";
import { openHome } from "../firewall/state.ts";
import { formatTable, type Surroundings } from "../terminal/output.ts";
import { degradedLines, describeCheck } from "./device/check-lines.ts";
import { addExplain } from "./device/explain.ts";
import { addFleetCommands } from "./device/fleet.ts";
import { openSession } from "./device/open-session.ts";
import { runDeviceUpdate } from "./device/update.ts";

export function addDeviceCommands(program: Command, surroundings: Surroundings): void {
	const device = program
		.command("device")
		.description("what a firewall does; and, for operators, a customer's firewalls");
	addActivate(device, surroundings);
	addToken(device, surroundings);

	const check = addHaOptions(device.command("check"))
		.description("ask what to run")
		.option("--product <product>", "ask for this one only");
	const checkOptions = { product: productName.optional(), ...haOptions };
	runAsFirewall(check, surroundings, checkOptions, async (context) => {
		const result = await checkForUpdates(await openHaSession(context), context.options.product);
		context.output.answer({ unchanged: result.unchanged, etag: result.etag, ...result.answer }, describeCheck(result));
	});

	const update = addHaOptions(device.command("update"))
		.description("check, and download, verify, install and report what is offered")
		.option("--product <product>", "this one only");
	runAsFirewall(update, surroundings, checkOptions, async (context) => {
		await runDeviceUpdate(context, await openHaSession(context), context.options.product);
	});

	const messages = device
		.command("messages")
		.description("messages of the day")
		.option("--locale <locale>", "e.g. de or pt-BR");
	runAsFirewall(messages, surroundings, { locale: z.string().optional() }, async (context) => {
		const found = await readMessages(await openSession(context), context.options.locale);
		const lines = found.messages.map(({ severity, title, body }) => `[${severity}] ${title}\n  ${body}`);
		context.output.answer(found, [...(lines.length === 0 ? ["no messages"] : lines), ...degradedLines(found)]);
	});

	const entitlements = device
		.command("entitlements")
		.description("which products this firewall may have, and until when");
	runAsFirewall(entitlements, surroundings, {}, async (context) => {
		const found = await askEntitlements(await openSession(context));
		const rows = found.products.map((one) => [one.product, one.decision, one.code, one.until, one.grace_until]);
		const table = formatTable(["PRODUCT", "DECISION", "CODE", "UNTIL", "GRACE UNTIL"], rows);
		context.output.answer(found, [...table, ...degradedLines(found)]);
	});

	const deactivate = device.command("deactivate").description("give the seat back; what is installed stays");
	runAsFirewall(deactivate, surroundings, {}, async (context) => {
		const { home, server } = await openSession(context);
		const id = await deactivateFirewall(home, server, surroundings.nowMs);
		context.output.answer({ device: id, deactivated: true }, `${id} is deactivated`);
	});

	addExplain(device, surroundings);
	addFleetCommands(device, surroundings);
}

function addHaOptions(command: Command): Command {
	return command
		.option(
			"--ha-role <role>",
			"what this firewall is in its HA group: active or passive; kept, and said with every check",
		)
		.option("--ha-priority <number>", "its priority there, 0 to 255; kept like the role")
		.option("--ha-peer <versions>", "what its peer runs, product@version,…; kept like the role")
		.option("--no-ha", "forget what was said of an HA group before");
}

async function openHaSession(context: FirewallContext<HaOptions>): Promise<FirewallSession> {
	const session = await openSession(context);
	await rememberHa(session.home, context.options);
	return session;
}

function addActivate(device: Command, surroundings: Surroundings): void {
	const activate = device
		.command("activate [code]")
		.description("make a key and register it with an auth code (env PARAPET_CODE)")
		.option("--code-file <file>", "file with the auth code; arguments show in the process list")
		.option("--serial <serial>", "default: made up once")
		.option("--model <model>", "default: generic")
		.option("--label <key=value>", "labels, comma-separated")
		.option("--engine <version>", "software version, sent with each check")
		.option("--algorithm <name>", "ES256 or Ed25519 (default ES256)");
	const shape = {
		codeFile: z.string().optional(),
		serial: serialNumber.optional(),
		model: modelName.optional(),
		label: pairs.pipe(labels).optional(),
		engine: versionName.optional(),
		algorithm: z.enum(["ES256", "Ed25519"]).optional(),
	};
	runAsFirewall(activate, surroundings, shape, async ({ options, operands, output }) => {
		const code =
			options.codeFile === undefined
				? (operands[0] ?? surroundings.env["PARAPET_CODE"])
				: readTextFile(options.codeFile);
		if (code === undefined || !/^[\sA-Za-z0-9-]{8,128}$/.test(code)) {
			throw new UsageError("no auth code", "give it as the argument, with --code-file, or in PARAPET_CODE");
		}
		const { serial, model, label, engine, algorithm } = options;
		const home = openHome(options.home);
		const server = resolveServer(options.url, surroundings);
		const { nowMs } = surroundings;
		const made = await activateFirewall({ home, server, code, serial, model, labels: label, engine, algorithm, nowMs });
		const { id, account, license } = made.device;
		output.answer(
			{
				device: id,
				account,
				license,
				serial: made.serial,
				model: made.model,
				algorithm: made.algorithm,
				home: home.folder,
			},
			`activated as ${id} (serial ${made.serial}, ${made.algorithm} key in ${home.folder})`,
		);
	});
}

function addToken(device: Command, surroundings: Surroundings): void {
	const token = device
		.command("token")
		.description("get an access token bound to the firewall's key")
		.option("--bearer", "print an unbound token instead, for trying requests by hand");
	runAsFirewall(token, surroundings, { bearer: z.boolean().default(false) }, async (context) => {
		const session = await openSession(context);
		const { accessToken, type, expiresAt } = await session.obtainToken(context.options.bearer ? "bearer" : "bound");
		const life = expiresAt - Math.floor(surroundings.nowMs() / 1000);
		const text = context.options.bearer ? accessToken : `${type} token for ${life} s, kept in ${session.home.folder}`;
		context.output.answer({ access_token: accessToken, token_type: type, expires_in: life }, text);
	});
}
