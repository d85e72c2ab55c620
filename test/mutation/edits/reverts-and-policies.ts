// Faults in going back from a withdrawn release, and in a customer's say on the updates of its devices.
import type { FileEdits } from "../edit.ts";

export const REVERTS_AND_POLICIES: readonly FileEdits[] = [
	{
		file: "src/content/releases/revert-target.ts",
		edits: [
			{
				from: "releases.slice(from + 1, target)",
				to: "releases.slice(from + 2, target)",
				breaks: "devices go back to the release right below the withdrawn one, past the named target",
			},
			{
				from: " || releases[target]?.withdrawn !== false",
				to: "",
				breaks: "a target that was withdrawn itself sends devices back behind all that is left",
			},
			{
				from: 'target.channel !== "stable" && target.channel !== bad.channel',
				to: "target.channel !== bad.channel",
				breaks: "devices on beta cannot be sent back to a release of stable",
			},
			{
				from: "coversAudience(target, bad)",
				to: "coversAudience(bad, target)",
				breaks: "devices are sent back to a release that is not for their model",
			},
		],
	},
	{
		file: "src/content/releases/select-release.ts",
		edits: [
			{
				from: "(before === undefined || before === null || isBad(before)) &&",
				to: "(before === undefined || before === null) &&",
				breaks: "a device on a withdrawn release waits for a place in a trial instead of going back",
			},
			{
				from: "!isBad(release.version) &&",
				to: "!release.withdrawn &&",
				breaks: "a device for which only the trial is left stays on the withdrawn release",
			},
			{
				from: "(pin === null || release.version === pin.version) &&\n",
				to: "",
				breaks: "a device that is pinned to a trial stays on the withdrawn release",
			},
			{
				from: "skippedByRevert(record.releases, before, device.model)",
				to: "skippedByRevert(record.releases, device.installed, device.model)",
				breaks: "a device that lost the content of a withdrawn release gets one that lies before its target",
			},
		],
	},
	{
		file: "src/entitlement/policy/device-policy.ts",
		tests: ["test/unit/content/"],
		edits: [
			{
				from: "if (policy === null || install.isFirst) return null;",
				to: "if (policy === null) return null;",
				breaks: "a device with nothing waits for a window without protection",
			},
			{
				from: '(isRevert && passes.includes("revert"))',
				to: '(isRevert && passes.includes("emergency"))',
				breaks: "a device whose account lets reverts pass stays on a withdrawn release until its window",
			},
			{
				from: "from <= at && at < until",
				to: "from < at && at < until",
				breaks: "a release is installed in the first second of a freeze",
			},
		],
	},
	{
		file: "src/entitlement/policy/account-policy.ts",
		tests: ["test/unit/content/"],
		edits: [
			{
				from: "delay: Math.max(grant.delay, ages.delay),",
				to: "delay: minAge,",
				breaks: "a customer's minimum age shortens the delay of the license",
			},
		],
	},
];
