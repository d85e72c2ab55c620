// Whether the rule index that the service has of a version is what its bytes give: made anew of them, and compared by SHA-256.
import { writeRuleIndex } from "../../src/content/rule-index/write-index.ts";
import { createSha256 } from "../files/file-digest.ts";
import { exchange } from "../http/exchange.ts";
import { refusalFrom } from "../http/refusal.ts";
import { releasePath } from "../http/release-path.ts";
import type { FetchContext, FetchedContents } from "./fetch-contents.ts";

/** differs: what the service says of the version by its index is not what these bytes say */
export type IndexJudgement = "missing" | "matches" | "differs";

/** @throws ServerRefusal, ConnectionError */
export async function judgeIndex(
	{ api, surroundings }: Pick<FetchContext, "api" | "surroundings">,
	product: string,
	{ version, sha256, ...contents }: FetchedContents,
): Promise<IndexJudgement> {
	const url = `${api.server}${releasePath({ product, version })}/rule-index`;
	const answer = await exchange({ method: "GET", url, headers: { authorization: api.authorization } });
	if (answer.status === 404) return "missing";
	if (answer.status >= 400)
		throw refusalFrom(answer, `could not read the rule index of ${product} ${version}`, surroundings.nowMs());
	const made = writeRuleIndex(sha256, contents, createSha256);
	return made.ok && made.text === answer.text ? "matches" : "differs";
}

/** For people, with what the service says by it. */
export function indexLines(product: string, version: string, judged: IndexJudgement): string[] {
	const command = `parapet product changes ${product} --to ${version}`;
	switch (judged) {
		case "missing":
			return [`service side: it has no rule index of ${version}`];
		case "matches":
			return [`service side: its rule index of ${version} is that of these bytes; ${command}`];
		case "differs":
			return [
				`BAD  the service's rule index of ${version} is not what this command makes of its bytes: do not go by \`${command}\`, and ask its publisher`,
			];
	}
}
