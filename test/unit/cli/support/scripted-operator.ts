// An operator's command line against a scripted server: what it asks, and what it makes of the answers.
import { type CliRun, runCli } from "./run-cli.ts";
import { type Reply, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";

export interface ScriptedOperator {
	readonly server: ScriptedServer;
	/** ms of every pause that a command made */
	readonly pauses: readonly number[];
	/** with the server and a key for it */
	run(...args: string[]): Promise<CliRun>;
	/** the same at a terminal, where somebody types `answer` at each question */
	runAsked(answer: string, ...args: string[]): Promise<CliRun & { readonly questions: readonly string[] }>;
	/** method, path and body of every request */
	asked(): (readonly [method: string, path: string, body?: unknown])[];
	/** Answers what comes with these, one after the other; the last one for ever. */
	reply(...replies: readonly Reply[]): void;
	close(): Promise<void>;
}

/** The service's clock and the command line's stand at 2026-11-20T12:00:00Z. */
export const NOW_MS = Date.parse("2026-11-20T12:00:00Z");

export async function startScriptedOperator(): Promise<ScriptedOperator> {
	const server = await startScriptedServer(() => ({ body: {} }));
	const pauses: number[] = [];
	const clock = {
		nowMs: () => NOW_MS,
		sleep: async (ms: number) => {
			pauses.push(ms);
		},
	};
	return {
		server,
		pauses,
		run: (...args) => runCli(args, { PARAPET_URL: server.url, PARAPET_KEY: "pk_0" }, "/nonexistent", clock),
		runAsked: async (answer, ...args) => {
			const questions: string[] = [];
			const ask = async (question: string) => {
				questions.push(question);
				return answer;
			};
			const env = { PARAPET_URL: server.url, PARAPET_KEY: "pk_0" };
			return { ...(await runCli(args, env, "/nonexistent", { ...clock, ask })), questions };
		},
		asked: () =>
			server.seen.map(({ method, path, body }) => {
				if (body === "") return [method, path] as const;
				// Bodies are kept byte for byte.
				return [method, path, JSON.parse(Buffer.from(body, "latin1").toString("utf8"))] as const;
			}),
		reply: (...replies) => {
			const left = [...replies];
			server.answer = () => (left.length > 1 ? left.shift() : left[0]) ?? { body: {} };
		},
		close: server.close,
	};
}
