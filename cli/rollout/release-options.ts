// What is said of a release when it is sent on its way: by `parapet publish`, and of a draft by `parapet rollout start`.
import type { Command } from "commander";
import { z } from "zod";
import { channel } from "../../src/content/releases/channel.ts";
import { urgency } from "../../src/content/releases/product-record.ts";
import { byteCount, footprint, impact, releaseClasses } from "../../src/content/releases/release-facts.ts";
import { entryCount } from "../../src/content/releases/size-bounds.ts";
import { modelName, versionName } from "../../src/names.ts";
import { plainText } from "../../src/plain-text.ts";
import { bytes, collect, commaList, wholeNumber } from "../command-line/values.ts";
import { PLAN_HELP, readPlan } from "./plan-option.ts";
import { REQUIRES_HELP, requiresOption } from "./requires-option.ts";

export const sizeReason = plainText(500).pipe(z.string().min(1, "say why in a few words"));

export const releaseShape = {
	notes: z.string().optional(),
	urgency: urgency.optional(),
	models: commaList.pipe(z.array(modelName)).optional(),
	engineMin: versionName.optional(),
	engineMax: versionName.optional(),
	requires: requiresOption.optional(),
	entries: wholeNumber.pipe(entryCount).optional(),
	unpacked: bytes.pipe(byteCount).optional(),
	disk: bytes.pipe(byteCount).optional(),
	memory: bytes.pipe(byteCount).optional(),
	impact: impact.optional(),
	classes: commaList.pipe(releaseClasses).optional(),
	channel: channel.optional(),
	plan: z.string().optional(),
	allowSize: sizeReason.optional(),
	allowOlder: z.boolean().optional(),
};
type ReleaseOptions = z.infer<z.ZodObject<typeof releaseShape>>;

export function addReleaseOptions(command: Command): Command {
	return command
		.option("--notes <text>", "release notes (default: none)")
		.option("--urgency <urgency>", "routine, important or emergency (default: routine)")
		.option("--models <names>", "only these models, comma-separated", collect)
		.option("--engine-min <version>", "only from this software version")
		.option("--engine-max <version>", "only up to this software version")
		.option("--requires <product>", REQUIRES_HELP, collect)
		.option(
			"--channel <channel>",
			"stable, or beta: for devices on beta alone, until `release promote` (default: stable)",
		)
		.option("--plan <plan>", `how it reaches the fleet: ${PLAN_HELP} (default: the product's for the channel)`)
		.option("--entries <count>", "how many rules, signatures or addresses it has")
		.option("--unpacked <bytes>", "what its content takes, unpacked: 40MB")
		.option(
			"--disk <bytes>",
			"what has to be free for its installation (default: the package and what it takes unpacked)",
		)
		.option("--memory <bytes>", "what a firewall must have for its content")
		.option("--impact <word>", "what its installation interrupts: none, reload, restart or reboot")
		.option("--classes <classes>", "what kind of change it is: threat, behaviour, or both with a comma", collect)
		.option(
			"--allow-size <reason>",
			"also where it is much larger or smaller than the current release; this is recorded",
		)
		.option(
			"--allow-older",
			"also where a newer version is released: every device that it fits is offered the older one",
		);
}

/** @returns the same as the body of a request; what was not given is undefined. @throws UsageError, CliError for a bad plan */
export async function readReleaseOptions(options: ReleaseOptions) {
	const { notes, urgency: asked, models, engineMin, engineMax, plan, allowOlder } = options;
	const { entries, requires, allowSize, channel: line, impact: interrupts, classes } = options;
	const { unpacked, disk, memory } = options;
	const sizes = { unpacked, disk, memory };
	const size = Object.values(sizes).every((one) => one === undefined) ? undefined : footprint.parse(sizes);
	const engine = engineMin === undefined && engineMax === undefined ? undefined : { min: engineMin, max: engineMax };
	const read = plan === undefined ? undefined : await readPlan(plan);
	const facts = { footprint: size, impact: interrupts, classes };
	const metadata = { notes, urgency: asked, models, engine, requires, entries, ...facts };
	return { ...metadata, channel: line, allow_size: allowSize, allow_older: allowOlder, plan: read };
}

/** @returns those that were given, as they are typed */
export function givenReleaseOptions(options: ReleaseOptions): string[] {
	const names = Object.keys(releaseShape) as (keyof ReleaseOptions)[];
	const given = names.filter((name) => options[name] !== undefined);
	return given.map((name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
}
