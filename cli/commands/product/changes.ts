// `parapet product changes`: what an update brings, by what the service knows of the two versions. The bytes themselves are read by
// `parapet release diff`.
import type { Command } from "commander";
import { z } from "zod";
import { productName, versionName } from "../../../src/names.ts";
import { readOperand } from "../../command-line/read-options.ts";
import { runAsOperator } from "../../command-line/run-as.ts";
import { few, SHOWN } from "../../contents/describe-diff.ts";
import { queryOf } from "../../http/query.ts";
import { formatCount, formatTable, type Surroundings } from "../../terminal/output.ts";

const rule = z.looseObject({ id: z.string(), message: z.string() });
const changesAnswer = z.looseObject({
	from: z.looseObject({ version: z.string() }).nullable(),
	to: z.looseObject({ version: z.string() }),
	counts: z.looseObject({
		...{ before: z.number().nullable(), after: z.number(), added: z.number(), removed: z.number() },
		...{ changed: z.number(), newly_blocking: z.number(), blocking_no_more: z.number(), reused: z.number() },
		repeated: z.number(),
	}),
	added: z.array(rule),
	removed: z.array(rule),
	changed: z.array(rule.extend({ what: z.array(z.string()) })),
	newly_blocking: z.array(rule),
	reused: z.array(rule.extend({ message_before: z.string() })),
	repeated: z.array(rule),
	cves: z.looseObject({ added: z.array(z.string()), removed: z.array(z.string()) }),
	proposed_plan: z.looseObject({ plan: z.string(), reasons: z.array(z.string()) }),
});
type Changes = z.infer<typeof changesAnswer>;

export function addChangesCommand(product: Command, surroundings: Surroundings): void {
	const changes = product
		.command("changes <product>")
		.description("what changes from one version to another: rules added, removed, changed and newly blocking, and CVEs")
		.option("--from <version>", "a version, or how one begins: 4.26 (default: what everybody has, or had before)")
		.option("--to <version>", "the same, also of what is not released yet (default: the newest release)");
	const shape = { from: versionName.optional(), to: versionName.optional() };
	runAsOperator(changes, surroundings, shape, async ({ api, options, operands, output }) => {
		const name = readOperand(operands, 0, "product", productName);
		const path = `/v1/products/${name}/changes${queryOf({ from: options.from, to: options.to })}`;
		const found = await api.call("GET", path, `could not read what changes in ${name}`, changesAnswer);
		output.answer(found, changeLines(name, found));
	});
}

function changeLines(
	product: string,
	{ from, to, counts, cves, proposed_plan: proposed, ...lists }: Changes,
): string[] {
	const added = lists.added.filter(({ id }) => !lists.newly_blocking.some((one) => one.id === id));
	return [
		`${product} ${to.version} against ${from?.version ?? "nothing before it"}`,
		`rules     ${formatCount(counts.before ?? 0)} before, ${formatCount(counts.after)} after: ${formatCount(counts.added)} added, ${formatCount(counts.removed)} removed, ${formatCount(counts.changed)} changed`,
		`blocking  ${formatCount(counts.newly_blocking)} newly, ${formatCount(counts.blocking_no_more)} no more`,
		...(cves.added.length > 0 ? [`CVEs      new: ${few(cves.added)}`] : []),
		...(cves.removed.length > 0 ? [`CVEs      named no more: ${few(cves.removed)}`] : []),
		`plan      ${proposed.plan}, since ${proposed.reasons.join("; ")}`,
		...table("newly blocking", lists.newly_blocking, counts.newly_blocking),
		...table("added, not blocking", added, counts.added - (lists.added.length - added.length)),
		...table("removed", lists.removed, counts.removed),
		...table("changed", lists.changed, counts.changed),
		...table("the id means something else now", lists.reused, counts.reused),
		...table("the id is there more than once", lists.repeated, counts.repeated),
	];
}

function table(title: string, named: readonly z.infer<typeof rule>[], count: number): string[] {
	if (count === 0) return [];
	const rows = named.slice(0, SHOWN).map(({ id, message }) => [id, message]);
	const more = count > rows.length ? [`… and ${formatCount(count - rows.length)} more (--json names 1,000)`] : [];
	return ["", `${title}:`, ...formatTable(["RULE", "MESSAGE"], rows), ...more];
}
