// Faults in who gets a permit while few may have a release, in what a report makes of it, and in whose word counts.
import type { FileEdits } from "../edit.ts";

export const ROLLOUTS: readonly FileEdits[] = [
	{
		file: "src/rollout/lease.ts",
		edits: [
			{
				from: 'if (isAgain) return refuse("step_full", SOON);',
				to: "",
				breaks: "whoever says that it lost its permit gets a place of the step, whatever its bucket",
			},
			{
				from: 'if (own !== undefined && own.outcome !== "excused") return { ok: true, kind: "again", lease: own };',
				to: 'if (own?.outcome === "healthy") return { ok: true, kind: "again", lease: own };',
				breaks: "a device that lost its permit takes a second place, or none while its step is full",
			},
			{
				from: 'outcome === "healthy" && partners.includes(device)',
				to: 'outcome === "healthy"',
				breaks: "all devices of an account pass through the place of one group, put into it one after the other",
			},
			{
				from: 'lease.at === at || reported === "failed" || reported === "rolled_back"',
				to: "true",
				breaks: "a report on an earlier permit that comes again counts for the present one",
			},
			{
				from: 'lease.at === at || reported === "failed"',
				to: "lease.at === at",
				breaks: "that a release failed on a device is not heard under an earlier permit",
			},
			{
				from: 'if (outcome === "healthy" && counts) return { lease: failed, count: ["failed", "relapsed"] };',
				to: "",
				breaks: "a unit that was healthy and failed later takes a second place, and counts as healthy too",
			},
			{
				from: 'const hasFailed = holder.outcome === "failed" || holder.outcome === "silent";',
				to: "const hasFailed = true;",
				breaks: "a group whose second device failed counts as healthy",
			},
			{
				from: "if (holder === null) return { lease",
				to: 'if (holder?.outcome !== "healthy") return { lease',
				breaks: "a group whose devices both failed counts twice",
			},
			{
				from: "yields: { ...holder, counts: false }",
				to: "yields: holder",
				breaks: "a group has two places once its second device failed",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/lease-ends.ts",
		tests: ["test/workers/objects/product/rollouts/rollouts"],
		edits: [
			{
				from: "if (yields !== undefined) leases.save(version, yields);",
				to: "",
				breaks: "the first device of a group goes on standing for it when the second one failed",
			},
			{
				from: 'if (counts && outcome !== "excused") return null;',
				to: "return null;",
				breaks: "nobody looks for the place of the group when its second device fails",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/rollout-approval.ts",
		tests: ["test/workers/routes/publisher/rollouts"],
		edits: [
			{
				from: 'kind === "override" && !takesOverride(rollout, evidence, word.now)',
				to: "false",
				breaks: "a word to let a step pass is taken before it was watched for its time, and lapses unseen",
			},
		],
	},
	{
		file: "src/content/releases/select-release.ts",
		tests: ["test/unit/content/releases/bad-content"],
		edits: [
			{
				from: "version !== held && version !== permitted",
				to: "version !== held",
				breaks: "a device that lost its permit is not offered the release while its step is full",
			},
			{
				from: "isByPermit = isAgain;",
				to: "",
				breaks: "a permit is given to whoever says that it had one",
			},
			{
				from: 'return verdict === "not_reached";',
				to: 'return verdict === "not_reached" || verdict === "too_young";',
				breaks: "a license of a slow tier gets a release early by saying that it had it",
			},
			{
				from: " || couldBeIn?.(rollout) === false",
				to: "",
				breaks: "a release that is for one account alone is shown to whoever says that it had it",
			},
		],
	},
	{
		file: "src/objects/product/releases/release-desk.ts",
		tests: ["test/workers/routes/publisher/uploads/size-bounds"],
		edits: [
			{
				from: "current.length > 0 ? current : currentOf(out, next)",
				to: "current",
				breaks: "a file of any size is released once the only release is withdrawn",
			},
		],
	},
	{
		file: "cli/firewall/home/open-permits.ts",
		edits: [
			{
				from: 'await home.save("permits", { ...others, [product]: before?.version === version ? before : { version } });',
				to: "",
				breaks: "a firewall that never got the answer to its permit does not know that it asked",
			},
			{
				from: "if (error instanceof ServerRefusal && isLost(error)) await forgetPermit(home, product);",
				to: "",
				breaks: "a firewall that has no permit says for ever that it has one",
			},
		],
	},
	{
		file: "cli/firewall/update/reports.ts",
		edits: [
			{
				from: "installed[product]?.version !== version || ",
				to: "",
				breaks: "a firewall reports a release as healthy that it has not installed",
			},
			{
				from: " || damaged.includes(product)",
				to: "",
				breaks: "a firewall reports a release as healthy whose content is gone",
			},
			{
				from: "await forgetPermit(session.home, permit.product);",
				to: "",
				breaks: "a firewall reports the same release as healthy at every update",
			},
		],
	},
];
