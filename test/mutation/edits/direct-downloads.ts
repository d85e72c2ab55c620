// Faults in offers that carry their download.
import type { FileEdits } from "../edit.ts";

const TESTS = ["test/workers/routes/device/permits/direct-downloads"];
const TABLE = ["test/unit/routes/device/permits/direct-download"];

export const DIRECT_DOWNLOADS: readonly FileEdits[] = [
	{
		file: "src/routes/device/permits/direct-download.ts",
		tests: TABLE,
		edits: [
			{
				from: "rollout === null && profile",
				to: "profile",
				breaks: "a release that few may have is downloaded by everybody to whom it is offered",
			},
			{
				from: "profile.haGroup === null && ",
				to: "",
				breaks: "the devices of an HA group are updated at once",
			},
			{
				from: "!policyInRecord && ",
				to: "",
				breaks: "a device downloads against a hold that only its record knows",
			},
			{
				from: "!provisional && ",
				to: "",
				breaks: "a device that nobody could look up downloads without a permit",
			},
		],
	},
	{
		file: "src/content/denied-list.ts",
		tests: TESTS,
		edits: [
			{
				from: "|| version < deviceChangeOf(list, id)",
				to: "",
				breaks: "a device that was frozen or joined a group downloads by its token until that ends",
			},
		],
	},
	{
		file: "src/routes/device/permits/reports.ts",
		tests: TESTS,
		edits: [
			{
				from: '"direct", text, UNBOUND, now - REPORT_WITHIN_SECONDS',
				to: '"direct", text, UNBOUND, now',
				breaks: "a report on an offer with a download is lost when it waits for a quarter of an hour",
			},
		],
	},
	{
		file: "src/routes/device/permits/permits.ts",
		tests: TESTS,
		edits: [
			{
				from: 'if (!caller.ok || caller.profile.id !== direct.claims.device) return { ok: false, reason: "other_token" } as const;',
				to: "if (!caller.ok) return { ...direct, ...boundTo(direct.claims) };",
				breaks: "an offer with a download that was overheard is a permit for whoever has no token of its device",
			},
			{
				from: "jkt: caller.jkt ?? offered.jkt",
				to: "jkt: offered.jkt",
				breaks:
					"a bound token that was stolen gets a permit without a proof, by an offer that was made for a bearer token",
			},
			{
				from: "requireAge(scope, release, terms);",
				to: "",
				breaks: "an offer buys a release that became too young for the license since",
			},
		],
	},
	{
		file: "cli/firewall/update/offered-download.ts",
		tests: ["test/unit/cli/firewall/update/offered-download"],
		edits: [
			{
				from: "!isFresh(checkedMs, nowMs)",
				to: "false",
				breaks: "a firewall installs by an old check what was withdrawn since",
			},
			{
				from: "ageMs >= 0 && ",
				to: "",
				breaks: "a firewall whose clock is set back during a download installs what was withdrawn meanwhile",
			},
		],
	},
];
