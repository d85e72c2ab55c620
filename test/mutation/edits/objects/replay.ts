// Faults in the ReplayGuard.
import type { FileEdits } from "../../edit.ts";

export const REPLAY: readonly FileEdits[] = [
	{
		file: "src/objects/replay/replay-guard.ts",
		tests: ["test/workers/routes/attacks/assertions"],
		edits: [
			{
				from: "if (exp + KEEP_AFTER_END_SECONDS <= now) return false;\n",
				to: "",
				breaks: "an assertion that was forgotten again counts as new",
			},
			{
				from: "this.#ids.use(idHash, exp + KEEP_AFTER_END_SECONDS)",
				to: "this.#ids.use(idHash, exp)",
				breaks: "an assertion can be used again within the tolerance for clocks",
			},
			{
				from: "await this.#scheduleCleaning();\n\t\treturn",
				to: "return",
				breaks: "used assertions are kept for ever",
			},
			{
				from: "await setUnlessSet(this.ctx.storage, CLEAN_INTERVAL_MS);",
				to: "await this.ctx.storage.setAlarm(nowMs + CLEAN_INTERVAL_MS);",
				breaks: "an object that is evicted all the time never cleans up",
			},
		],
	},
	{
		file: "src/objects/replay/used-ids.ts",
		tests: ["test/workers/routes/attacks/assertions"],
		edits: [
			{
				from: "number * PERIOD_SECONDS <= now",
				to: "(number - 1) * PERIOD_SECONDS <= now",
				breaks: "assertions are forgotten before their end",
			},
			{
				from: "for (const period of this.#periods) {",
				to: "for (const period of [Math.ceil(keepUntil / PERIOD_SECONDS)]) {",
				breaks: "an assertion id counts as new with another end",
			},
			{
				from: "this.#periods.delete(period);",
				to: "",
				breaks: "a table that was dropped is asked for",
			},
		],
	},
	{
		file: "src/objects/replay/replay-shard.ts",
		tests: ["test/workers/routes/attacks/assertions"],
		edits: [
			{
				from: "`${owner}\\n${jti}`",
				to: "jti",
				breaks: "a device can use up the assertion ids of another",
			},
		],
	},
];
