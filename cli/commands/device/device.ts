// `parapet device …`: what a firewall does. What each verb does is loaded when it is run; the operator's are in state.ts, fleet.ts and fleet-files.ts.
import type { Command } from "commander";
import { addYesOption } from "../../command-line/confirmation.ts";
import { addOperatorOptions, runAsFirewall } from "../../command-line/run-as.ts";
import { DEFAULT_HOME } from "../../command-line/settings.ts";
import { collect } from "../../command-line/values.ts";
import type { Surroundings } from "../../terminal/output.ts";
import { addFleetCommands } from "./fleet.ts";
import { addFleetFileCommands } from "./fleet-files.ts";
import { addForkCommands } from "./forks.ts";
import { addClaimCommands } from "./identity/claims.ts";
import { addStateCommands } from "./state.ts";

const HEALTH_HELP =
	'prints how the firewall does, as {"cpu":12,"drops":0}: run before an installation and after it, and reported';

export function defineDevice(device: Command, surroundings: Surroundings): void {
	const activate = device
		.command("activate [code]")
		.description("make a key and register it with an auth code (env PARAPET_CODE)")
		.option("--code-file <file>", "file with the auth code; arguments show in the process list")
		.option("--serial <serial>", "default: made up once")
		.option("--model <model>", "default: generic")
		.option("--label <key=value>", "labels, comma-separated or repeated", collect)
		.option("--engine <version>", "software version, sent with each check")
		.option("--algorithm <name>", "ES256 or Ed25519 (default ES256)")
		.option(
			"--factory-cert <file>",
			"certificate of its manufacturer (PEM), in place of a code: for a serial number that is claimed",
		)
		.option("--factory-key <file>", "its private key (PEM)")
		.option("--root <file>", "TUF root: from then on only what publishers have signed is installed");
	addCertificateOptions(activate);
	runAsFirewall(activate, surroundings, async () => (await import("./identity/activate.ts")).activate);

	const certificate = addCertificateOptions(device.command("certificate"))
		.description("be known by a client certificate (RFC 8705) in place of the firewall's key, or by its key again")
		.option("--none", "by its key again")
		.addHelpText(
			"after",
			"\nWhoever renews the certificate writes its files anew: the service is told with the next token. The one before counts until it ends.",
		);
	runAsFirewall(certificate, surroundings, async () => (await import("./identity/certificate.ts")).certificate);

	const token = device
		.command("token")
		.description("get an access token bound to the firewall's key")
		.option("--bearer", "print an unbound token instead, for trying requests by hand");
	runAsFirewall(token, surroundings, async () => (await import("./token.ts")).token);

	const check = addHaOptions(device.command("check"))
		.description("ask what to run")
		.option("--product <product>", "ask for this one only");
	runAsFirewall(check, surroundings, async () => (await import("./check.ts")).check);

	const update = addHaOptions(device.command("update"))
		.description("check, and download, verify, install and report what is offered")
		.option("--product <product>", "this one only")
		.option("--health <command>", HEALTH_HELP)
		.option("--root <file>", "TUF root, kept with the first one: only what publishers have signed is installed")
		.option("--allow-older", "let a signed release in that is older than the installed one")
		.option("--now", "fetch again what came damaged before, although its pause (ten minutes to a day) is not over");
	runAsFirewall(update, surroundings, async () => (await import("./update.ts")).update);

	const run = addHaOptions(device.command("run"))
		.description("stay up to date: update, wait for news, update again; ends with Ctrl-C")
		.option("--product <product>", "this one only")
		.option("--health <command>", HEALTH_HELP)
		.addHelpText(
			"after",
			"\nIt reads pulses instead of checking while nothing is new. With --json each event is one line of JSON.",
		);
	runAsFirewall(run, surroundings, async () => (await import("./run.ts")).run);

	const messages = device
		.command("messages")
		.description("messages of the day")
		.option("--locale <locale>", "e.g. de or pt-BR")
		.option("--ack", "say that somebody has taken note of those that are shown")
		.option("--by <name>", "who, with --ack");
	runAsFirewall(messages, surroundings, async () => (await import("./messages.ts")).messages);

	const entitlements = device
		.command("entitlements")
		.description("which products this firewall may have, and until when");
	runAsFirewall(entitlements, surroundings, async () => (await import("./entitlements.ts")).entitlements);

	const doctor = device
		.command("doctor")
		.description(
			"why does this firewall not get through? DNS, connection, TLS, proxy, downloads, disk, clock, each with what to change",
		)
		.addHelpText(
			"after",
			"\nIt needs no activation, and changes nothing. What networks have to let through: docs/network.md",
		);
	runAsFirewall(doctor, surroundings, async () => (await import("./doctor/doctor.ts")).doctor);

	const deactivate = addYesOption(device.command("deactivate")).description(
		"give the seat back; what is installed stays",
	);
	runAsFirewall(deactivate, surroundings, async () => (await import("./deactivate.ts")).deactivate);

	const explain = device
		.command("explain [device]")
		.description("why a firewall gets what it gets: with a device for operators, without one as the firewall itself")
		.option("--product <product>", "required: which product to explain")
		.option("--installed <version>", "what it has installed (the firewall itself: what it has)")
		.option("--damaged", "as if what it has installed were missing or damaged")
		.option("--failed <version>", "which version does not work on it (the firewall itself: what it was told)")
		.option("--engine <version>", "its software version (the firewall itself: that of its activation)")
		.option("--disk-free <bytes>", "what is free where it installs: 64MB (the firewall itself: what it has)")
		.option("--memory <bytes>", "what memory it has for content")
		.option("--at <when>", "another time than now: a date, or a span such as 24h")
		.option("--home <dir>", `the firewall's state, without a device (default ${DEFAULT_HOME})`);
	addOperatorOptions(explain).action(async () => {
		const { runExplain } = await import("./explain.ts");
		await runExplain(explain, surroundings);
	});
	addStateCommands(device, surroundings);
	addForkCommands(device, surroundings);
	addClaimCommands(device, surroundings);
	addFleetCommands(device, surroundings);
	addFleetFileCommands(device, surroundings);
}

function addCertificateOptions(command: Command): Command {
	return command
		.option("--client-cert <file>", "client certificate (PEM) by which the firewall is to be known, at every request")
		.option("--client-key <file>", "its private key (PEM)")
		.option(
			"--subject-dn <name>",
			"its subject, CN=fw-1,O=Example: to be known by whatever certificate its issuer gives to that name, not by this one",
		);
}

function addHaOptions(command: Command): Command {
	return command
		.option(
			"--ha-role <role>",
			"what this firewall is in its HA group: active or passive; kept, and said with every check",
		)
		.option("--ha-priority <number>", "its priority there, 0 to 255; kept like the role")
		.option("--ha-peer <versions>", "what its peer runs, product@version,…; kept like the role")
		.option("--no-ha", "forget what was said of an HA group before")
		.option(
			"--failed <versions>",
			"what does not work on this firewall, product@version,…; said for a day, so that it goes back",
		);
}
