// A rollout drawn for people: its steps as a ladder, what each has shown, and what the present one waits for.
import { z } from "zod";
import { formatCount, formatPercent, formatTable } from "../terminal/output.ts";

const verdict = z.string();
const wait = z.looseObject({
	kind: z.string(),
	at: z.string().nullable(),
	of: z.string().nullable(),
	count: z.number().nullable(),
	/** an earlier version of the service does not say it */
	ring: z.string().nullable().default(null),
	team: z.string().nullable(),
	not_only_publisher: z.boolean(),
});
const step = z.looseObject({
	name: z.string(),
	permits: z.number(),
	healthy: z.number(),
	failed: z.number(),
	silent: z.number(),
	overdue: z.number(),
	excused: z.number(),
	control: z.object({ healthy: z.number(), failed: z.number() }),
	verdict: verdict.nullable(),
	passed_at: z.string().nullable(),
	overridden_by: z.array(z.string()),
});
const failure = z.looseObject({
	step: z.string(),
	/** null = the key may not read of it */
	device: z.string().nullish(),
	model: z.string(),
	outcome: z.string(),
	why: z.string().nullable(),
	rules: z.array(z.string()),
});
const word = z.looseObject({
	...{ kind: z.string(), step: z.string(), by: z.string(), team: z.string().nullable(), at: z.string() },
});
const regression = z.looseObject({
	...{ at: z.string(), running: z.number(), failed: z.number() },
	...{ earlier_running: z.number(), earlier_failed: z.number() },
});
/** What the product's validator says, as the service answers it. */
export const validationAnswer = z.looseObject({
	...{ state: z.string(), answer_by: z.string(), by: z.string().nullable(), reason: z.string().nullable() },
	...{ findings: z.array(z.string()), last_result: z.string().nullish() },
});
export type ValidationAnswer = z.infer<typeof validationAnswer>;
const FAILURES_SHOWN = 5;

/** A rollout as the service answers it. */
export const rolloutAnswer = z.looseObject({
	product: z.string(),
	version: z.string(),
	channel: z.string(),
	plan: z.string(),
	phase: z.string(),
	step: z.string(),
	since: z.string(),
	reason: z.string().nullable(),
	publisher: z.string(),
	two_people: z.boolean().nullish(),
	sha256: z.string().nullish(),
	fraction: z.number(),
	permits_left: z.number().nullable(),
	verdict,
	suspicion: verdict,
	notices: z.number().nullable(),
	healthy_to_pass: z.number(),
	failures_to_abort: z.number(),
	waits_for: z.array(wait),
	evidence: z.string(),
	words: z.array(word).default([]),
	steps: z.array(step),
	failures: z.array(failure).nullish(),
	regression: regression.nullish(),
	validation: validationAnswer.nullish(),
});
export type RolloutAnswer = z.infer<typeof rolloutAnswer>;

/** @returns the rollout in lines */
export function drawRollout(rollout: RolloutAnswer): string[] {
	const { product, version, channel, plan, phase, reason, since } = rollout;
	const why = reason !== null && (phase === "halted" || phase === "ended") ? `: ${reason}` : "";
	const at = rollout.steps.findIndex(({ name }) => name === rollout.step);
	const rows = rollout.steps.map((one, index) => [
		markOf(rollout, index, at),
		one.name,
		...[one.permits, one.healthy, one.failed, one.silent, one.overdue].map(formatCount),
		one.verdict ?? "-",
		one.overridden_by.length > 0 ? `let pass by ${one.overridden_by.join(", ")}` : (one.passed_at ?? ""),
	]);
	const header = ["", "STEP", "PERMITS", "HEALTHY", "FAILED", "SILENT", "OVERDUE", "VERDICT", "PASSED"];
	return [
		`${product} ${version}${channel === "stable" ? "" : ` on ${channel}`} by plan ${plan}: ${phase} ${rollout.step} since ${since}${why}`,
		...describeRegression(rollout),
		...formatTable(header, rows),
		...(["done", "ended", "halted"].includes(phase) ? [] : [describePower(rollout)]),
		...rollout.steps.flatMap(describeExcused),
		...rollout.steps.flatMap(describeControl),
		...describeTwoPeople(rollout),
		...(rollout.validation == null ? [] : validationLines(rollout.validation)),
		...rollout.waits_for.flatMap((wait) => [describeWait(wait), ...describeWords(rollout, wait)]),
		...(rollout.failures ?? []).slice(0, FAILURES_SHOWN).map(describeFailure),
	];
}

/** @returns what is known of a release that everybody may have and that fails more often than those before it, and what to do; or nothing */
export function describeRegression({
	product,
	version,
	regression: found,
}: Pick<RolloutAnswer, "product" | "version" | "regression">): string[] {
	if (!found) return [];
	const { at, running, failed, earlier_running: earlierRunning, earlier_failed: earlierFailed } = found;
	const share = (bad: number, good: number) => `${formatCount(bad)} of ${formatCount(bad + good)} devices`;
	const what = `fails more often than the releases before it, since everybody may have it`;
	return [
		`${what}: ${share(failed, running)} failed or went back, ${share(earlierFailed, earlierRunning)} before; told at ${at}`,
		`next: look at \`parapet fleet problems --product ${product}\`; \`parapet rollout revert ${product} ${version} --reason TEXT\` takes it back`,
	];
}

const VALIDATIONS: Readonly<Record<string, string>> = {
	pending: "has not answered",
	passed: "has passed it",
	failed: "has failed it",
	overridden: "has not answered, and was overridden",
};

const MALFORMED =
	'the validator\'s answer is none: 200 with {"result":"passed"}, or {"result":"failed","findings":["…"]}, is. It is asked again';

/** @returns what the product's validator says, then each of its findings */
export function validationLines(validation: ValidationAnswer): string[] {
	const { state, by, reason, findings, last_result: lastResult } = validation;
	if (state === "pending" && lastResult === "malformed") return [MALFORMED];
	const who = by === null ? "" : ` (${by})`;
	const why = reason === null ? "" : `: ${reason}`;
	return [`the validator ${VALIDATIONS[state] ?? state}${who}${why}`, ...findings.map((one) => `  - ${one}`)];
}

/** What a person means when they give their word, and whose is not taken. */
function describeTwoPeople({ two_people: two, publisher, sha256, waits_for: waits }: RolloutAnswer): string[] {
	if (!two || !waits.some(({ kind }) => kind === "words")) return [];
	return [`two people: the word of ${publisher}, who uploaded it, is not taken; a word is for sha256 ${sha256}`];
}

/** Permits that stand for nothing any more: their places are there for others. */
function describeExcused({ name, permits, excused }: z.infer<typeof step>): string[] {
	if (excused === 0) return [];
	return [
		`${name}: of ${formatCount(permits)} permits ${formatCount(excused)} were put off or given up, and do not count`,
	];
}

/** Units without the release, watched over the same hours. */
function describeControl({ name, control }: z.infer<typeof step>): string[] {
	const units = control.healthy + control.failed;
	if (units === 0) return [];
	return [`without the release, in the hours of ${name}: ${control.failed} of ${formatCount(units)} fell silent`];
}

function describeFailure({ step: at, device, model, outcome, why, rules }: z.infer<typeof failure>): string {
	const most = rules.length === 0 ? "" : `; rules ${rules.join(", ")}`;
	return `${outcome} in ${at}, ${device == null ? "" : `${device}, `}model ${model}${why === null ? "" : `: ${why}`}${most}`;
}

function markOf({ phase, steps }: RolloutAnswer, index: number, at: number): string {
	if (phase === "done" || steps[index]?.passed_at !== null) return "✓";
	if (index !== at) return "·";
	return phase === "halted" || phase === "ended" ? "✗" : "▶";
}

function describePower({ notices, healthy_to_pass: healthy, failures_to_abort: failures }: RolloutAnswer): string {
	const what = notices === null ? "" : ` It can notice that ${formatPercent(notices)} or more fail.`;
	return `The step passes with ${formatCount(healthy)} healthy and no failure, and halts at ${failures} ${failures === 1 ? "failure" : "failures in a row"}.${what}`;
}

/** Whoever has no firewall with the label would wait in vain. */
function describeRing(ring: string | null): string {
	return ring === null ? "" : ` of ring ${ring} (firewalls with the label ring=${ring})`;
}

/** Who has spoken already, where words are waited for. */
function describeWords({ words, step: present, since }: RolloutAnswer, { kind, of }: z.infer<typeof wait>): string[] {
	if (kind !== "words") return [];
	const given = words.filter((one) => one.kind === of && one.step === present && one.at >= since);
	return given.map(({ by, team, at }) => `${by}${team === null ? "" : ` of team ${team}`} has spoken, at ${at}`);
}

const WORDS: Readonly<Record<string, string>> = {
	approve: "to approve the step (parapet rollout approve)",
	override: "to let it pass all the same (parapet rollout override)",
	resume: "to let it go on (parapet rollout resume), or to revert it (parapet rollout revert)",
};

function describeWait({ kind, at, of, count, ring, team, not_only_publisher: other }: z.infer<typeof wait>): string {
	switch (kind) {
		case "start":
			return `waits until ${at}`;
		case "freeze":
			return `is frozen until ${at}: no step begins, and no further unit tries it`;
		case "validation":
			return at === null
				? "is refused by the product's validator"
				: `waits for the product's validator, until ${at} (then: parapet release override-validation)`;
		case "words": {
			const who = `${count} ${count === 1 ? "person" : "persons"}${team === null ? "" : ` of team ${team}`}`;
			return `waits for ${who}${other ? ", not only the one who uploaded it," : ""} ${WORDS[of ?? ""] ?? of}`;
		}
		case "units":
			return `waits for ${count} more ${count === 1 ? "unit" : "units"}${describeRing(ring)} to take a permit${at === null ? "" : `, until ${at} at most`}`;
		case "ramp":
			return `lets in more and more until ${at}`;
		case "bake":
			return `is watched until ${at}`;
		case "reports":
			return `waits to hear of ${count} ${count === 1 ? "permit" : "permits"}`;
		case "evidence":
			return "waits for more evidence: the gate has not seen enough";
		default:
			return `waits: ${kind}`;
	}
}
