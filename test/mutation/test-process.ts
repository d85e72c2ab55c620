// The process that runs the tests, from outside: one question at a time, each with a time limit. Where a fault keeps a test from
// ending, the process is ended with all that it started, and the next question gets a new one.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Answer, Question } from "./runner.ts";

const START_LIMIT_MS = 120_000;

export class TestProcess {
	readonly #root: string;
	readonly #limitMs: number;
	#child: ChildProcess | null = null;

	/** @param root of the copied tree @param limitMs that one test file may take */
	constructor(root: string, limitMs: number) {
		this.#root = root;
		this.#limitMs = limitMs;
	}

	/** @returns name of the first test that failed; null = all passed; "endless" where they did not end in time */
	async ask(question: Question): Promise<string | "endless" | null> {
		this.#child ??= await this.#start();
		this.#child.send(question);
		const answer = await received<Answer>(this.#child, this.#limitMs);
		if (answer !== null) return answer.failed;
		const { exitCode } = this.#child;
		this.end();
		if (exitCode !== null) throw new Error(`the process for the tests ended with ${exitCode} at ${question.test}`);
		return "endless";
	}

	end(): void {
		const child = this.#child;
		this.#child = null;
		// Its group: workerd and the workers of vitest are processes of their own.
		if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
	}

	async #start(): Promise<ChildProcess> {
		const child = fork(join(this.#root, "test/mutation/runner.ts"), [], {
			cwd: this.#root,
			detached: true,
			stdio: ["ignore", "ignore", "inherit", "ipc"],
			// The plugin would ask Cloudflare where this machine is, for each run.
			env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false" },
		});
		this.#child = child;
		if ((await received<string>(child, START_LIMIT_MS)) === "ready") return child;
		this.end();
		throw new Error("the process for the tests does not start");
	}
}

/** @returns the next message; null when there is none in time, or the process has ended */
async function received<T>(child: ChildProcess, limitMs: number): Promise<T | null> {
	const done = new AbortController();
	const signal = AbortSignal.any([done.signal, AbortSignal.timeout(limitMs)]);
	const message = once(child, "message", { signal }).then(([value]) => value as T);
	const exit = once(child, "exit", { signal }).then(() => null);
	exit.catch(() => {});
	try {
		return await Promise.race([message, exit]);
	} catch {
		return null;
	} finally {
		done.abort();
		message.catch(() => {});
	}
}
