// The commands of the first level: what `parapet --help` says of each, and where it is defined. A command's own modules are
// loaded when it is asked for, so that no command waits for the modules of the others.
import type { Command } from "commander";
import type { Surroundings } from "./terminal/output.ts";

/** Gives a command its verbs, or its options and what it does. */
export type DefineCommand = (command: Command, surroundings: Surroundings) => void;

export interface CommandGroup {
	readonly name: string;
	/** of a command without verbs: what follows its name, as the list of all commands writes it */
	readonly usage?: `[options]${string}`;
	readonly description: string;
	readonly load: () => Promise<DefineCommand>;
}

/** In the order of the help. */
export const COMMAND_GROUPS: readonly CommandGroup[] = [
	{
		name: "device",
		description: "what a firewall does; and, for operators, a customer's firewalls",
		load: async () => (await import("./commands/device/device.ts")).defineDevice,
	},
	{
		name: "fleet",
		description: "all firewalls in numbers: versions, adoption, silence, problems",
		load: async () => (await import("./commands/fleet/fleet.ts")).defineFleet,
	},
	{
		name: "publish",
		usage: "[options] <file...>",
		description: "upload packages and release them; .gz and .zst are unpacked first",
		load: async () => (await import("./commands/publish/publish.ts")).definePublish,
	},
	{
		name: "publisher",
		description: "workflows of GitHub Actions and GitLab that publish without an API key",
		load: async () => (await import("./commands/publisher/publisher.ts")).definePublisher,
	},
	{
		name: "release",
		description: "published releases",
		load: async () => (await import("./commands/release/release.ts")).defineRelease,
	},
	{
		name: "rollout",
		description: "how a release reaches the fleet: its steps, words of persons, halt and revert",
		load: async () => (await import("./commands/rollout/rollout.ts")).defineRollout,
	},
	{
		name: "product",
		description: "content lines",
		load: async () => (await import("./commands/product/product.ts")).defineProduct,
	},
	{
		name: "trust",
		description: "who signs what: root, targets and the publishers of each product (TUF)",
		load: async () => (await import("./commands/trust/trust.ts")).defineTrust,
	},
	{
		name: "log",
		description: "the transparency log of what was signed and withdrawn: verify, prove, watch",
		load: async () => (await import("./commands/log/log.ts")).defineLog,
	},
	{
		name: "account",
		description: "customers",
		load: async () => (await import("./commands/account/account.ts")).defineAccount,
	},
	{
		name: "policy",
		description: "when a customer's devices install releases, and which",
		load: async () => (await import("./commands/policy/policy.ts")).definePolicy,
	},
	{
		name: "license",
		description: "what a customer bought",
		load: async () => (await import("./commands/license/license.ts")).defineLicense,
	},
	{
		name: "code",
		description: "auth codes, with which devices activate",
		load: async () => (await import("./commands/code.ts")).defineCode,
	},
	{
		name: "manufacturer",
		description: "whose appliances activate without an auth code, by the certificates that they are made with",
		load: async () => (await import("./commands/manufacturer.ts")).defineManufacturer,
	},
	{
		name: "ha",
		description: "HA groups: firewalls that share one seat",
		load: async () => (await import("./commands/ha/ha.ts")).defineHa,
	},
	{
		name: "instance",
		description: "virtual machines that come and go",
		load: async () => (await import("./commands/instance.ts")).defineInstance,
	},
	{
		name: "webhook",
		description: "events of an account, sent to a URL (Standard Webhooks)",
		load: async () => (await import("./commands/webhook.ts")).defineWebhook,
	},
	{
		name: "events",
		usage: "[options]",
		description: "what happened to the deployment: accounts, products, messages, keys",
		load: async () => (await import("./commands/events.ts")).defineEvents,
	},
	{
		name: "history",
		description: "what the fleet asked for, request by request: reports, and SQL",
		load: async () => (await import("./commands/history/history.ts")).defineHistory,
	},
	{
		name: "message",
		description: "messages of the day",
		load: async () => (await import("./commands/message/message.ts")).defineMessage,
	},
	{
		name: "key",
		description: "API keys of publishers and operators",
		load: async () => (await import("./commands/key.ts")).defineKey,
	},
	{
		name: "console",
		description: "the pages for people: a link that signs in",
		load: async () => (await import("./commands/console.ts")).defineConsole,
	},
	{
		name: "package",
		description: "the stored bytes of packages",
		load: async () => (await import("./commands/package/package.ts")).definePackage,
	},
	{
		name: "probe",
		description: "the firewall as which the service asks itself, every five minutes",
		load: async () => (await import("./commands/probe/probe.ts")).defineProbe,
	},
	{
		name: "backup",
		description: "a whole deployment into a folder, and back into an empty one",
		load: async () => (await import("./commands/backup/backup.ts")).defineBackup,
	},
	{
		name: "record",
		description: "the replicated records in KV and Redis",
		load: async () => (await import("./commands/record/record.ts")).defineRecord,
	},
	{
		name: "secret",
		description: "the server's own secrets",
		load: async () => (await import("./commands/secret.ts")).defineSecret,
	},
	{
		name: "doctor",
		usage: "[options]",
		description: "is the service well, and how fast does a revocation take effect? With an API key it looks inside too",
		load: async () => (await import("./commands/doctor/doctor.ts")).defineDoctor,
	},
	{
		name: "smoke",
		usage: "[options]",
		description:
			"does it work? A synthetic firewall goes through everything once on the live service, and is cleared away",
		load: async () => (await import("./commands/smoke/smoke.ts")).defineSmoke,
	},
	{
		name: "drill",
		description: "does a bad release halt by itself? Tried on synthetic firewalls of the live service",
		load: async () => (await import("./commands/drill/drill.ts")).defineDrill,
	},
	{
		name: "completion",
		description: "a script by which bash, zsh or fish completes commands and options",
		// It lists all of these: given to it, because a module that it imported would import it.
		load: async () => (await import("./commands/completion/completion.ts")).completionOf(COMMAND_GROUPS),
	},
	{
		name: "demo",
		usage: "[options]",
		description: "start a Worker here, and let a firewall go through the whole journey",
		load: async () => (await import("./commands/demo/demo.ts")).defineDemo,
	},
];
