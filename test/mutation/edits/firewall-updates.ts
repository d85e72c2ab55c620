// Faults in how a firewall downloads, installs and reports.
import type { FileEdits } from "../edit.ts";

export const FIREWALL_UPDATES: readonly FileEdits[] = [
	{
		file: "cli/firewall/download.ts",
		edits: [
			{
				from: "if (found === sha256) return { ok: true, resumedFrom };",
				to: "return { ok: true, resumedFrom };",
				breaks: "a firewall installs bytes that are not the release's",
			},
			{
				from: "let trusted = resumedFrom === 0;",
				to: "let trusted = true;",
				breaks: "one bad part from an earlier run makes a release count as bad",
			},
			{
				from: "fruitless = (await sizeOf(partPath)) > before ? 0 : fruitless + 1;",
				to: "fruitless += 1;",
				breaks: "a large download over a poor line is given up though it gets on",
			},
			{
				from: "if (fruitless >= MAX_FRUITLESS_ATTEMPTS || (refused && fruitless > 1)) {",
				to: "if (fruitless > MAX_FRUITLESS_ATTEMPTS || (refused && fruitless > 1)) {",
				breaks: "a server that brings nothing is asked once more than it should",
			},
			{
				from: '"if-range": `"${options.sha256}"`',
				to: "",
				breaks: "a download goes on with the bytes of another package",
			},
			{
				from: "Number(range[1]) === offset &&",
				to: "",
				breaks: "a part that begins elsewhere is put behind the one that is there",
			},
			{
				from: "status === 429 || status >= 500",
				to: "status >= 500",
				breaks: "a firewall that is asked to come later asks for another permit instead",
			},
			{
				from: "if (received > size) return",
				to: "if (false) return",
				breaks: "a server can fill the disk of a firewall",
			},
			{
				from: "Math.min(retryAfter, MAX_RETRY_AFTER_SECONDS)",
				to: "retryAfter",
				breaks: "a server can keep a download waiting for days",
			},
			{
				from: 'if (status === 416) return { step: "start_over", detail: "the server has no such range" };\n',
				to: "",
				breaks: "a part that is as long as the package and bad is never downloaded anew",
			},
			{
				from: 'return received === size\n\t\t? { step: "complete" }',
				to: 'return received >= 0\n\t\t? { step: "complete" }',
				breaks: "a download that broke off without an error counts as bad bytes",
			},
			{
				from: 'if (attempt.step === "start_over") await rm(partPath, { force: true });',
				to: "",
				breaks: "a part that the server cannot go on with stays in the way",
			},
			{
				from: "if (offset > options.size) return",
				to: "if (false) return",
				breaks: "a part that is longer than the package is asked to be continued",
			},
			{
				from: "options.clock.sleep(attempt.retryAfterMs ?? delayMs(fruitless))",
				to: "options.clock.sleep(delayMs(fruitless))",
				breaks: "a firewall comes back sooner than the server asked",
			},
		],
	},
	{
		file: "cli/firewall/home-lock.ts",
		edits: [
			{
				from: "if (resultCodeOf(cause) === SQLITE_BUSY) return null;",
				to: "",
				breaks: "a second update ends with an error that nobody understands",
			},
			{
				from: 'lock.exec("BEGIN EXCLUSIVE");',
				to: 'lock.exec("BEGIN");',
				breaks: "two updates of one firewall run at the same time",
			},
			{
				from: "} finally {\n\t\tlock.close();\n\t}",
				to: "} finally {\n\t}",
				breaks: "after an update no other can run in the same process",
			},
			{
				from: "if (resultCodeOf(cause) !== SQLITE_NOTADB) throw cause;",
				to: "throw cause;",
				breaks: "a lock file of an earlier version stops all updates",
			},
		],
	},
	{
		file: "cli/firewall/install.ts",
		edits: [
			{
				from: "previous !== undefined && previous.path !== path",
				to: "previous !== undefined",
				breaks: "a version that is installed twice is removed",
			},
			{
				from: "await rm(old, { force: true });\n",
				to: "",
				breaks: "packages of all earlier versions fill the disk",
			},
			{
				from: "\t\t...installed,\n",
				to: "",
				breaks: "a firewall forgets its other products with each update",
			},
			{
				from: 'join("packages", permit.product, permit.version, permit.name)',
				to: 'join("packages", permit.version, permit.name)',
				breaks: "two products of one version overwrite each other",
			},
			{
				from: 'join(home.folder, "downloads", `${permit.sha256}.part`)',
				to: 'join(home.folder, "downloads", `${permit.permit}.part`)',
				breaks: "a download is not gone on with under a new permit",
			},
		],
	},
	{
		file: "cli/firewall/reports.ts",
		edits: [
			{
				from: 'await session.home.save("reports", [...waiting, report]);\n\treturn flushReports(session);',
				to: 'await session.home.save("reports", [report]);\n\treturn flushReports(session);',
				breaks: "a report takes the place of those that still wait",
			},
			{
				from: 'if (sent === "unreachable") break;',
				to: "",
				breaks: "a report is forgotten when the line is down",
			},
			{
				from: "error.refusal.status === 429 || error.refusal.status >= 500",
				to: "error.refusal.status >= 500",
				breaks: "a report is forgotten when the server asks to come later",
			},
			{
				from: 'if (sent !== "taken") refusal = sent;\n\t\tawait session.home.save("reports", waiting);',
				to: 'if (sent !== "taken") throw sent;\n\t\tawait session.home.save("reports", waiting);',
				breaks: "one report that is refused for good keeps back all others for ever",
			},
			{
				from: 'await session.home.save("reports", waiting);\n\t}',
				to: "}",
				breaks: "reports that were taken are sent again after a crash",
			},
		],
	},
	{
		file: "cli/firewall/update.ts",
		edits: [
			{
				from: 'if (bad) await refusalAsValue(reportOutcome(session, permit, "failed", reason));',
				to: 'await refusalAsValue(reportOutcome(session, permit, "failed", reason));',
				breaks: "a download that was interrupted counts as a bad release",
			},
			{
				from: 'if (bad) await refusalAsValue(reportOutcome(session, permit, "failed", reason));',
				to: "",
				breaks: "nobody learns that a package has other bytes than were promised",
			},
			{
				from: "await flushReports(session).catch(() => 0);",
				to: "await flushReports(session);",
				breaks: "an old report that is refused keeps a firewall from updates",
			},
			{
				from: "await flushReports(session).catch(() => 0);",
				to: "",
				breaks: "reports that could not be sent are never sent where nothing is offered",
			},
			{
				from: "if (refused || Date.parse(current.expires_at) <= session.nowMs()) current = await renew();",
				to: "if (refused) current = await renew();",
				breaks: "a URL that has run out is tried before another is asked for",
			},
			{
				from: "const first = await refusalAsValue(askPermit(session, product, offer));",
				to: "const first = await askPermit(session, product, offer);",
				breaks: "one product that is refused keeps the others from being updated",
			},
			{
				from: 'const outcomes: readonly Outcome[] = ["installed", "healthy"];',
				to: 'const outcomes: readonly Outcome[] = ["installed"];',
				breaks: "the service never learns that firewalls run well with a release",
			},
			{
				from: "const reported = await refusalAsValue(reportInstalled(session, permit));",
				to: "const reported = await reportInstalled(session, permit);",
				breaks: "a report that is refused makes an update that was done fail",
			},
			{
				from: 'offered.status !== "offered" || offered.offer == null',
				to: "offered.offer == null",
				breaks: "a firewall installs what it is not offered any more",
			},
		],
	},
];
