// The rule index of a version that is about to be released: made of the bytes, and uploaded before the release is signed, so that the role
// file can name it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type MadeIndex, writeRuleIndex } from "../../../src/content/rule-index/write-index.ts";
import { sha256Hex } from "../../../src/names.ts";
import { readContents } from "../../contents/fetch-contents.ts";
import { CliError } from "../../errors.ts";
import { createSha256, sha256Of } from "../../files/file-digest.ts";
import type { Payload } from "../../files/package-file.ts";
import type { Clock } from "../../firewall/identity/session.ts";
import { readAnswer } from "../../http/answers.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { queryOf } from "../../http/query.ts";
import { releasePath } from "../../http/release-path.ts";
import { parseJson } from "../../json.ts";
import { formatCount } from "../../terminal/output.ts";
import { putFile } from "./put-file.ts";

const indexAnswer = z.looseObject({
	sha256: sha256Hex,
	size: z.number().positive(),
	rules: z.number(),
	against: z.string().nullable(),
	counts: z.looseObject({ added: z.number(), removed: z.number(), changed: z.number(), newly_blocking: z.number() }),
	proposed_plan: z.looseObject({ plan: z.string(), reasons: z.array(z.string()) }),
	proposed_classes: z.array(z.string()).nullish(),
});
export type PublishedIndex = z.infer<typeof indexAnswer>;

export interface IndexTarget {
	readonly api: OperatorApi;
	readonly product: string;
	readonly version: string;
	readonly payload: Payload;
	/** of the package's file in downloads */
	readonly name: string;
	/** also where ids mean another rule than in what everybody has */
	readonly allowReused: boolean;
	readonly clock: Clock;
}

export type IndexOutcome = { readonly ok: true; readonly index: PublishedIndex } | (MadeIndex & { readonly ok: false });

/** @throws ServerRefusal where ids are re-used (`reused_rule_ids`), or the key may not; CliError where the server has stored another; ConnectionError */
export async function publishIndex(target: IndexTarget): Promise<IndexOutcome> {
	const { api, product, version, payload, name, allowReused, clock } = target;
	const made = writeRuleIndex(payload.sha256, await readContents(payload.path, name), createSha256);
	if (!made.ok) return made;
	const folder = await mkdtemp(join(tmpdir(), "parapet-index-"));
	try {
		const path = join(folder, "index");
		await writeFile(path, made.text, { mode: 0o600 });
		const file = { path, size: Buffer.byteLength(made.text), sha256: sha256Of(made.text) };
		const query = queryOf({ allow_reused: allowReused || undefined });
		const url = `${releasePath({ product, version })}/rule-index${query}`;
		const what = `could not upload the rule index of ${product} ${version}`;
		const { text } = await putFile(api, url, file, what, clock.nowMs);
		const index = readAnswer(parseJson(text), what, indexAnswer);
		// What is signed next is what was made here, and nothing that the service names.
		if (index.sha256 !== file.sha256 || index.size !== file.size)
			throw otherIndex(`${product} ${version}`, index, file);
		return { ok: true, index };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

function otherIndex(what: string, stored: Pick<PublishedIndex, "sha256">, made: { readonly sha256: string }): CliError {
	return new CliError(
		`the server holds another rule index for ${what}: SHA-256 ${stored.sha256}, not ${made.sha256}; nothing was signed or released`,
		{
			code: "digest_mismatch",
			fix: "publish again; if it stays so, the server or something before it changes what it is given",
		},
	);
}

/** For people: what changes for who has the current release, and the plan that this calls for. @param classes that the release is said to have */
export function describeIndex(outcome: IndexOutcome, classes?: readonly string[]): string[] {
	// Of what is no rule set, nobody expects one.
	if (!outcome.ok) return outcome.reason === "no_rules" ? [] : [`  no rule index: ${outcome.detail}`];
	const { rules, against, counts, proposed_plan: proposed } = outcome.index;
	if (against === null) return [`  rules: ${formatCount(rules)}`];
	const { added, removed, changed, newly_blocking: blocking } = counts;
	return [
		`  rules: ${formatCount(rules)}; against ${against} ${formatCount(added)} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed, ${formatCount(blocking)} newly blocking`,
		`  proposed plan: ${proposed.plan}, since ${proposed.reasons.join("; ")}`,
		...describeClasses(outcome.index.proposed_classes ?? [], blocking, classes),
	];
}

/** What its rules do counts for nobody who goes by its classes, unless it is said. */
function describeClasses(proposed: readonly string[], blocking: number, said: readonly string[] | undefined): string[] {
	if (said === undefined) return proposed.length === 0 ? [] : [`  proposed classes: ${proposed.join(",")}`];
	const missing = proposed.filter((one) => !said.includes(one));
	if (missing.length === 0) return [];
	const why = blocking > 0 ? `: ${formatCount(blocking)} rules can stop traffic that passed before` : "";
	return [`  warning: its classes are ${said.join(",")}, and its rules call for ${missing.join(",")} too${why}`];
}
