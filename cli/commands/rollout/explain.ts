// `parapet rollout explain`: why a firewall is offered this version, or why not. Nothing is worked out here: it is what `device explain`
// knows of that one version, in words.
import type { Command } from "commander";
import { productName, versionName } from "../../../src/names.ts";
import { deviceId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { moment } from "../../command-line/values.ts";
import { CliError } from "../../errors.ts";
import { queryOf } from "../../http/query.ts";
import { lacksLines } from "../../rollout/requires-option.ts";
import type { Surroundings } from "../../terminal/output.ts";
import type { Explanation } from "../device/lines/explain.ts";

export function defineExplain(rollout: Command, surroundings: Surroundings): void {
	const explain = rollout
		.command("explain <product> <version>")
		.description("why one firewall is offered this version, or why not: step, bucket, permit, windows, pin, HA group")
		.requiredOption("--device <id>", "the firewall that it is about")
		.option("--installed <version>", "what it has installed (default: what it said last)")
		.option("--engine <version>", "its software version (default: what it said last)")
		.option("--at <when>", "another time than now: a date, or a span such as 24h");
	const shape = {
		device: deviceId,
		installed: versionName.optional(),
		engine: versionName.optional(),
		at: moment(surroundings).optional(),
	};
	runAsOperator(explain, surroundings, shape, async ({ api, operands, options, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const version = readOperand(operands, 1, "version", versionName);
		const { device, installed, engine, at } = options;
		// Not before it is needed: other commands of this group start without it.
		const { explanationAnswer, haLines, installLines, policyLines } = await import("../device/lines/explain.ts");
		const path = `/v1/devices/${device}/explain${queryOf({ product, installed, engine, at })}`;
		const what = `could not explain ${product} ${version}`;
		const told = await api.call("GET", path, what, explanationAnswer);
		const release = told.releases.find((one) => one.version === version);
		// Of a device that is refused no release is looked at.
		if (release === undefined && told.answer.status !== "refused") {
			throw new CliError(`${what}: devices are told of no such release`, {
				code: "not_found",
				fix: `\`parapet release list ${product}\` shows what is released, and what is a draft`,
			});
		}
		const { code, words } = why(told, version, release);
		const offered = code === "offered";
		const { entitlement, answer, policy = null, ha = null, install = null } = told;
		output.answer(
			{
				device,
				product,
				version,
				offered,
				why: code,
				release: release ?? null,
				entitlement,
				answer,
				policy,
				ha,
				install,
			},
			[
				`${product} ${version} is ${offered ? "" : "not "}offered to ${device}: ${words} (${code})`,
				...rolloutLines(release),
				...regressionLines(product, release),
				...validatorLines(product, release),
				`has          ${told.installed ?? "nothing"}, model ${told.model}, engine ${told.engine ?? "not given"}`,
				`entitlement  ${entitlement.code}: ${entitlement.title}`,
				...policyLines(told),
				`answer       ${answer.version === null ? "" : `${answer.version} is `}${answer.status} (${answer.reason})`,
				...lacksLines(answer),
				...nextLines(told, version, installLines(told)),
				...haLines(told),
			],
		);
	});
}

type Release = Explanation["releases"][number];

/** @returns the code that decides, as the service said it, and what it means */
function why(told: Explanation, version: string, release: Release | undefined): { code: string; words: string } {
	const { answer, entitlement } = told;
	if (release === undefined) return { code: entitlement.code, words: entitlement.title };
	const { verdict, installed, rollout, ready_at: readyAt } = release;
	const known: Readonly<Record<string, string>> = { ...WORDS, older_than_choice: olderThan(told) };
	const say = (code: string, words = known[code] ?? "see docs/protocol.md") => ({ code, words });
	if (installed && verdict !== "withdrawn") return say("installed");
	if (verdict === "chosen" && answer.version !== version) return say(answer.reason);
	if (verdict === "chosen") {
		const permit = rollout?.permit ?? "given";
		return permit === "given" ? say("offered", `as ${answer.reason}`) : say(permit);
	}
	if (verdict === "rollout_closed" && rollout?.closed != null) return say(rollout.closed, CLOSED[rollout.closed]);
	if (readyAt === null) return say(verdict);
	return say(verdict, `${known[verdict] ?? ""}, until ${readyAt}`);
}

function olderThan({ releases, answer }: Explanation): string {
	const chosen = answer.version ?? releases.find(({ verdict }) => verdict === "chosen")?.version;
	return chosen === undefined ? "another one is for it" : `${chosen} is for it, and newer`;
}

/** Codes of verdicts, of answers and of refused permits (docs/protocol.md). */
const WORDS: Readonly<Record<string, string>> = {
	installed: "it has it installed",
	withdrawn: "it was withdrawn",
	failed_here: "it does not work on this firewall, by its own word",
	not_pinned: "its account has pinned another version",
	incompatible_model: "it is not for this model",
	incompatible_engine: "it is not for this engine",
	too_large_for_device: "it takes more disk or memory than the firewall says that it has",
	not_licensed: "it came out after the license had ended",
	too_young: "the license's delay, or the account's minimum age, is not over",
	not_reached: "its rollout has not come to this firewall's bucket, ring or audience",
	no_fallback: "a firewall that has nothing, or what was withdrawn or fails on it, gets what everybody may have",
	blocked: "the firewall lacks what it requires of other products",
	held_by_installed: "what stays installed of another product does not go with it",
	other_channel: "it is on beta, and the firewall is not",
	skipped_by_revert: "the withdrawn release that it runs leads back further",
	unsigned: "the product demands signatures, and its role file does not name it",
	held: "its account wants it to stay with what it has",
	outside_window: "its account's window is closed",
	newer_too_large: "it takes more disk or memory than the firewall says that it has",
	newer_installed: "it has a newer one, which stays",
	ahead_of_channel: "it has left beta, and keeps what it has until stable passes that",
	pinned: "its account has pinned another version",
	not_started: "the step has not begun",
	frozen: "a freeze of the product or of its account holds it up",
	step_full: "the step has as many firewalls as it takes for now",
	halted: "its rollout was halted",
	ended: "its rollout has ended",
	account_has_enough: "another firewall of its account tries it first",
	site_has_one: "another firewall of its site got it less than an hour ago",
	model_has_enough: "the step has as many of its model as the plan lets in",
	region_has_enough: "the step has as many of its region as the plan lets in",
	other_models_first: "the last places of the step are for other models",
	peer_under_way: "another member of its HA group installs it now",
	peer_failed: "it failed on another member of its HA group",
	failed_before: "it failed on this firewall",
	put_off_too_often: "it has put the release off too often, and waits until everybody may have it",
};

const CLOSED: Readonly<Record<string, string>> = {
	waiting: "its rollout waits for its time, or for words",
	baking: "the step is full, and is watched",
};

function rolloutLines(release: Release | undefined): string[] {
	const rollout = release?.rollout;
	if (rollout == null) return [];
	const { step, closed, permit, ring, bucket } = rollout;
	return [
		`step         ${step ?? "not known"}${closed == null ? "" : `, ${closed}`}${ring == null ? "" : `, for ring ${ring} alone`}`,
		...(bucket == null ? [] : [`bucket       ${bucket.toFixed(4)}: let in once the rollout's fraction passes it`]),
		...(permit == null ? [] : [`permit       ${permit === "given" ? "would be given now" : `none now: ${permit}`}`]),
	];
}

function regressionLines(product: string, release: Release | undefined): string[] {
	if (release?.regressed !== true) return [];
	const { version } = release;
	return [
		"regressed    it fails more often than the releases before it, since everybody may have it",
		`             \`parapet rollout status ${product} ${version}\` has the numbers, \`parapet rollout revert\` takes it back`,
	];
}

function validatorLines(product: string, release: Release | undefined): string[] {
	if (release?.held_by_validator == null) return [];
	const what = release.held_by_validator === "failed" ? "has failed it" : "has not passed it yet";
	return [`validator    ${what}: \`parapet release show ${product} ${release.version}\` has what it says`];
}

/** When the firewall may install it, or something else, by all that is known. */
function nextLines(told: Explanation, version: string, next: readonly string[]): string[] {
	const { install, changes } = told;
	const at = changes.find(({ answer }) => answer.version === version)?.at;
	return at === undefined || install?.version === version
		? [...next]
		: [...next, `             ${version} from ${at} on`];
}
