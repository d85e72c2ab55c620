// Faults in what a firewall keeps, asks and says.
import type { FileEdits } from "../../edit.ts";

export const FIREWALL: readonly FileEdits[] = [
	{
		file: "cli/firewall/identity/client-certificate.ts",
		tests: ["test/unit/cli/firewall/identity/"],
		edits: [
			{
				from: "dpop_bound_access_tokens: true,\n",
				to: "",
				breaks: "the server gives tokens for the firewall to whoever has no proof",
			},
		],
	},
	{
		file: "cli/firewall/identity/activation.ts",
		edits: [
			{
				from: 'await home.save("identity", draft);\n\treturn draft;',
				to: "return draft;",
				breaks: "a firewall whose reply was lost comes back under another serial number",
			},
			{
				from: 'earlier?.algorithm !== algorithm || (await home.load("key")) === null',
				to: "true",
				breaks: "a firewall whose reply was lost comes back with another key, and takes a second seat",
			},
			{
				from: 'options.code?.replace(/\\s/g, "")',
				to: "options.code ?? undefined",
				breaks: "an auth code that was pasted with a line break is refused",
			},
			{
				from: "if (answer.status >= 400) throw refusalFrom(answer, `could not deactivate ${device.id}`, nowMs());",
				to: "",
				breaks: "a firewall forgets who it is though the server would not let it go",
			},
			{
				from: 'await home.forget("identity", "key", "token",',
				to: 'await home.forget("identity", "token",',
				breaks: "the key of a deactivated firewall stays on its disk",
			},
			{
				from: "if (earlier !== null && earlier.device !== null) {",
				to: "if (earlier === null) {",
				breaks: "a firewall that is active is registered once more",
			},
		],
	},
	{
		file: "cli/firewall/check/check.ts",
		edits: [
			{
				from: "last.query === query && hasLiveOffers",
				to: "hasLiveOffers",
				breaks: "an answer to another question is taken for one to this",
			},
			{
				from: "Date.parse(offer.expires_at) - OFFER_MARGIN_MS > nowMs",
				to: "true",
				breaks: "a firewall with an offer that has run out never gets another",
			},
			{
				from: 'if (etag === null) await home.forget("lastCheck");',
				to: "if (etag === null) return { unchanged: false, answer, etag };",
				breaks: "an old answer is taken for the last one when the service could not read its records",
			},
			{
				from: "permit.product === product && permit.version === offer.version && permit.sha256 === offer.sha256",
				to: "permit.product === product && permit.version === offer.version",
				breaks: "a firewall installs other bytes than it was offered",
			},
			{
				from: "new Set([...licensed, ...installed])",
				to: "new Set(licensed)",
				breaks: "a product that the license no longer names is not asked about though it is installed",
			},
			{
				from: "if (seen !== undefined) query.push(`seen=${seen}`);",
				to: "",
				breaks: "messages that were read count as unread",
			},
			{
				from: "if (identity?.engine != null) query.push(`engine=${encodeURIComponent(identity.engine)}`);",
				to: "",
				breaks: "a firewall is offered releases that its software cannot run",
			},
			{
				from: "query.push(...(await haParameters(home)));",
				to: "",
				breaks: "the service does not learn what a firewall is in its HA group",
			},
			{
				from: 'if (token !== null) await session.home.save("token", { ...token, products });',
				to: "",
				breaks: "a firewall asks for its entitlements with every check",
			},
		],
	},
	{
		file: "cli/firewall/identity/device-key.ts",
		edits: [
			{
				from: "htu: `${origin}${pathname}`",
				to: "htu: url",
				breaks: "a proof names the query of a request, and is refused",
			},
			{
				from: "const { d: _secret, ...publicJwk } = privateJwk;",
				to: "const publicJwk = privateJwk;",
				breaks: "the private key is sent to the server",
			},
			{
				from: ".setExpirationTime(now + ASSERTION_LIFE_SECONDS)",
				to: ".setExpirationTime(now + 100 * ASSERTION_LIFE_SECONDS)",
				breaks: "an assertion that is stolen is good for hours",
			},
			{
				from: "accessToken === undefined ? {} : { ath",
				to: 'accessToken !== undefined ? {} : { ath: "" } && { ath',
				breaks: "proofs do not name the token that they go with",
			},
		],
	},
	{
		file: "cli/firewall/identity/discovery.ts",
		edits: [
			{
				from: "(endpoint) => new URL(endpoint).origin !== server",
				to: "() => false",
				breaks: "a firewall signs assertions for whatever server its server names",
			},
			{
				from: "metadata.issuer === server && strangers.length === 0",
				to: "strangers.length === 0",
				breaks: "a server with another issuer on its own address is believed",
			},
		],
	},
	{
		file: "cli/firewall/ha.ts",
		edits: [
			{
				from: '{ ...(await home.load("ha")), ...given }',
				to: "given",
				breaks: "saying a new role forgets the priority that was said before",
			},
			{
				from: '.replaceAll("%40", "@")',
				to: "",
				breaks: "versions cannot be read in a log of requests",
			},
		],
	},
	{
		file: "cli/firewall/check/messages.ts",
		edits: [
			{
				from: "message.sequence > seen",
				to: "message.sequence >= seen",
				breaks: "the last message that was read is shown again and again",
			},
			{
				from: "Math.max(seen, answer.last)",
				to: "answer.last",
				breaks: "messages are shown again when the newest one was taken down",
			},
		],
	},
	{
		file: "cli/firewall/identity/session.ts",
		edits: [
			{
				from: "saved.expiresAt - TOKEN_MARGIN_SECONDS > now()",
				to: "saved.expiresAt > now()",
				breaks: "a token is sent that has ended when it arrives",
			},
			{
				from: "saved.server === server &&",
				to: "",
				breaks: "a token of one server is shown to another",
			},
			{
				from: "given.token_type.toLowerCase() !== type.toLowerCase()",
				to: "false",
				breaks: "a token that is not bound to the key is taken for one that is",
			},
			{
				from: 'if (binding === "bound") await home.save("token", token);',
				to: 'await home.save("token", token);',
				breaks: "a bearer token is written to the disk and used for everything",
			},
			{
				from: 'first.status === 401 ? await sendWith(await obtainToken("bound"), request) : first',
				to: "first",
				breaks: "a firewall whose token was refused stops until the token ends",
			},
			{
				from: "key.proveRequest(request.method, url, now(), token.accessToken)",
				to: "key.proveRequest(request.method, url, now())",
				breaks: "proofs do not say for which token they are",
			},
		],
	},
	{
		file: "cli/firewall/home/state.ts",
		edits: [
			{
				from: "if (text !== null && value === null) await rename(path, `${path}.damaged`);",
				to: "",
				breaks: "nobody can look later at a file that was damaged",
			},
			{
				from: "if (!IRREPLACEABLE.includes(name)) return null;",
				to: "return null;",
				breaks: "a firewall with a damaged key makes itself a new one",
			},
			{
				from: '["key", "identity"]',
				to: '["key", "identity", "installed"]',
				breaks: "a damaged list of what is installed stops all updates",
			},
		],
	},
	{
		file: "cli/firewall/installed/installed-content.ts",
		edits: [
			{
				from: "if (found.size !== one.size) return",
				to: "if (false) return",
				breaks: "a package that was cut short counts as installed for a day",
			},
			{
				from: 'depth === "now" || !isRecent',
				to: "!isRecent",
				breaks: "a firewall that starts after a power failure believes its files",
			},
			{
				from: 'depth === "now" || !isRecent',
				to: "true",
				breaks: "every check reads everything that is installed",
			},
			{
				from: "ageSeconds >= 0 && ",
				to: "",
				breaks: "a clock that was ahead once keeps files from being read for years",
			},
		],
	},
	{
		file: "cli/firewall/home/home-lock.ts",
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
				from: 'lock.exec("PRAGMA journal_mode = MEMORY");',
				to: "",
				breaks: "a full disk keeps a firewall from giving up its parts",
			},
			{
				from: "if (resultCodeOf(cause) !== SQLITE_NOTADB) throw cause;",
				to: "throw cause;",
				breaks: "a lock file of an earlier version stops all updates",
			},
		],
	},
];
