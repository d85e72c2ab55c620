// Faults in single commands: what they refuse, when they end with 1, what they leave behind.
import type { FileEdits } from "../../edit.ts";

export const COMMANDS: readonly FileEdits[] = [
	{
		file: "cli/commands/device/update.ts",
		tests: ["test/unit/cli/firewall/update/failed-updates.test.ts", "test/unit/cli/firewall/update/reports.test.ts"],
		edits: [
			{
				from: "failIfAny(result.updates);",
				to: "",
				breaks: "an update that failed ends with 0, and no timer notices",
			},
		],
	},
	{
		file: "cli/commands/device/explain.ts",
		edits: [
			{
				from: "if (shared.home !== undefined) throw",
				to: "if (false) throw",
				breaks: "explain takes a home and a device, and ignores one of them",
			},
		],
	},
	{
		file: "cli/commands/doctor/doctor.ts",
		edits: [
			{ from: "if (!isWell) throw", to: "if (false) throw", breaks: "monitoring is told that a sick service is well" },
			{
				from: "!(error instanceof UsageError) || given.key !== undefined || given.keyFile !== undefined",
				to: "!(error instanceof UsageError)",
				breaks: "a key file that is missing makes the doctor look from outside only",
			},
			{
				from: "if (answer.status !== 200) throw refusalFrom(answer, what, nowMs());",
				to: "",
				breaks: "the doctor says of a refusal that it is not understood",
			},
			{
				from: "reply.body.destroy();\n\t\treturn reply.status;",
				to: "return reply.status === 404 ? 403 : reply.status;",
				breaks: "a bucket that is open to everybody is found well",
			},
		],
	},
	{
		file: "cli/commands/webhook.ts",
		edits: [
			{
				from: 'now["last_result"] !== "delivered"',
				to: "false",
				breaks: "a test that was not delivered counts as one that was",
			},
			{
				from: 'now["next_attempt_at"] !== null',
				to: "false",
				breaks: "an earlier event's delivery counts as that of the test",
			},
			{
				from: "skip_missed: context.options.skipMissed",
				to: "skip_missed: true",
				breaks: "enabling a webhook loses all that it missed",
			},
		],
	},
	{
		file: "cli/commands/code.ts",
		edits: [
			{
				from: 'one["revoked"] === true ? "revoked" : one["expires_at"]',
				to: 'one["expires_at"]',
				breaks: "the list does not tell which codes are revoked",
			},
		],
	},
	{
		file: "cli/commands/secret.ts",
		edits: [
			{
				from: 'open(path, "wx", 0o600)',
				to: 'open(path, "w", 0o600)',
				breaks: "new secrets replace those of a deployment, and lock everybody out",
			},
		],
	},
	{
		file: "cli/commands/message/message.ts",
		edits: [
			{
				from: "if (localeTag.safeParse(locale).success) found",
				to: "if (true) found",
				breaks: "a slip in a translation sends a message without a title",
			},
		],
	},
	{
		file: "cli/commands/publish/publish.ts",
		edits: [
			{
				from: "await close();",
				to: "",
				breaks: "each publication leaves its unpacked package on the disk",
			},
		],
	},
	{
		file: "cli/commands/publish/targets.ts",
		edits: [
			{
				from: "files.length > 1 && (choices.version !== undefined || choices.name !== undefined)",
				to: "false",
				breaks: "two files are published as one and the same version",
			},
		],
	},
	{
		file: "cli/commands/publish/publish-package.ts",
		tests: ["test/unit/cli/commands/publish/publish.test.ts"],
		edits: [
			{
				from: "if (stored === payload.sha256) return;",
				to: "return;",
				breaks: "a publisher is not told that the service holds other bytes",
			},
		],
	},
	{
		file: "cli/commands/publish/publish-index.ts",
		tests: ["test/unit/cli/commands/product/changes.test.ts"],
		edits: [
			{
				from: "if (index.sha256 !== file.sha256 || index.size !== file.size)",
				to: "if (false)",
				breaks: "a publisher's key signs whatever rule index the service names",
			},
		],
	},
	{
		file: "cli/commands/account/account.ts",
		edits: [
			{
				from: 'typeof found.answer["next"] === "string" ?',
				to: "false ?",
				breaks: "the first page of accounts looks like all of them",
			},
		],
	},
	{
		file: "cli/commands/events.ts",
		edits: [
			{
				from: "if (!found.more && !(await wait())) return;",
				to: "if (!found.more) return;",
				breaks: "a trail that is followed ends at its first pause",
			},
		],
	},
	{
		file: "cli/commands/record/verify.ts",
		tests: ["test/unit/cli/commands/record/record.test.ts"],
		edits: [
			{
				from: "if (drifted > 0) throw",
				to: "if (false) throw",
				breaks: "records that differ from the truth end with 0",
			},
			{
				from: "if (silent.length > 0) {",
				to: "if (false) {",
				breaks: "a store that did not answer counts as one without drift",
			},
		],
	},
	{
		file: "cli/commands/device/fleet-files.ts",
		tests: ["test/unit/cli/commands/device/fleet-files/"],
		edits: [
			{
				from: "if (rejectsPath === input.path) throw",
				to: "if (false) throw",
				breaks: "an import overwrites its own file with the refused lines",
			},
		],
	},
	{
		file: "cli/commands/device/fleet-files/import-request.ts",
		edits: [
			{
				from: "if (results.length === lines.length) return results;",
				to: "return results;",
				breaks: "an answer about fewer lines than were sent counts for all of them",
			},
		],
	},
	{
		file: "cli/commands/publish/put-file.ts",
		edits: [
			{
				from: "if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());",
				to: "",
				breaks: "the refusal of an upload is told as an answer that is not understood",
			},
		],
	},
	{
		file: "cli/commands/publish/make-deltas.ts",
		edits: [
			{
				from: "if (!proved.ok || proved.sha256 !== payload.sha256)",
				to: "if (proved.ok && proved.sha256 === '')",
				breaks: "a delta is uploaded that does not make the package",
			},
			{
				from: "if (size > most || size < DELTA_HEAD_BYTES) return null;",
				to: "",
				breaks: "deltas are uploaded that save nothing",
			},
		],
	},
];
