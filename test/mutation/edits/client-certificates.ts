// Faults in who is known by a client certificate.
import type { FileEdits } from "../edit.ts";

export const CLIENT_CERTIFICATES: readonly FileEdits[] = [
	{
		file: "src/routes/device/oauth/client-certificate.ts",
		tests: ["test/workers/routes/device/oauth/client-certificates"],
		edits: [
			{
				from: "if (!isOwn(device.certificates ?? [], certificate))",
				to: "if (device.certificates === undefined)",
				breaks: "any certificate of a trusted authority is any device's",
			},
		],
	},
	{
		file: "src/routes/http/mtls/client-certificate.ts",
		tests: ["test/workers/routes/device/oauth/client-certificates"],
		edits: [
			{
				from: 'if (certVerified !== "SUCCESS")',
				to: "if (!certVerified)",
				breaks: "a certificate that was not verified counts",
			},
			{
				from: 'if (certRevoked !== "0")',
				to: "if (certRevoked === true)",
				breaks: "a certificate that was revoked counts",
			},
			{
				from: " || !equalInConstantTime(shown, secret)",
				to: "",
				breaks: "whoever makes up the header of a proxy is the device",
			},
			{
				from: "if (now > parts.notAfter)",
				to: "if (false)",
				breaks: "a certificate that has ended counts",
			},
			{
				from: "vouched.x5t !== null && vouched.x5t !== x5t",
				to: "false",
				breaks: "two certificates of one connection count as one",
			},
		],
	},
	{
		file: "src/routes/http/authenticate.ts",
		tests: ["test/workers/routes/device/oauth/client-certificates"],
		edits: [
			{
				from: "if (x5t !== null) await requireCertificate(request, scope, authorization, x5t);",
				to: "",
				breaks: "a token that was stolen is good without the certificate",
			},
			{
				from: "shown.ok && equalInConstantTime(shown.x5t, x5t)",
				to: "shown.ok",
				breaks: "a token that was stolen is good with any certificate",
			},
		],
	},
	{
		file: "src/routes/device/oauth/factory-certificate.ts",
		tests: ["test/workers/routes/device/oauth/zero-touch"],
		edits: [
			{
				from: "if (!isSameSerial(own, serial)) {",
				to: "if (false) {",
				breaks: "an appliance is activated under the serial number of another",
			},
		],
	},
	{
		file: "src/signing/client-certificate/authority.ts",
		tests: ["test/unit/signing/client-certificate/authority"],
		edits: [
			{
				from: 'if (!mayIssue(parts)) return { ok: false, reason: "leaf" };',
				to: "",
				breaks: "an appliance's certificate is taken for its maker's",
			},
			{
				from: "return await crypto.subtle.verify(method.verify, key, signature, certificate.signed);",
				to: "return true;",
				breaks: "whoever takes a manufacturer's name signs for it",
			},
		],
	},
	{
		file: "src/objects/account/devices/claim-desk.ts",
		tests: ["test/workers/routes/operator/devices/open-claims"],
		edits: [
			{
				from: "open.now + added > open.most",
				to: "added > open.most",
				breaks: "one account claims a maker's whole range of serial numbers, a page at a time",
			},
		],
	},
	{
		file: "src/objects/account/devices/device-desk.ts",
		tests: ["test/workers/routes/device/oauth/zero-touch"],
		edits: [
			{
				from: 'if (input.status === "revoked") this.#parts.claims.spend(known.serial);',
				to: "",
				breaks: "an appliance that was stolen and revoked comes back by itself after a reset",
			},
		],
	},
	{
		file: "src/objects/directory/factory-list.ts",
		tests: ["test/workers/routes/device/oauth/zero-touch", "test/workers/routes/device/oauth/manufacturers"],
		edits: [
			{
				from: "INSERT OR IGNORE INTO serial_claims",
				to: "INSERT OR REPLACE INTO serial_claims",
				breaks: "an account takes the appliances of another by claiming them",
			},
			{
				from: "WHERE key = ? AND account = ?",
				to: "WHERE key = ? AND account <> ?",
				breaks: "an account gives back what another has claimed",
			},
			{
				from: "known.subject !== subject ||",
				to: "",
				breaks: "a maker keeps a name in which its authority issues no more, with a certificate of another",
			},
		],
	},
];
