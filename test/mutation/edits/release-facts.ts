// Faults in what a release says of itself, and in products for every registered device.
import type { FileEdits } from "../edit.ts";

export const RELEASE_FACTS: readonly FileEdits[] = [
	{
		file: "src/entitlement/decide.ts",
		edits: [
			{
				from: 'if (entitled !== "registered" || !isOfLicense(licensed.code)) return licensed;',
				to: 'if (entitled !== "registered") return licensed;',
				breaks: "a device that was revoked has what every registered device may have",
			},
			{
				from: 'if (entitled !== "registered" || !isOfLicense(licensed.code)) return licensed;',
				to: "if (!isOfLicense(licensed.code)) return licensed;",
				breaks: "every device has every product without a license",
			},
			{
				from: 'licensed.code === "not_yet_valid" ? licensed.holdsUntil : Infinity',
				to: "licensed.holdsUntil",
				breaks: "an answer that no time changes is asked for again when the license's emergencies end",
			},
		],
	},
	{
		file: "src/entitlement/terms.ts",
		edits: [
			{
				from: "until: Number.POSITIVE_INFINITY, grace: 0 };",
				to: "};",
				breaks: "what came out after the license's end is not for who has the product without it",
			},
			{
				from: "{ ...agesOf(policy), ...grant,",
				to: "{ ...grant, ...agesOf(policy),",
				breaks: "a license's delay tier is forgotten when it ends",
			},
			{
				from: 'passes?.includes("emergency") !== true && ',
				to: "",
				breaks: "emergencies that pass wait for the minimum age of their class",
			},
		],
	},
	{
		file: "src/content/heads-record.ts",
		tests: ["test/workers/routes/device/check/registered-products"],
		edits: [
			{
				from: "[...new Set([...named, ...registered])]",
				to: "named",
				breaks: "a check that names no products says nothing of those for every registered device",
			},
		],
	},
	{
		file: "src/content/releases/room.ts",
		edits: [
			{
				from: "needed <= disk",
				to: "needed < disk",
				breaks: "a release that fits to the byte is not offered",
			},
			{
				from: "release.version === installed || ",
				to: "",
				breaks: "a device with a full disk is told that what it runs does not fit, and is sent back",
			},
			{
				from: "size + footprint.unpacked",
				to: "footprint.unpacked",
				breaks: "a device has no room for the package beside its content",
			},
		],
	},
	{
		file: "src/content/releases/release-facts.ts",
		tests: ["test/unit/rollout/classes", "test/unit/entitlement/policy"],
		edits: [
			{
				from: 'said ?? "reboot"',
				to: 'said ?? "none"',
				breaks: "a release that does not say its impact reboots firewalls outside of their windows",
			},
			{
				from: "= RELEASE_CLASSES): number {",
				to: "= []): number {",
				breaks: "a release that does not say its classes passes every age and word that is asked by class",
			},
		],
	},
	{
		file: "src/entitlement/policy/device-policy.ts",
		edits: [
			{
				from: "interrupts(impact, windowFrom) ? policy : { ...policy, windows: null }",
				to: "interrupts(impact, windowFrom) ? policy : { ...policy, windows: null, freezes: [] }",
				breaks: "a reload comes in a freeze",
			},
		],
	},
	{
		file: "src/rollout/approvals.ts",
		edits: [
			{
				from: "Math.max(count, rollout.otherApprovers, rollout.leastApprovers ?? 0)",
				to: "Math.max(count, rollout.otherApprovers)",
				breaks: "a release that changes behaviour goes out without the words that its product asks for",
			},
		],
	},
	{
		file: "src/fleet/device-state.ts",
		edits: [
			{
				from: "if (!grants.has(one.product) && registered !== true) {",
				to: "if (!grants.has(one.product)) {",
				breaks: "nobody sees what devices run of a product for every registered device",
			},
		],
	},
	{
		file: "cli/firewall/check/room.ts",
		edits: [
			{
				from: "last <= bytes && bytes < 2 * last",
				to: "bytes < 2 * last",
				breaks: "a firewall says more room than it has, and is offered what does not fit",
			},
		],
	},
];
