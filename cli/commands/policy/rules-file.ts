// A customer's rules as a file: read for `parapet policy replace`, and what a server refuses of them said by the file's own fields.
// What a rule may say is the server's to decide; what is known of it here only tells what to write instead.
import { z } from "zod";
import { impact } from "../../../src/content/releases/release-facts.ts";
import { MAX_AGE_DAYS, pinRules, ruleTarget, windowRules } from "../../../src/entitlement/policy/account-policy.ts";
import { passing } from "../../../src/entitlement/policy/device-policy.ts";
import { readTextFile } from "../../command-line/settings.ts";
import { CliError, ServerRefusal, UsageError } from "../../errors.ts";
import { faultsOf, pathIn, readJsonText } from "../../files/file-faults.ts";

const time = z.string().describe("RFC 3339, such as 2026-12-20T00:00:00Z");
const hours = z
	.number()
	.min(0)
	.max(MAX_AGE_DAYS * 24);
/** A rule on the wire, as far as this command line knows it. */
export const knownRule = z.strictObject({
	for: ruleTarget.optional(),
	time_zone: z.string().describe("IANA name, such as Europe/Zurich").optional(),
	windows: windowRules.nullable().optional(),
	freezes: z.array(z.strictObject({ from: time, until: time, reason: z.string() })).optional(),
	passes: z.array(passing).optional(),
	min_age_hours: hours.optional(),
	min_age_hours_by_class: z.strictObject({ threat: hours.optional(), behaviour: hours.optional() }).optional(),
	pins: pinRules.optional(),
	window_from: impact.nullable().optional(),
	hold: z.boolean().optional(),
});
const knownFile = z.union([z.array(knownRule), z.object({ rules: z.array(knownRule) })]);
const AS_SHOWN = "write a list of rules, or what `parapet policy show --json` prints";

export interface RulesFile {
	readonly file: string;
	readonly content: unknown;
	readonly rules: readonly unknown[];
}

/** @throws UsageError where the file cannot be read, or holds no list of rules */
export function readRulesFile(file: string): RulesFile {
	const read = readJsonText(readTextFile(file));
	if ("fault" in read) throw new UsageError(`${file} holds no rules: it is not JSON: ${read.fault}`, AS_SHOWN);
	const content = read.value;
	const rules: unknown =
		typeof content === "object" && content !== null && "rules" in content ? content.rules : content;
	if (!Array.isArray(rules)) throw new UsageError(`${file} holds no rules: there is no list`, AS_SHOWN);
	return { file, content, rules };
}

/** @returns what a server said of the rules by the fields of their file; whatever else it was, as it was */
export function inTermsOfFile(error: unknown, { file, content, rules }: RulesFile): unknown {
	if (!(error instanceof ServerRefusal) || error.code !== "invalid_request") return error;
	const errors = error.refusal.said?.errors ?? [];
	if (errors.length === 0) return error;
	const root = content === rules ? rules : { rules };
	const said = errors.map(({ field, message }) => {
		const path = pathIn({ rules }, field);
		return { path: root === rules ? path.slice(1) : path, message };
	});
	const faults = faultsOf(said, root, knownFile);
	const fix = `correct ${file} and give it again: the policy is as it was`;
	return new CliError(`${file} is not taken`, { code: error.code, cause: error, fix, faults });
}
