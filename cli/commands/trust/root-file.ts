// The root that devices are delivered with.
import { join } from "node:path";
import { writeAtomically } from "../../files/atomic-file.ts";

/** @returns its path */
export async function writeRootFile(folder: string, root: string): Promise<string> {
	const path = join(folder, "root.json");
	await writeAtomically(path, root);
	return path;
}
