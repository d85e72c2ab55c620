// Rules that the publisher has disabled: written down for whatever loads the content to leave out, a file for each product, a rule in
// each line. Without such a file no rule is disabled. Nothing of the content itself is changed.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readIfPresent, writeAtomically } from "../../files/atomic-file.ts";
import type { FirewallHome } from "../home/firewall-state.ts";
import type { CheckAnswer } from "../wire-types.ts";

export interface ChangedRules {
	readonly product: string;
	/** all that are disabled now */
	readonly rules: readonly string[];
	/** that says so; where no rule is disabled there is no file any more */
	readonly path: string;
}

/** @returns the products whose list differs from the one that was written before. @throws DiskError */
export async function writeDisabledRules(home: FirewallHome, { products }: CheckAnswer): Promise<ChangedRules[]> {
	const changed: ChangedRules[] = [];
	for (const { product, disabled_rules: told } of products) {
		const rules = told ?? [];
		const path = join(home.folder, "disabled-rules", `${product}.txt`);
		const text = rules.map((rule) => `${rule}\n`).join("");
		if (((await readIfPresent(path)) ?? "") === text) continue;
		if (rules.length === 0) await rm(path, { force: true });
		else await writeAtomically(path, text);
		changed.push({ product, rules, path });
	}
	return changed;
}

/** For people. */
export function describeRules({ product, rules, path }: ChangedRules): string {
	if (rules.length === 0) return `${product}: no rule is disabled any more`;
	return `${product}: the content is to be loaded without ${rules.join(", ")}\n  ${path}`;
}
