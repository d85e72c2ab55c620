// Faults in what is said of a change of rules, and in which indexes are believed.
import type { FileEdits } from "../edit.ts";

const TESTS = ["test/unit/content/rule-index"];

export const RULE_INDEXES: readonly FileEdits[] = [
	{
		file: "src/content/rule-index/compare-indexes.ts",
		tests: TESTS,
		edits: [
			{
				from: "if (rule.isBlocking === true && before?.isBlocking !== true) this.newlyBlocking.add(rule);",
				to: "if (rule.isBlocking === true && before?.isBlocking === false) this.newlyBlocking.add(rule);",
				breaks: "a new rule that blocks is not told to who approves",
			},
			{
				from: "if (before?.isBlocking === true && rule?.isBlocking !== true) this.blockingNoMore.add(rule ?? before);",
				to: "if (before?.isBlocking === true && rule?.isBlocking === false) this.blockingNoMore.add(rule);",
				breaks: "protection that goes with its rule is not told",
			},
			{
				from: "return this.#reworded > MAX_REWORDED || speaksOfAnother(before.message, rule.message);",
				to: "return this.#reworded <= MAX_REWORDED && speaksOfAnother(before.message, rule.message);",
				breaks: "ids are re-used behind ten thousand reworded rules",
			},
			{
				from: "found.note(order <= 0 ? was : null, order >= 0 ? is : null);",
				to: "found.note(order < 0 ? was : null, order >= 0 ? is : null);",
				breaks: "what changed is told as new",
			},
		],
	},
	{
		file: "src/content/rule-index/index-reader.ts",
		tests: TESTS,
		edits: [
			{
				from: "if (key <= this.#key) throw",
				to: "if (key < this.#key) throw",
				breaks: "a rule that is there twice hides another from each comparison",
			},
			{
				from: 'if (this.#rest !== "") throw new RuleIndexError("its last line does not end: it was cut");',
				to: "",
				breaks: "an index that was cut is taken for all of it",
			},
			{
				from: "if (this.#rest.length > MAX_LINE_LENGTH) throw",
				to: "if (false) throw",
				breaks: "a line without an end fills the memory",
			},
		],
	},
	{
		file: "src/content/rule-index/choose-versions.ts",
		tests: TESTS,
		edits: [
			{
				from: '(status === "current" || status === "older"),',
				to: 'status !== "uploaded",',
				breaks: "what changes is told against a version that was withdrawn",
			},
			{
				from: "version.startsWith(`${wanted}.`)",
				to: "version.startsWith(wanted)",
				breaks: "who asks for 4.2 gets 4.28",
			},
		],
	},
];
