// Faults in who may make a firewall install something, and in the order in which the signed files are served.
import type { FileEdits } from "../edit.ts";

export const TRUST: readonly FileEdits[] = [
	{
		file: "cli/firewall/update/signed-offer.ts",
		edits: [
			{
				from: 'if (signed === null) return "its publisher has not signed it";',
				to: "if (signed === null) return null;",
				breaks: "a firewall installs what nobody has signed",
			},
			{
				from: "if (signed.sha256 !== offer.sha256 || signed.size !== offer.size)",
				to: "if (signed.size !== offer.size)",
				breaks: "a firewall installs other bytes than were signed",
			},
			{
				from: "if (runs === null || signed.sequence >= runs.sequence) return null;",
				to: "return null;",
				breaks: "a thief of the service takes firewalls back to an old release",
			},
			{
				from: "if (runs === null || signed.sequence >= runs.sequence) return null;",
				to: "if (runs === null || signed.sequence > runs.sequence) return null;",
				breaks: "a firewall whose content was damaged cannot install the same release again",
			},
		],
	},
	{
		file: "cli/trust/passphrase.ts",
		edits: [
			{
				from: 'if ((await ask("The same again: ", true)) === typed) return typed;',
				to: "return typed;",
				breaks: "a key is made under a passphrase with a slip of the finger, and never opens again",
			},
		],
	},
	{
		file: "src/objects/trust/trust-tables.ts",
		tests: ["test/unit/objects/trust"],
		edits: [
			{
				from: "ORDER BY file = 'timestamp.json', file LIKE '%.root.json', file LIMIT 1",
				to: "ORDER BY file DESC LIMIT 1",
				breaks: "clients are led to files that are not there yet",
			},
		],
	},
	{
		file: "src/objects/trust/trust.ts",
		edits: [
			{
				from: "await this.store.put(next.file, next.body);\n\t\t\t\tthis.#tables.noteWritten(next.file, next.body);",
				to: "this.#tables.noteWritten(next.file, next.body);\n\t\t\t\tawait this.store.put(next.file, next.body);",
				breaks: "a file counts as written before storage has it, and is lost when the service dies there",
			},
		],
	},
];
