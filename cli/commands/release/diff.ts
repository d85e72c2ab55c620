// `parapet release diff`: what changes for whoever gets a version, from the bytes themselves: for the person who is to approve it, and for
// whoever wants to know what an update brings.
import type { Command } from "commander";
import { z } from "zod";
import { diffContents } from "../../../src/content/contents/diff-contents.ts";
import type { PackageContents } from "../../../src/content/contents/package-contents.ts";
import { baseOf } from "../../../src/content/rule-index/choose-versions.ts";
import { productName, versionName } from "../../../src/names.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { diffLines, diffToWire } from "../../contents/describe-diff.ts";
import { fetchContents } from "../../contents/fetch-contents.ts";
import { indexLines, judgeIndex } from "../../contents/judge-index.ts";
import { CliError } from "../../errors.ts";
import { describeFinding } from "../../files/inspect-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import type { Surroundings } from "../../terminal/output.ts";

const releaseList = z.looseObject({
	releases: z.array(
		z.looseObject({
			version: versionName,
			status: z.string(),
			channel: z.string().nullable(),
			sequence: z.number().nullable(),
		}),
	),
});
export type ListedRelease = z.infer<typeof releaseList>["releases"][number];

const NOTHING: PackageContents = { files: new Map(), rules: new Map(), cves: new Map() };

export function defineDiff(release: Command, surroundings: Surroundings): void {
	const diff = release
		.command("diff <product> [version]")
		.description(
			"what changes with a version (default: the newest): files, lines, and rules added, removed, changed and newly blocking",
		)
		.option("--against <version>", "default: what everybody has, or had before it");
	runAsOperator(diff, surroundings, { against: versionName.optional() }, async ({ api, options, operands, output }) => {
		const product = readOperand(operands, 0, "product", productName);
		const given = operands.length > 1 ? readOperand(operands, 1, "version", versionName) : undefined;
		const releases = await listReleases(api, product);
		const version = given ?? releases[0]?.version;
		if (version === undefined) throw new CliError(`${product} has no version`, { code: "nothing_to_compare" });
		const against = options.against ?? findBase(releases, version);
		const context = { api, surroundings, json: output.json };
		const from = against === null ? null : await fetchContents(context, product, against);
		const to = await fetchContents(context, product, version);
		const found = diffContents(from ?? NOTHING, to);
		const index = await judgeIndex(context, product, to);
		output.answer({ ...diffToWire(product, from, to, found), findings: to.inspection.findings, rule_index: index }, [
			...diffLines(product, from, to, found),
			...to.inspection.findings.map((one) => `BAD  ${describeFinding(one)}`),
			"",
			...indexLines(product, version, index),
		]);
	});
}

/** @returns what is not released, then releases, newest first */
export async function listReleases(api: OperatorApi, product: string): Promise<readonly ListedRelease[]> {
	const what = `could not list releases of ${product}`;
	return (await api.call("GET", `/v1/products/${product}/releases`, what, releaseList)).releases;
}

/** See `baseOf`. A version that is not there is taken for one that is yet to be released. */
export function findBase(releases: readonly ListedRelease[], version: string): string | null {
	const unknown = { version, status: "uploaded", channel: null, sequence: null };
	return baseOf(releases, releases.find((one) => one.version === version) ?? unknown)?.version ?? null;
}
