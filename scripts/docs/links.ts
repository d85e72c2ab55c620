// The links of the project's documents: each leads to a file, and to a heading in it, that there is.
import { globSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** As GitHub makes it of a heading. */
export function anchorOf(heading: string): string {
	return heading
		.toLowerCase()
		.replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
		.replaceAll(" ", "-");
}

/** @returns a line on each link that leads nowhere */
export async function findBrokenLinks(): Promise<string[]> {
	const paths = globSync("{*.md,docs/**/*.md,examples/*.md,infra/**/*.md}");
	const texts = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, "utf8")] as const)));
	const anchors = new Map([...texts].map(([path, text]) => [path, anchorsIn(text)]));
	const broken: string[] = [];
	for (const [path, text] of texts) {
		for (const [, target = ""] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
			if (/^[a-z]+:/.test(target)) continue;
			const [file = "", anchor] = target.split("#");
			const goal = file === "" ? path : join(dirname(path), file);
			const known = anchors.get(goal);
			const isThere = known === undefined ? await exists(goal) : anchor === undefined || known.has(anchor);
			if (!isThere) broken.push(`${path}: ${target} leads nowhere`);
		}
	}
	return broken;
}

function anchorsIn(text: string): Set<string> {
	return new Set([...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading)));
}

function withoutCode(text: string): string {
	return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

function exists(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}
