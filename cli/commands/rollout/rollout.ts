// `parapet rollout …`: how a release reaches the fleet. Looking, words of persons, halting, reverting, and the log that anyone can
// replay.
import type { Command } from "commander";
import { z } from "zod";
import { productName, sha256Hex, versionName } from "../../../src/names.ts";
import { BUILT_IN_PLANS, builtInPlanName } from "../../../src/rollout/built-in-plans.ts";
import { type LogEntry, verifyLog } from "../../../src/rollout/rollout-log.ts";
import { formatTimestamp } from "../../../src/timestamps.ts";
import { addYesOption } from "../../command-line/confirmation.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { addSharedOptions, type OperatorContext, runAsOperator } from "../../command-line/run-as.ts";
import { readTextFile } from "../../command-line/settings.ts";
import { comingMoment, START_NOW, wholeNumber } from "../../command-line/values.ts";
import { CliError, UsageError } from "../../errors.ts";
import { anyAnswer } from "../../http/answers.ts";
import { listAnswer } from "../../http/lists.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { releasePath } from "../../http/release-path.ts";
import { parseJson } from "../../json.ts";
import { describeWord } from "../../rollout/describe-word.ts";
import { drawRollout, type RolloutAnswer, rolloutAnswer } from "../../rollout/ladder.ts";
import { readLog } from "../../rollout/read-log.ts";
import { addReleaseOptions, readReleaseOptions, releaseShape } from "../../rollout/release-options.ts";
import { createOutput, formatPercent, formatTable, type Surroundings } from "../../terminal/output.ts";
import { runAsWithdrawal } from "../../trust/run-as-withdrawal.ts";
import { defineExplain } from "./explain.ts";
import { definePreview } from "./preview.ts";

const WATCH_SECONDS = 5;

export function defineRollout(rollout: Command, surroundings: Surroundings): void {
	definePlan(rollout, surroundings);
	defineStart(rollout, surroundings);
	definePreview(rollout, surroundings);
	defineList(rollout, surroundings);
	defineStatus(rollout, surroundings);
	defineExplain(rollout, surroundings);
	defineWord(rollout, surroundings, "approve", "say yes to the step that waits, for the evidence that there is now");
	defineWord(rollout, surroundings, "override", "let a step pass although its gate has not seen enough");
	defineWord(rollout, surroundings, "resume", "let a halted rollout go on; it halts again when more fails");
	defineHalt(rollout, surroundings);
	defineRevert(rollout, surroundings);
	defineLog(rollout, surroundings);
}

function definePlan(rollout: Command, surroundings: Surroundings): void {
	addSharedOptions(
		rollout
			.command("plan [name]")
			.description("a built-in plan as JSON, to begin a plan of your own with; or their names"),
	).action((name: string | undefined, options: { json?: boolean }) => {
		const output = createOutput(surroundings, options.json === true);
		if (name === undefined) {
			const rows = Object.values(BUILT_IN_PLANS).map((one) => [one.name, one.steps.map((step) => step.name)]);
			output.answer(BUILT_IN_PLANS, formatTable(["PLAN", "STEPS"], rows));
			return;
		}
		const known = builtInPlanName.safeParse(name);
		if (!known.success) {
			throw new UsageError(`there is no plan ${name}; \`parapet rollout plan\` lists them`);
		}
		const plan = BUILT_IN_PLANS[known.data];
		// By spaces: tabs are control characters, which no output passes on.
		output.answer(plan, JSON.stringify(plan, null, 2));
	});
}

function defineStart(rollout: Command, surroundings: Surroundings): void {
	const start = rollout
		.command("start <product> <version>")
		.description("send an uploaded version on its way")
		.option("--at <when>", "not before then; again, another time or `now`, as long as no step has begun");
	addReleaseOptions(start);
	const shape = { ...releaseShape, at: startMoment(surroundings).optional() };
	runAsOperator(start, surroundings, shape, async (context) => {
		const { api, options, output } = context;
		const { product, version } = named(context);
		const { status, answer: made } = await api.ask(
			"PUT",
			releasePath({ product, version }),
			`could not release ${product} ${version}`,
			anyAnswer.extend({ rollout: rolloutAnswer.nullable(), rescheduled: z.boolean().default(false) }),
			{ ...(await readReleaseOptions(options)), starts_at: options.at },
		);
		const changed = status === 201;
		const ladder = made.rollout === null ? [`${product} ${version}`] : drawRollout(made.rollout);
		const moved = `it begins at ${options.at}, or as soon as its words are there: those for the other time count no more`;
		const more = changed ? [] : made.rescheduled ? [moved] : wasStarted(product, version);
		output.answer({ ...made, changed: changed || made.rescheduled }, [...ladder, ...more]);
	});
}

/** The time of a start as typed: `now`, or a point in time that is not over yet. */
function startMoment(surroundings: Surroundings) {
	const coming = comingMoment(surroundings, START_NOW);
	return z.string().transform((text, context) => {
		if (text === "now") return formatTimestamp(Math.floor(surroundings.nowMs() / 1_000));
		const parsed = coming.safeParse(text);
		if (parsed.success) return parsed.data;
		for (const { message } of parsed.error.issues) context.addIssue({ code: "custom", message });
		return z.NEVER;
	});
}

/** Another plan would be another rollout, and what has begun has had its start. */
function wasStarted(product: string, version: string): string[] {
	const halt = `\`parapet rollout halt ${product} ${version} --reason TEXT\` stops it`;
	const freeze = `\`parapet product change ${product} --freezes FROM..UNTIL\` holds up all of the product's`;
	return [`it was started before: nothing changed, whatever options say. ${halt}, ${freeze}`];
}

function defineList(rollout: Command, surroundings: Surroundings): void {
	const list = rollout.command("list <product>").description("rollouts that are under way, newest release first");
	runAsOperator(list, surroundings, {}, async ({ api, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const answer = z.looseObject({ rollouts: z.array(rolloutAnswer) });
		const what = `could not list rollouts of ${product}`;
		const found = await api.call("GET", `/v1/products/${product}/rollouts`, what, answer);
		const rows = found.rollouts.map((one) => [
			one.version,
			one.channel,
			one.plan,
			one.phase,
			one.step,
			formatPercent(one.fraction),
			one.verdict,
			one.since,
		]);
		output.answer(
			found,
			formatTable(["VERSION", "CHANNEL", "PLAN", "PHASE", "STEP", "FRACTION", "VERDICT", "SINCE"], rows),
		);
	});
}

function defineStatus(rollout: Command, surroundings: Surroundings): void {
	const status = rollout
		.command("status <product> <version>")
		.description("the ladder: what each step has shown, and what it waits for")
		.option(
			"--watch",
			"stay, and show each change until it is done, or halted, ended or withdrawn (then the exit code is 1)",
		)
		.option("--every <seconds>", `with --watch: seconds between two looks (default ${WATCH_SECONDS})`);
	const shape = { watch: z.boolean().optional(), every: wholeNumber.pipe(z.int().min(1).max(86_400)).optional() };
	runAsOperator(status, surroundings, shape, async (context) => {
		const { api, options, output } = context;
		const { product, version, path } = named(context);
		if (options.every !== undefined && !options.watch) throw new UsageError("--every goes with --watch");
		let shown = "";
		for (;;) {
			const found = await readRollout(api, path);
			// A rollout that is done stays so when its release is withdrawn afterwards.
			const withdrawn = found.phase === "done" && (await isWithdrawn(api, product, version));
			const said = withdrawn ? [`${product} ${version} is withdrawn: nobody is offered it any more`] : [];
			const text = [...said, ...drawRollout(found)].join("\n");
			if (text !== shown) output.answer({ ...found, withdrawn }, text);
			shown = text;
			if (options.watch && found.phase === "halted") {
				throw new CliError(`${product} ${version} is halted`, {
					code: "rollout_halted",
					fix: "look at its failures; `parapet rollout resume` lets it go on, `parapet rollout revert` takes it back",
				});
			}
			if (options.watch && (found.phase === "ended" || withdrawn)) {
				const why = found.reason === null || withdrawn ? "" : `: ${found.reason}`;
				throw new CliError(`${product} ${version} ${withdrawn ? "is withdrawn" : `has ended${why}`}`, {
					code: "rollout_ended",
					fix: `nobody gets it any more; \`parapet release list ${product}\` shows what firewalls get in its place`,
				});
			}
			if (!options.watch || found.phase === "done") return;
			await surroundings.sleep((options.every ?? WATCH_SECONDS) * 1_000);
		}
	});
}

async function isWithdrawn(api: OperatorApi, product: string, version: string): Promise<boolean> {
	const what = `could not list releases of ${product}`;
	const { items } = await api.call("GET", `/v1/products/${product}/releases`, what, listAnswer("releases"));
	return items.some((one) => one["version"] === version && one["status"] === "withdrawn");
}

function defineWord(
	rollout: Command,
	surroundings: Surroundings,
	kind: "approve" | "override" | "resume",
	description: string,
): void {
	const word = rollout
		.command(`${kind} <product> <version>`)
		.description(description)
		.option("--evidence <hash>", "the evidence that you looked at (`status --json`); default: what there is now")
		.option("--sha256 <digest>", "of the package that you looked at; default: the version's");
	addYesOption(word);
	const shape = { evidence: z.string().optional(), sha256: sha256Hex.optional() };
	runAsOperator(word, surroundings, shape, async (context) => {
		const { api, options, output, confirm } = context;
		const { product, version, path } = named(context);
		const before = await readRollout(api, path);
		for (const line of drawRollout(before)) output.note(line);
		await confirm(`your word goes on record: ${kind} ${before.step} of ${product} ${version}`);
		const sha256 = options.sha256 ?? before.sha256 ?? undefined;
		const body = { kind, evidence: options.evidence ?? before.evidence, sha256 };
		const what = `could not ${kind} ${product} ${version}`;
		const after = await api.call("POST", `${path}/words`, what, rolloutAnswer, body);
		output.answer(after, [...drawRollout(after), describeWord(kind, before, after)]);
	});
}

function defineHalt(rollout: Command, surroundings: Surroundings): void {
	const halt = rollout
		.command("halt <product> <version>")
		.description("at once, without a question: nobody gets the release who has not got it")
		.requiredOption("--reason <text>", "goes on record");
	runAsOperator(halt, surroundings, { reason: z.string().min(1) }, async (context) => {
		const { api, options, output } = context;
		const { product, version, path } = named(context);
		const answer = rolloutAnswer.extend({ changed: z.boolean() });
		const what = `could not halt ${product} ${version}`;
		const done = await api.call("POST", `${path}/halt`, what, answer, { reason: options.reason });
		output.answer(done, done.changed ? drawRollout(done) : `nothing to halt: it is ${done.phase}`);
	});
}

function defineRevert(rollout: Command, surroundings: Surroundings): void {
	const revert = rollout
		.command("revert <product> <version>")
		.description(
			"withdraw the release: devices that have it go back, the others keep theirs. Also to name another --to",
		)
		.requiredOption("--reason <text>", "goes on record");
	runAsWithdrawal(revert, "revert", surroundings);
}

function defineLog(rollout: Command, surroundings: Surroundings): void {
	const log = rollout
		.command("log <product> <version>")
		.description("what moved the rollout, as JSON lines: each entry is bound to those before it by a hash");
	runAsOperator(log, surroundings, {}, async (context) => {
		const { api, output } = context;
		const entries = await readLog(api, named(context).path);
		output.answer(
			{ entries },
			entries.map((entry) => JSON.stringify(entry)),
		);
	});
	const verify = rollout
		.command("verify-log <file>")
		.description("replay what `log` printed: it must lead to the states that it tells. Asks no service");
	addSharedOptions(verify).action(async (file: string, options: { json?: boolean }) => {
		const lines = readTextFile(file)
			.split("\n")
			.filter((line) => line.trim() !== "");
		const entries = lines.map((line) => parseJson(line) as LogEntry);
		const verified = await verifyLog(entries).catch(() => ({ ok: false, seq: 0, reason: "form" }) as const);
		if (!verified.ok) {
			throw new CliError(`the log is wrong at entry ${verified.seq}: ${verified.reason}`, {
				code: "log_invalid",
				fix: "it was changed, or is not whole: fetch it again with `parapet rollout log`",
			});
		}
		const { phase, step, plan } = verified.rollout;
		const told = { entries: entries.length, phase, step: plan.steps[step]?.name, last: entries.at(-1)?.hash };
		const line = `${told.entries} entries lead to ${phase} ${told.step}; the last one is ${told.last}`;
		createOutput(surroundings, options.json === true).answer(told, line);
	});
}

function readRollout(api: OperatorApi, path: string): Promise<RolloutAnswer> {
	return api.call("GET", path, "could not read the rollout", rolloutAnswer);
}

function rolloutPath(product: string, version: string): string {
	return `${releasePath({ product, version })}/rollout`;
}

/** The product and version that a command names. */
function named<Options>({ operands }: Pick<OperatorContext<Options>, "operands">) {
	const product = readOperand(operands, 0, "product", productName);
	const version = readOperand(operands, 1, "version", versionName);
	return { product, version, path: rolloutPath(product, version) };
}
