// What a figure was measured on: without it no two figures can be compared.
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";

/** @param root of the project @returns the machine and the versions of what runs on it, in a line */
export async function readMachine(root: string): Promise<string> {
	const versionOf = async (name: string): Promise<string> => {
		const manifest: unknown = JSON.parse(await readFile(join(root, "node_modules", name, "package.json"), "utf8"));
		return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "?";
	};
	const processors = cpus();
	const model = processors[0]?.model.trim() ?? "unknown processor";
	return `${model}, ${processors.length} cores, ${process.platform} · Node ${process.versions.node} · workerd ${await versionOf("workerd")} · Miniflare ${await versionOf("miniflare")}`;
}
