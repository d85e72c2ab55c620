// The command line as this process: its arguments, streams, environment and clock.
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { runParapet } from "./parapet.ts";

/** Runs what the process was called with, and leaves its exit code. */
export async function runProcess(): Promise<void> {
	// A reader that has seen enough (`| head`) is not a failure.
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code === "EPIPE") process.exit(0);
		console.error(`error: cannot write the answer: ${error.message}`);
		process.exit(1);
	});
	process.exitCode = await runParapet(process.argv.slice(2), {
		stdout: process.stdout,
		stderr: process.stderr,
		env: process.env,
		cwd: process.cwd(),
		nowMs: Date.now,
		...(process.stdin.isTTY && process.stderr.isTTY ? { ask } : {}),
		sleep: (ms, signal) => wait(ms, undefined, { signal }),
	});
}

/**
 * On stderr, so that stdout stays the answer. The end of the input, or Ctrl-C, is an empty answer.
 * @param isHidden what is typed is not shown
 */
async function ask(question: string, isHidden = false): Promise<string> {
	const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
	if (isHidden) process.stderr.write(question);
	const terminal = isHidden
		? createInterface({ input: process.stdin, output: nowhere, terminal: true })
		: createInterface({ input: process.stdin, output: process.stderr });
	return new Promise((resolve) => {
		const leave = () => {
			process.stderr.write("\n");
			resolve("");
		};
		terminal.once("close", leave);
		terminal.question(question, (answer) => {
			terminal.removeListener("close", leave);
			terminal.close();
			if (isHidden) process.stderr.write("\n");
			resolve(answer);
		});
	});
}
