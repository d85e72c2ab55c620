// Tests that drive programs of the machine. Where one is not installed they are skipped, aloud; REQUIRE_PROGRAMS=1 makes that a
// failure.
import { writeSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { describe, expect, it } from "vitest";

const STDERR = 2;

/** A suite that needs programs on the PATH, or servers where Debian puts them. @param names of the programs, as Debian's packages are called too */
export async function describeWithPrograms(names: readonly string[], title: string, tests: () => void): Promise<void> {
	const found = await Promise.all(names.map(isInstalled));
	const missing = names.filter((_, index) => !found[index]);
	if (missing.length === 0) {
		describe(title, tests);
		return;
	}
	const needs = `needs ${missing.join(", ")} (Debian: apt-get install ${missing.join(" ")})`;
	if (process.env["REQUIRE_PROGRAMS"] === "1") it(title, () => expect.fail(needs));
	else {
		// Not the console, which is silent for tests that pass.
		writeSync(STDERR, `skipped: "${title}" ${needs}\n`);
		describe.skip(title, tests);
	}
}

async function isInstalled(name: string): Promise<boolean> {
	// Servers lie where only root's PATH leads.
	const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
	const runs = await Promise.all(
		folders.map((folder) =>
			access(join(folder, name), constants.X_OK).then(
				() => true,
				() => false,
			),
		),
	);
	return runs.includes(true);
}
