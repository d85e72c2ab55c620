// Faults in the Products.
import type { FileEdits } from "../../edit.ts";

export const PRODUCT: readonly FileEdits[] = [
	{
		file: "src/objects/product/record-reader.ts",
		tests: ["test/workers/routes/publisher/", "test/workers/routes/operator/"],
		edits: [
			{
				from: "|| asked > info.revision",
				to: "",
				breaks: "a revision that is yet to come is answered with an older one",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/regression-desk.ts",
		tests: ["test/workers/routes/publisher/regressions"],
		edits: [
			{
				from: "release.withdrawnAt !== null || ",
				to: "",
				breaks: "a release that is withdrawn is told to fail",
			},
			{
				from: "|| rollouts.regression(version) !== null",
				to: "",
				breaks: "the same regression is told again and again",
			},
			{
				from: "now >= release.outAt + WATCHED_SECONDS",
				to: "false",
				breaks: "a release is watched for ever",
			},
			{
				from: "if (release.outAt === null) return false;",
				to: "",
				breaks: "a release that failed while few might have it is never judged when everybody may",
			},
		],
	},
	{
		file: "src/objects/product/releases/release-desk.ts",
		tests: ["test/workers/routes/publisher/", "test/workers/objects/product/"],
		edits: [
			{
				from: "known.sha256 === input.sha256",
				to: "true",
				breaks: "other bytes are taken for those that a version has",
			},
			{
				from: 'audit(input, "release.withdraw", version, target === null ? reason : `back to ${target}: ${reason}`);',
				to: "",
				breaks: "nobody can see later who withdrew a release, and why",
			},
			{
				from: 'audit(input, "package.add", input.version, input.sha256);',
				to: "",
				breaks: "nobody can see later who uploaded a package",
			},
			{
				from: 'known === null || known.status === "uploaded"',
				to: "known === null",
				breaks: "a package that was never released can be withdrawn",
			},
			{
				from: 'if (known.status === "withdrawn" && target === known.revertTo) return { ok: true, changed: false };',
				to: "",
				breaks: "each repetition of a withdrawal is published anew",
			},
			{
				from: "rolloutDesk.end(input, version, `withdrawn: ${reason}`);",
				to: "",
				breaks: "a release that was withdrawn is still permitted to the next step",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/lease-tables.ts",
		tests: ["test/workers/objects/product/rollouts/lease-plans"],
		edits: [
			{
				from: "FROM leases INDEXED BY leases_of_group WHERE",
				to: "FROM leases WHERE",
				breaks: "a permit reads each lease of its release",
			},
			{
				from: "FROM leases INDEXED BY leases_by_site",
				to: "FROM leases",
				breaks: "a permit for a device of a site reads each lease of its release",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/lease-ends.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: "return oldest + expect > now ? [oldest + expect, oldest + lease] : [oldest + lease];",
				to: "return [];",
				breaks: "nobody notices that devices fell silent",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/permit-question.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: 'release?.status === "withdrawn"',
				to: "false",
				breaks: "a release that everybody had is permitted after it was withdrawn",
			},
			{
				from: 'rollout.channel === "beta" && channel === "stable"',
				to: "false",
				breaks: "a device that left beta takes a place there",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/rollout-desk.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: 'rollouts.count(version, step, "permits",',
				to: 'rollouts.count(version, step, "excused",',
				breaks: "a step gives more permits than it has places",
			},
			{
				from: "releases.setReach(version, reachOf(rollout), change.now);\n\t\t// A plan",
				to: "// A plan",
				breaks: "edges go on offering a release that was halted",
			},
			{
				from: "rollouts.active(channel)",
				to: "rollouts.active()",
				breaks: "a release that is out on beta ends those that are on their way to stable",
			},
			{
				from: "leases.forget(version);",
				to: "",
				breaks: "what the steps on beta showed passes the steps on stable",
			},
		],
	},
	{
		file: "src/objects/product/product-tables.ts",
		tests: ["test/workers/routes/publisher/"],
		edits: [
			{
				from: "recorded = 1 WHERE version = ? AND sequence IS NULL",
				to: "recorded = 1 WHERE version = ?",
				breaks: "a release gets another place in the order when it is released again",
			},
			{
				from: "FROM releases AS others WHERE withdrawn_at IS NULL AND out_at IS NOT NULL",
				to: "FROM releases AS others WHERE out_at IS NOT NULL",
				breaks: "no release is the current one after the newest was withdrawn",
			},
			{
				from: "AND others.channel = releases.channel",
				to: "",
				breaks: "what is out on beta takes the word current from what stable has",
			},
		],
	},
	{
		file: "src/objects/product/releases/release-row.ts",
		tests: ["test/workers/routes/publisher/"],
		edits: [
			{
				from: "release.engine.min === engine.min && ",
				to: "",
				breaks: "a release that says another engine counts as the same",
			},
			{
				from: "models: JSON.stringify(release.models) === JSON.stringify(models),",
				to: "models: true,",
				breaks: "a release that says other models counts as the same",
			},
			{
				from: "withdrawn: row.withdrawn_at !== null",
				to: "withdrawn: false",
				breaks: "devices are offered a release that was withdrawn",
			},
		],
	},
];
