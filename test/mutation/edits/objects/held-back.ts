// Faults in how a Product counts the units that its rollouts hold back.
import type { FileEdits } from "../../edit.ts";

export const HELD_BACK: readonly FileEdits[] = [
	{
		file: "src/objects/product/rollouts/control-desk.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: "known === null && leases.ofUnit(version, unit, [device]).length > 0",
				to: "false",
				breaks: "a device that has the release is taken for one without",
			},
		],
	},
	{
		file: "src/objects/product/rollouts/control-tables.ts",
		tests: ["test/workers/objects/product/"],
		edits: [
			{
				from: "version = ? AND due > ? AND healthy = 0",
				to: "version = ? AND due < ? AND healthy = 0",
				breaks: "a halt makes silent of every device whose time was not over",
			},
		],
	},
];
