// Faults in the routes: who is let in, what a device, a publisher and a hook are answered.
import type { FileEdits } from "../edit.ts";

const ATTACKS = ["test/workers/routes/attacks/"];

export const ROUTES: readonly FileEdits[] = [
	{
		file: "src/entitlement/keys/key-expiry.ts",
		tests: ["test/unit/entitlement/keys/key-expiry", "test/workers/routes/http/auth-table"],
		edits: [
			{
				from: "now >= expiresAt",
				to: "now > expiresAt",
				breaks: "an API key is good for a second more than it says",
			},
		],
	},
	{
		file: "src/routes/http/key-holder.ts",
		tests: ["test/workers/routes/http/auth-table", "test/workers/console/sign-in"],
		edits: [
			{
				from: "if (ending !== null) refuse(",
				to: 'if (ending === "expired") refuse(',
				breaks: "an API key that was revoked opens everything that it did",
			},
		],
	},
	{
		file: "src/console/sign-in.tsx",
		tests: ["test/workers/console/sign-in"],
		edits: [
			{
				from: "if (!isFromHere(raw)) throw foreignForm();",
				to: "",
				breaks: "another site sends the console's forms in the name of who is signed in",
			},
			{
				from: 'if (isAction && form.get("form") !== session.form) throw foreignForm();',
				to: "",
				breaks: "a form of another session counts",
			},
			{
				from: 'return isInside ? text : "/console";',
				to: "return text;",
				breaks: "signing in leads to another site",
			},
		],
	},
	{
		file: "src/console/sign-in-link.tsx",
		tests: ["test/workers/console/sign-in-link"],
		edits: [
			{
				from: 'if (!(await c.env.services.objects.useOnce(`console ${hash}`, id, exp, c.env.now, "", page))) {',
				to: "if (exp === 0) {",
				breaks: "a sign-in link counts again and again",
			},
			{
				from: 'c.header("referrer-policy", "strict-origin");',
				to: "",
				breaks: "the address of a sign-in link is passed on",
			},
			{
				from: "const holder = await holderOf(c.env, hash).catch(refuseLink);",
				to: 'const holder = { key: "k", subject: "s", scopes: ["read"] as const, team: null, expiresAt: null };',
				breaks: "a link outlives the key that it was made with",
			},
		],
	},
	{
		file: "src/console/sign-in-ticket.ts",
		tests: ["test/workers/console/sign-in-link"],
		edits: [
			{
				from: 'frame: ["console link 1", issuer]',
				to: 'frame: ["console 1", issuer]',
				breaks: "a sign-in link's ticket passes for a session, without being used up",
			},
			{ from: "return now < exp", to: "return now <= exp + 600", breaks: "a sign-in link counts for twenty minutes" },
		],
	},
	{
		file: "src/console/sign-in-access.tsx",
		tests: ["test/workers/console/sign-in-access"],
		edits: [
			{
				from: "await holderOf(c.env, key.hash), person.exp)",
				to: "await holderOf(c.env, key.hash))",
				breaks: "a session outlives the word of Cloudflare Access by which it began",
			},
		],
	},
	{
		file: "src/signing/access-assertion.ts",
		tests: ["test/workers/console/sign-in-access"],
		edits: [
			{ from: "\t\t\taudience,\n", to: "", breaks: "whom another application of the team lets in is signed in" },
			{ from: "issuer: `https://${teamDomain}`,", to: "", breaks: "who is no issuer of the team says who somebody is" },
			{
				from: "maxTokenAge: ACCESS_MAX_AGE_SECONDS,",
				to: "",
				breaks: "an old word of Cloudflare Access begins sessions for as long as it says",
			},
			{ from: 'type !== "app" || ', to: "", breaks: "a token of the whole team signs in" },
		],
	},
	{
		file: "src/routes/http/key-access.ts",
		tests: ["test/workers/routes/http/auth-table", "test/workers/routes/cross-account/"],
		edits: [
			{
				from: "if (!opensRoute(holder.scopes, asked, targetOf(request, asked)))",
				to: "if (holder.scopes.length === 0)",
				breaks: "a publisher's key creates accounts",
			},
			{
				from: 'account: isHook ? request.query("account") : request.param("account"),',
				to: 'account: request.query("account") ?? request.param("account"),',
				breaks: "a key of one account opens another's, with its own in the query",
			},
		],
	},
	{
		file: "src/entitlement/keys/key-scopes.ts",
		tests: [
			"test/unit/entitlement/keys/key-scopes",
			"test/workers/routes/http/auth-table",
			"test/workers/routes/cross-account/",
		],
		edits: [
			{
				from: "return accountObjectName(device) === accountObjectName(account);",
				to: "return true;",
				breaks: "a key of one account opens the devices of every other",
			},
			{
				from: "target.account === account",
				to: "true",
				breaks: "a key of one account opens every other",
			},
		],
	},
	{
		file: "src/routes/http/authenticate.ts",
		tests: [
			...ATTACKS,
			"test/workers/routes/device/permits/permit-rechecks",
			"test/workers/routes/operator/licenses/license-changes",
		],
		edits: [
			{
				from: 'if (authorization.scheme !== "DPoP") {\n\t\tconst detail',
				to: 'if (authorization.scheme !== "DPoP") {\n\t\treturn;\n\t\tconst detail',
				breaks: "a token that is bound to a key is good for whoever has stolen it",
			},
			{
				from: "if (!scope.services.proofs.isFirstUse(proof.jkt, proof.jti, scope.now)) {",
				to: "if (false) {",
				breaks: "a proof that was overheard can be sent again",
			},
			{
				from: "refuseDenied(scope, view, token.profile.id);\n\trefuseOutdated",
				to: "refuseOutdated",
				breaks: "a suspended device goes on until its token ends",
			},
			{
				from: "if (isOutdated) refuse",
				to: "if (!isOutdated) refuse",
				breaks: "a token from before a change of licenses is good until it ends",
			},
		],
	},
	{
		file: "src/routes/device/permits/permits.ts",
		tests: ATTACKS,
		edits: [
			{
				from: "await requireProof(request, scope, authorization, opened);",
				to: 'if (authorization.scheme === "DPoP") await requireProof(request, scope, authorization, opened);',
				breaks: "a bound token sent as Bearer gets a permit with its offer",
			},
			{
				from: "requireEntitlement(device, offer.product, now, entitledTo(view.heads, offer.product))",
				to: 'requireEntitlement(device, offer.product, now, "registered")',
				breaks: "an offer buys its release when the license names the product no more",
			},
			{
				from: 'if (!isLicensed(release, terms, now)) throw notEntitled("critical_only", pass.grant);',
				to: "",
				breaks: "a license that was shortened after the offer still gives its release",
			},
			{
				from: "refuseDenied(scope, view, offer.device);",
				to: "",
				breaks: "a suspended device gets permits while its record is late",
			},
		],
	},
	{
		file: "src/routes/device/permits/permit-checks.ts",
		tests: [...ATTACKS, "test/unit/content/releases/for-model"],
		edits: [
			{
				from: "named === undefined || named.withdrawn",
				to: "named === undefined",
				breaks: "a release that was withdrawn after the offer is installed",
			},
			{
				from: "if (release.sha256 !== offer.sha256)",
				to: "if (false)",
				breaks: "a permit is for other bytes than were offered",
			},
		],
	},
	{
		file: "src/routes/device/check/unchanged.ts",
		edits: [
			{
				from: " ${country}`",
				to: "`",
				breaks: "a device in another country gets a 304 instead of its messages",
			},
			{
				from: "if (deniedUntil(view, etag.deviceId) !== undefined) return null;",
				to: "",
				breaks: "a suspended device is told that nothing has changed",
			},
		],
	},
	{
		file: "src/routes/device/oauth/token-form.ts",
		tests: [...ATTACKS],
		edits: [
			{
				from: ' || fields.has("client_assertion")',
				to: "",
				breaks: "a request with two client authentications is told that one of them is unknown",
			},
		],
	},
	{
		file: "src/routes/http/oauth-form.ts",
		tests: [...ATTACKS],
		edits: [
			{
				from: 'value !== "" && ',
				to: "",
				breaks: "an empty scope is refused that is as if it were left out",
			},
		],
	},
	{
		file: "src/routes/device/oauth/token.ts",
		tests: [...ATTACKS, "test/workers/routes/outages/copies"],
		edits: [
			{
				from: 'if (device.status !== "active") refuseStatus(scope, device.status);',
				to: "",
				breaks: "a suspended device gets a token",
			},
			{
				from: "provisional: scope.degradedAsOf() !== null",
				to: "provisional: false",
				breaks: "a token that was made from old records outlives the denial of its device",
			},
			{
				from: 'if (standsOnDenyList(scope, await reading, device.id)) refuseDevice("not active");',
				to: "",
				breaks: "a suspended device gets a token while its record is late",
			},
		],
	},
	{
		file: "src/routes/device/oauth/client-assertion.ts",
		tests: [...ATTACKS, "test/workers/routes/device/oauth"],
		edits: [
			{
				from: "device.dpopBound && device.lease === null",
				to: "device.lease === null",
				breaks: "an assertion that was overheard gives a bearer token",
			},
			{
				from: " && device.lease === null",
				to: "",
				breaks: "a captured token request renews a seat",
			},
			{
				from: "if (device.certificates !== undefined) {",
				to: "if (false) {",
				breaks: "whoever has the key of a device needs no certificate",
			},
		],
	},
	{
		file: "src/routes/device/permits/reports.ts",
		tests: ["test/workers/routes/device/permits/permits"],
		edits: [
			{
				from: "claims === null || claims.device !== caller.profile.id",
				to: "claims === null",
				breaks: "a device reports on the permit of another",
			},
		],
	},
	{
		file: "src/routes/device/downloads/byte-range.ts",
		edits: [
			{
				from: 'return offset >= size ? "unsatisfiable"',
				to: 'return offset > size ? "unsatisfiable"',
				breaks: "a part behind the last byte is answered with less than nothing",
			},
		],
	},
	{
		file: "src/routes/hooks/autoscaling-hook.ts",
		edits: [
			{
				from: "...(isNews ? [cloud.deleteCode(instance)] : [])",
				to: "cloud.deleteCode(instance)",
				breaks: "an end that is told late deletes the code of the present launch",
			},
			{
				from: "if (cloud === null) throw notConfigured(scope, account.id);",
				to: "if (cloud === null) throw new Error();",
				breaks: "AWS sends an event again and again that only a person can mend",
			},
		],
	},
	{
		file: "src/routes/http/rate-limit.ts",
		tests: ATTACKS,
		edits: [
			{
				from: 'request.headers.get("cf-connecting-ip") ?? "unknown"',
				to: 'request.headers.get("x-forwarded-for") ?? "unknown"',
				breaks: "a stranger chooses whose quota is used up",
			},
		],
	},
];
