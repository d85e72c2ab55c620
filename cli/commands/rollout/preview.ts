// `parapet rollout preview`: who would be in each step, how much is downloaded, and when it is done, before or while a release goes its
// way. Changes nothing.
import type { Command } from "commander";
import { z } from "zod";
import { channel } from "../../../src/content/releases/channel.ts";
import { engineRange, modelName, productName, versionName } from "../../../src/names.ts";
import { bucketOf } from "../../../src/rollout/bucket.ts";
import { planOf } from "../../../src/rollout/built-in-plans.ts";
import { plan } from "../../../src/rollout/plan.ts";
import { createRollout, isOver, type Rollout } from "../../../src/rollout/rollout.ts";
import { type LogEntry, verifyLog } from "../../../src/rollout/rollout-log.ts";
import { formatTimestamp } from "../../../src/timestamps.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { collect, comingMoment, commaList, START_NOW } from "../../command-line/values.ts";
import { CliError } from "../../errors.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { releasePath } from "../../http/release-path.ts";
import { PLAN_HELP, readPlan } from "../../rollout/plan-option.ts";
import { type PreviewRelease, previewSteps, type StepPreview, unitsFor } from "../../rollout/preview.ts";
import { type StepTimes, stepTimes } from "../../rollout/preview-times.ts";
import { readFleet } from "../../rollout/read-fleet.ts";
import { readLog } from "../../rollout/read-log.ts";
import { formatBytes, formatCount, formatTable, type Surroundings } from "../../terminal/output.ts";

/** Units of a step that are named one by one; --json has all. */
const NAMED = 10;
/** The salt of a release that has not been started. */
const UNDRAWN = "";

const releases = z.looseObject({
	releases: z.array(
		z.looseObject({
			...{ version: z.string(), status: z.string(), size: z.number(), channel: channel.nullable() },
			...{ models: z.array(z.string()).nullable(), engine: engineRange },
		}),
	),
});
const productAnswer = z.looseObject({ plan, beta_plan: plan.nullable() });
const options = {
	plan: z.string().optional(),
	channel: channel.optional(),
	models: commaList.pipe(z.array(modelName)).optional(),
	engineMin: versionName.optional(),
	engineMax: versionName.optional(),
};
type Options = z.infer<z.ZodObject<typeof options>> & { readonly at?: string | undefined };

export function definePreview(rollout: Command, surroundings: Surroundings): void {
	const preview = rollout
		.command("preview <product> <version>")
		.description("who would be in each step, bytes and finish time, from the fleet as it is; changes nothing")
		.option("--plan <plan>", `of a version that is not started: ${PLAN_HELP} (default: the product's)`)
		.option("--channel <channel>", "the same: stable or beta (default: stable)")
		.option("--models <names>", "the same: only these models, comma-separated", collect)
		.option("--engine-min <version>", "the same: only from this software version")
		.option("--engine-max <version>", "the same: only up to this software version")
		.option("--at <when>", "the same: not before then");
	const shape = { ...options, at: comingMoment(surroundings, START_NOW).optional() };
	runAsOperator(preview, surroundings, shape, async ({ api, operands, options: given, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const version = readOperand(operands, 1, "version", versionName);
		const now = Math.floor(surroundings.nowMs() / 1_000);
		const { release, rollout: going } = await readRelease(api, product, version, given, now);
		output.note("reading the fleet, device by device; a large one takes minutes");
		const devices = await readFleet({ api, surroundings }, product);
		const draw = going.salt === UNDRAWN ? null : (unit: string) => bucketOf(going.salt, unit);
		const previewed = previewSteps(going.plan, going.step, await unitsFor(release, devices, draw), release);
		// Of a fleet that nobody has heard of no step is at fault.
		const steps = devices.length > 0 ? previewed : previewed.map((step) => ({ ...step, faults: [] }));
		const times = stepTimes(going, now);
		const told = steps.map((step, index) => describe(step, times[index]));
		const answer = {
			product,
			version,
			plan: going.plan.name,
			phase: going.phase,
			devices: devices.length,
			steps: told,
		};
		output.answer(answer, lines({ product, version, rollout: going, fleet: devices.length, steps, times }));
	});
}

/** @returns the rollout as its log says that it stands, or as it would start. @throws CliError where there is nothing to preview */
async function readRelease(api: OperatorApi, product: string, version: string, given: Options, now: number) {
	const what = `could not preview ${product} ${version}`;
	const found = await api.call("GET", `/v1/products/${product}/releases`, what, releases);
	const known = found.releases.find((one) => one.version === version);
	if (known === undefined) {
		throw new CliError(`${what}: there is no such version`, {
			code: "not_found",
			fix: `\`parapet release list ${product}\` shows them; \`parapet publish --draft\` uploads one`,
		});
	}
	const isDraft = known.status === "uploaded";
	if (!isDraft) {
		const unmeant = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
		if (unmeant !== undefined) {
			throw new CliError(`${what}: it is on its way, by the plan that it was started with`, {
				code: "conflict",
				fix: "leave out all options but --json: they are of a version that is not started",
			});
		}
	}
	const line = known.channel ?? given.channel ?? "stable";
	const engine = isDraft ? { min: given.engineMin, max: given.engineMax } : known.engine;
	const models = isDraft ? (given.models ?? null) : known.models;
	const release: PreviewRelease = { product, version, size: known.size, channel: line, models, engine };
	const rollout = isDraft ? await wouldBe(api, product, line, given, now) : await underWay(api, product, version);
	if (isOver(rollout)) {
		throw new CliError(`${what}: its rollout is ${rollout.phase}`, {
			code: "conflict",
			fix: `\`parapet fleet product ${product}\` shows who has it`,
		});
	}
	return { release, rollout };
}

async function wouldBe(api: OperatorApi, product: string, line: Rollout["channel"], given: Options, now: number) {
	const own = given.plan === undefined ? null : planOf(await readPlan(given.plan));
	const usual = await api.call("GET", `/v1/products/${product}`, `could not show ${product}`, productAnswer);
	const chosen = own ?? (line === "beta" ? (usual.beta_plan ?? usual.plan) : usual.plan);
	const startsAt = given.at === undefined ? 0 : Date.parse(given.at) / 1_000;
	return createRollout({ plan: chosen, salt: UNDRAWN, publisher: "", team: null, startsAt, channel: line, now });
}

async function underWay(api: OperatorApi, product: string, version: string): Promise<Rollout> {
	const path = `${releasePath({ product, version })}/rollout`;
	const entries = (await readLog(api, path)) as unknown as LogEntry[];
	const read = await verifyLog(entries).catch(() => ({ ok: false, seq: 0 }) as const);
	if (read.ok) return read.rollout;
	throw new CliError(`the log of ${product} ${version} is wrong at entry ${read.seq}`, {
		code: "log_invalid",
		fix: "fetch it again with `parapet rollout log`; if it stays, update this command line",
	});
}

function describe(step: StepPreview, times: StepTimes | undefined) {
	const { likely, ...rest } = step;
	const at = (time: number | undefined) =>
		time === undefined || time === Number.POSITIVE_INFINITY ? null : formatTimestamp(time);
	return {
		...rest,
		likely: likely?.map(({ unit, account, bucket, devices }) => ({
			...{ unit, account, bucket },
			devices: devices.map(({ id, model }) => ({ device: id, model })),
		})),
		...{ begins: at(times?.begins), passes: at(times?.passes), passes_at_latest: at(times?.passesAtLatest) },
	};
}

function lines(told: {
	readonly product: string;
	readonly version: string;
	readonly rollout: Rollout;
	/** devices */
	readonly fleet: number;
	readonly steps: readonly StepPreview[];
	readonly times: readonly StepTimes[];
}): string[] {
	const { product, version, rollout, fleet, steps, times } = told;
	const rows = steps.map(({ name, units, wanted, devices, accounts, models, bytes }, index) => [
		name,
		wanted === null ? formatCount(units) : `${formatCount(units)} of ${formatCount(wanted)}`,
		...[formatCount(devices), formatCount(accounts), models.length > 4 ? `${models.length} models` : models],
		formatBytes(bytes),
		...[times[index]?.begins, times[index]?.passes].map((time) => (time === undefined ? "-" : formatTimestamp(time))),
	]);
	const header = ["STEP", "UNITS", "DEVICES", "ACCOUNTS", "MODELS", "BYTES", "BEGINS", "PASSES"];
	const last = times.at(-1);
	const latest = last === undefined || last.passesAtLatest === Number.POSITIVE_INFINITY ? null : last.passesAtLatest;
	const bytes = formatBytes(steps.reduce((total, step) => total + step.bytes, 0));
	return [
		`${product} ${version} by plan ${rollout.plan.name}: ${rollout.salt === UNDRAWN ? "not started" : `${rollout.phase} ${rollout.plan.steps[rollout.step]?.name}`}; ${formatCount(fleet)} ${fleet === 1 ? "device has" : "devices have"} said something of ${product}`,
		...formatTable(header, rows),
		...steps.flatMap(({ name, likely }) => (likely === null ? [] : nameUnits(name, likely))),
		...(rollout.salt === UNDRAWN ? ["which units come first is drawn when it starts"] : []),
		...steps.flatMap(({ faults }) => faults.map((fault) => `! ${fault}`)),
		...(fleet === 0
			? [`! no device has been heard of: who takes part shows once devices have checked for ${product}`]
			: []),
		`${bytes} in all; everybody may have it from ${formatTimestamp(last?.begins ?? 0)} on if each gate passes and each word comes at once${latest === null ? "" : `, and by ${formatTimestamp(latest)} if each word does`}`,
	];
}

function nameUnits(step: string, units: readonly { readonly unit: string; readonly account: string }[]): string[] {
	if (units.length === 0) return [];
	const named = units.slice(0, NAMED).map(({ unit, account }) => `${unit} (${account})`);
	const more = units.length > NAMED ? ` and ${units.length - NAMED} more` : "";
	return [`${step}, by buckets: ${named.join(", ")}${more}`];
}
