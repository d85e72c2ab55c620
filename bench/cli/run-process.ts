// One process from its start to its end, by the clock of whoever waits for it.
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Process {
	/** the program and its arguments */
	readonly command: readonly [string, ...string[]];
	readonly env: Readonly<Record<string, string>>;
	/** what it must print, or it is not what is measured; null = nothing */
	readonly prints: RegExp | null;
}

/** @returns ms @throws Error when it fails, or prints something else */
export async function timeProcess({ command: [program, ...args], env, prints }: Process): Promise<number> {
	const started = performance.now();
	// Nothing of this process's environment: it was started by npm, and has a cache of its own.
	const child = spawn(program, args, { env: env as NodeJS.ProcessEnv, stdio: ["ignore", "pipe", "pipe"] });
	let printed = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			printed += text;
		});
	}
	const [code] = await once(child, "close");
	const ms = performance.now() - started;
	if (code === 0 && (prints === null ? printed === "" : prints.test(printed))) return ms;
	throw new Error(`${args.join(" ")} ended with ${code}: ${printed.trim().slice(0, 500)}`);
}
