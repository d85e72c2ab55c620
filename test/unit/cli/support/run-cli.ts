// Runs a command line in this process, against strings instead of a terminal.

import { runParapet } from "../../../../cli/parapet.ts";
import type { Surroundings } from "../../../../cli/terminal/output.ts";

export interface CliRun {
	readonly exitCode: number;
	readonly stdout: string;
	readonly stderr: string;
}

export async function runCli(
	args: readonly string[],
	env: Readonly<Record<string, string>> = {},
	cwd = "/nonexistent",
	more: Partial<Pick<Surroundings, "nowMs" | "sleep" | "ask">> = {},
): Promise<CliRun> {
	const written = { stdout: "", stderr: "" };
	const sink = (name: "stdout" | "stderr") => ({
		write: (text: string) => {
			written[name] += text;
		},
	});
	const exitCode = await runParapet(args, {
		stdout: sink("stdout"),
		stderr: sink("stderr"),
		env,
		cwd,
		nowMs: Date.now,
		sleep: async () => {},
		...more,
	});
	return { exitCode, ...written };
}
