// Faults in who may make a firewall install something, in who may publish from CI, and in the order in which the signed files are served.
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
	{
		file: "src/signing/oidc/id-token.ts",
		tests: ["test/unit/signing/oidc/id-token"],
		edits: [
			{
				from: "Array.isArray(aud) && aud.length === 1 && aud[0] === audience",
				to: "Array.isArray(aud) && aud.includes(audience)",
				breaks: "whoever else an ID token is for can publish with it",
			},
			{
				from: "one.issuer === claimed.iss",
				to: "String(claimed.iss).startsWith(one.issuer)",
				breaks: "an issuer whose name begins like a trusted one is taken for it",
			},
			{
				from: "const replayableUntil = Math.min(exp, iat + maxAge) + CLOCK_TOLERANCE_SECONDS;",
				to: "const replayableUntil = Math.min(exp, iat + maxAge);",
				breaks: "an ID token counts twice in its last minute",
			},
		],
	},
	{
		file: "src/signing/oidc/ci-claims.ts",
		tests: ["test/unit/signing/oidc/id-token"],
		edits: [
			{
				from: "if (workflow === null || own !== called)",
				to: "if (workflow === null)",
				breaks: "a called workflow of another repository publishes under the caller's name",
			},
			{
				from: 'if (isProtected !== "true")',
				to: 'if (isProtected === "")',
				breaks: "whoever may push any tag to GitLab publishes",
			},
			{
				from: "if (!GITHUB_EVENTS.has(event))",
				to: 'if (event === "pull_request")',
				breaks: "a pull request of a fork publishes by pull_request_target",
			},
		],
	},
	{
		file: "src/entitlement/publishers/ref-pattern.ts",
		tests: ["test/unit/entitlement/publishers/ref-pattern"],
		edits: [
			{
				from: '&& !between.includes("/")',
				to: "",
				breaks: "a pattern for tags stands for those in folders too",
			},
		],
	},
	{
		file: "src/objects/product/publisher-desk.ts",
		tests: ["test/workers/routes/publisher/trusted-publishing"],
		edits: [
			{
				from: 'if (!isFirst) return { ok: false, reason: "replayed" };',
				to: "",
				breaks: "an ID token counts as often as it is shown",
			},
		],
	},
	{
		file: "src/routes/http/key-holder.ts",
		tests: ["test/workers/routes/publisher/trusted-publishing"],
		edits: [
			{
				from: "if (known?.some(({ id }) => id === publisher) !== true)",
				to: "if (known === null)",
				breaks: "a publisher that was removed publishes for a quarter of an hour more",
			},
		],
	},
];
