// Faults in how a firewall downloads, installs and reports.
import type { FileEdits } from "../../edit.ts";

export const FIREWALL_UPDATES: readonly FileEdits[] = [
	{
		file: "cli/firewall/update/download.ts",
		edits: [
			{
				from: "if (found === sha256) {",
				to: "if (found !== null) {",
				breaks: "a firewall installs bytes that are not the release's",
			},
			{
				from: "const isAllOfThisRun = resumedFrom === 0;",
				to: "const isAllOfThisRun = true;",
				breaks: "one bad part from an earlier run makes a release count as bad",
			},
			{
				from: "if (verdict.from < offset) await dropPart();",
				to: "",
				breaks: "a whole package is put behind the part that it should replace",
			},
			{
				from: "await rm(partPath, { force: true }).catch(() => {});",
				to: "",
				breaks: "a part that has filled the disk stays there",
			},
			{
				from: "if (cause instanceof DiskError) throw cause;",
				to: "",
				breaks: "a full disk counts as a line that broke off",
			},
			{
				from: "fruitless = (await sizeOf(partPath)) > before ? 0 : fruitless + 1;",
				to: "fruitless += 1;",
				breaks: "a large download over a poor line is given up though it gets on",
			},
			{
				from: "if (isStuck || (refused && fruitless > 1)) {",
				to: "if (fruitless > MAX_FRUITLESS_ATTEMPTS || (refused && fruitless > 1)) {",
				breaks: "a server that brings nothing is asked once more than it should",
			},
			{
				from: '"if-range": validator',
				to: "",
				breaks: "a download goes on with the bytes of another package",
			},
			{
				from: "if (received > size) return",
				to: "if (false) return",
				breaks: "a server can fill the disk of a firewall",
			},
			{
				from: 'if (received === size) return { step: "complete" };',
				to: 'return { step: "complete" };',
				breaks: "a download that broke off without an error counts as bad bytes",
			},
			{
				from: "startsOver += 1;\n\t\t\tawait dropPart();",
				to: "startsOver += 1;",
				breaks: "a part that the server cannot go on with stays in the way",
			},
			{
				from: " || startsOver >= MAX_STARTS_OVER",
				to: "",
				breaks: "a server that breaks off and never has the rest is asked for an hour",
			},
			{
				from: "if (offset > size) return",
				to: "if (false) return",
				breaks: "a part that is longer than the package is asked to be continued",
			},
			{
				from: "options.clock.sleep(attempt.retryAfterMs ?? delayMs(fruitless), options.signal)",
				to: "options.clock.sleep(delayMs(fruitless), options.signal)",
				breaks: "a firewall comes back sooner than the server asked",
			},
		],
	},
	{
		file: "cli/firewall/update/download-reply.ts",
		edits: [
			{
				from: "isWhole && Number(first) === offset",
				to: "isWhole",
				breaks: "a part that begins elsewhere is put behind the one that is there",
			},
			{
				from: 'headers.etag !== undefined && headers.etag.replace(/^W\\//, "") !== validator',
				to: "false",
				breaks: "a server that ignores If-Range puts bytes of another package behind a part",
			},
			{
				from: " && status !== 429",
				to: "",
				breaks: "a firewall that is asked to come later asks for another permit instead",
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
				from: '(status === 200 || status === 206) && coding !== "identity"',
				to: "false",
				breaks: "a package that a proxy has packed counts as bad",
			},
			{
				from: "length === undefined ? isNamed : Number(length) === size",
				to: "length === undefined || Number(length) === size",
				breaks: "a login page without a length is written into the package",
			},
			{
				from: "length === undefined ? isNamed : Number(length) === size",
				to: "isNamed",
				breaks: "no package comes from a storage that has its own ETags",
			},
			{
				from: 'length === "*" ? isNamed : Number(length) === size',
				to: 'length === "*" || Number(length) === size',
				breaks: "a part is gone on with the bytes of whatever",
			},
			{
				from: " && Number(last) >= offset",
				to: "",
				breaks: "a firewall asks again and again for a rest of which a CDN sends no byte",
			},
			{
				from: " && status !== 407",
				to: "",
				breaks: "a proxy that wants a password costs a permit each time",
			},
		],
	},
	{
		file: "cli/firewall/update/part-etag.ts",
		edits: [
			{
				from: "else await writeAtomically(etagPathOf(partPath), etag);",
				to: "",
				breaks: "a download from a bucket begins again after each break",
			},
			{
				from: "kept !== null && STRONG_ETAG.test(kept)",
				to: "kept !== null",
				breaks: "an ETag that a power failure has damaged stops a download",
			},
			{
				from: "|| !STRONG_ETAG.test(etag)",
				to: "",
				breaks: "a weak ETag is taken for a promise of the same bytes",
			},
		],
	},
	{
		file: "cli/firewall/update/bad-releases.ts",
		edits: [
			{
				from: "FIRST_PAUSE_SECONDS * 2 ** (times - 1)",
				to: "FIRST_PAUSE_SECONDS",
				breaks: "a fleet fetches a damaged release every ten minutes for ever",
			},
			{
				from: "bad === undefined || bad.sha256 !== sha256 || bad.at > now",
				to: "bad === undefined || bad.sha256 !== sha256",
				breaks: "a release is left alone for days after a clock that was ahead was set back",
			},
			{
				from: "bad === undefined || bad.sha256 !== sha256 || bad.at > now",
				to: "bad === undefined || bad.at > now",
				breaks: "a damaged release keeps the next one out",
			},
		],
	},
	{
		file: "cli/firewall/update/parts.ts",
		edits: [
			{
				from: "`${product}@${sha256}.part`",
				to: "`${product}@${sha256}.${Math.random()}.part`",
				breaks: "a download is not gone on with under a new permit",
			},
			{
				from: "await dropParts(home, (name) => name === nameOf(part) || name === etagPathOf(nameOf(part)));",
				to: "",
				breaks: "the part of another package keeps an emergency out",
			},
			{
				from: "await dropParts(home);\n\treturn describeNeed",
				to: "return describeNeed",
				breaks: "a part that can never be whole keeps the room of others",
			},
			{
				from: "part.size - done + RESERVED_BYTES",
				to: "part.size + RESERVED_BYTES",
				breaks: "the last bytes of a large package are never fetched",
			},
			{
				from: " || (only !== undefined && !name.startsWith(`${only}@`))",
				to: "",
				breaks: "an update of one product costs the others their parts",
			},
		],
	},
	{
		file: "cli/firewall/update/install.ts",
		edits: [
			{
				from: "if (other !== kept) await",
				to: "await",
				breaks: "a firewall removes what it has just installed",
			},
			{
				from: "await drop(folder, version);\n",
				to: "",
				breaks: "packages of all earlier versions fill the disk",
			},
			{
				from: "...installed, [product]",
				to: "[product]",
				breaks: "a firewall forgets its other products with each update",
			},
			{
				from: 'join("packages", product, version, name)',
				to: 'join("packages", version, name)',
				breaks: "two products of one version overwrite each other",
			},
			{
				from: "await rename(join(home.folder, path), part).catch(() => {});",
				to: "",
				breaks: "a package that is there already is downloaded again, or has no room for ever",
			},
			{
				from: 'if ((await home.load("installed"))?.[product]?.path === path) return;',
				to: "",
				breaks: "a damaged package is moved away before there is another",
			},
		],
	},
	{
		file: "cli/firewall/update/reports.ts",
		edits: [
			{
				from: 'await reportOutcome(session, permit, "healthy", deltaMiss ?? undefined, health);',
				to: "",
				breaks: "the service never learns that firewalls run well with a release",
			},
			{
				from: 'await session.home.save("reports", [...waiting, report]);',
				to: 'await session.home.save("reports", [report]);',
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
		file: "cli/firewall/update/update.ts",
		edits: [
			{
				from: 'if (reason !== "digest_mismatch" && reason !== "size_mismatch") return failed(reason, detail);',
				to: "",
				breaks: "a download that was interrupted counts as a bad release",
			},
			{
				from: 'await failureAsValue(reportOutcome(session, permit, "failed", reason));',
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
				from: "const first = inOffer ?? (await failureAsValue(askPermit(session, product, offer)));",
				to: "const first = inOffer ?? (await askPermit(session, product, offer));",
				breaks: "one product that is refused keeps the others from being updated",
			},
			{
				from: 'code !== "exposure_limited"',
				to: "true",
				breaks: "a release that has not come to a firewall yet counts as a failed update",
			},
			{
				from: "!isFresh(permittedMs, session.nowMs())",
				to: "false",
				breaks: "a firewall installs a release that was halted while it was downloaded",
			},
			{
				from: "!isFresh(permittedMs, session.nowMs())",
				to: "true",
				breaks: "each update asks for two permits",
			},
			{
				from: "if (isLive(offer, session.nowMs())) return askPermit(session, product, offer);",
				to: "return askPermit(session, product, offer);",
				breaks: "a package that comes slower than its offer lives is never put in place",
			},
			{
				from: "anew?.sha256 === offer.sha256 ? askPermit",
				to: "anew != null ? askPermit",
				breaks: "a release is put in place under the permit of another",
			},
			{
				from: "isWanted ? await failureAsValue(reportInstalled(session, permit, { health, deltaMiss })) : null",
				to: "isWanted ? await reportInstalled(session, permit, { health, deltaMiss }) : null",
				breaks: "a report that is refused makes an update that was done fail",
			},
			{
				from: "(await dropParts(session.home)) === 0",
				to: "true",
				breaks: "a part that has filled the disk stops all updates for ever",
			},
			{
				from: "await dropOldParts(home, products, only);",
				to: "",
				breaks: "parts of releases that nobody offers any more fill the disk",
			},
			{
				from: 'if (need !== null) return failed("disk"',
				to: 'if (false) return failed("disk"',
				breaks: "a package that cannot fit costs a permit and its bytes each time",
			},
			{
				from: 'offered.status !== "offered" || offered.offer == null',
				to: "offered.offer == null",
				breaks: "a firewall installs what it is not offered any more",
			},
		],
	},
	{
		file: "cli/firewall/update/permitted-download.ts",
		edits: [
			{
				from: "if (refused || Date.parse(current.expires_at) <= session.nowMs()) current = await renew();",
				to: "if (refused) current = await renew();",
				breaks: "a URL that has run out is tried before another is asked for",
			},
			{
				from: 'if (!got.ok && got.reason === "interrupted") return got;',
				to: "",
				breaks: "a line that is down for a delta has the whole asked for over the same line",
			},
			{
				from: 'if (applied.sha256 !== permit.sha256) return "delta_digest_mismatch";',
				to: "",
				breaks: "what a delta makes is installed, whatever it is",
			},
			{
				from: 'miss: found === delta.from_sha256 ? null : "delta_damaged_base"',
				to: "miss: null",
				breaks: "a delta is fetched for a base that is damaged",
			},
			{
				from: "canUseDictionaries() && size - (done?.size ?? 0) > delta.size",
				to: "canUseDictionaries()",
				breaks: "a delta is fetched where less is left of the whole",
			},
		],
	},
];
