// `parapet product coverage`: which version covers a CVE, and which devices are below it.
import type { Command } from "commander";
import { z } from "zod";
import { cvesIn } from "../../../src/content/rules/rule.ts";
import { productName } from "../../../src/names.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { formatCount, formatTable, type Surroundings } from "../../terminal/output.ts";

const coverageAnswer = z.looseObject({
	channels: z.array(
		z.looseObject({
			...{ channel: z.string(), newest: z.string().nullable(), since: z.string().nullable() },
			covered: z.boolean().nullable(),
		}),
	),
	devices: z.looseObject({ covered: z.number(), below: z.number(), unknown: z.number() }),
	versions: z.array(z.looseObject({ version: z.string(), covered: z.boolean().nullable(), devices: z.number() })),
});
type Coverage = z.infer<typeof coverageAnswer>;

const oneCve = z
	.string()
	.refine((text) => cvesIn(text).length === 1, "a CVE looks like CVE-2021-44228")
	.transform((text) => cvesIn(text)[0] ?? text);

export function addCoverageCommand(product: Command, surroundings: Surroundings): void {
	const coverage = product
		.command("coverage <product> <cve>")
		.description("which version covers a CVE in each channel, and how many devices are below it");
	runAsOperator(coverage, surroundings, {}, async ({ api, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const cve = readOperand(operands, 1, "CVE", oneCve);
		const path = `/v1/products/${name}/coverage/${cve}`;
		const found = await api.call("GET", path, `could not read what covers ${cve}`, coverageAnswer);
		output.answer(found, coverageLines(name, cve, found));
	});
}

function coverageLines(product: string, cve: string, { channels, devices, versions }: Coverage): string[] {
	const below = versions.filter(({ covered }) => covered !== true);
	const rows = versions.map(({ version, covered, devices: count }) => [version, answerOf(covered), formatCount(count)]);
	return [
		`${cve} in ${product}`,
		...channels.map((one) => `${one.channel.padEnd(8)}  ${channelLine(one)}`),
		`devices   ${formatCount(devices.covered)} have it, ${formatCount(devices.below)} are below, of ${formatCount(devices.unknown)} it is not known`,
		...(rows.length === 0 ? [] : ["", ...formatTable(["VERSION", "COVERED", "DEVICES"], rows)]),
		...(below.length === 0 ? [] : ["", "whose they are:"]),
		...below.map(({ version }) => `  parapet fleet installed ${product} ${version}`),
	];
}

function channelLine({ newest, covered, since }: Coverage["channels"][number]): string {
	if (newest === null) return "no release";
	if (since !== null) return `covered since ${since} (newest: ${newest})`;
	return covered === null ? `not known: ${newest} has no rule index` : `not covered by ${newest}`;
}

function answerOf(covered: boolean | null): string {
	return covered === null ? "no index" : covered ? "yes" : "no";
}
