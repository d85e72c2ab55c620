// Ctrl-C and its kin, as a promise. Started by npm, the end of npm counts too: its shell does not pass signals on.
import { CliError } from "../errors.ts";

const PARENT_POLL_MS = 1000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interruption {
	readonly promise: Promise<"interrupted">;
	/** Gives the signals their usual meaning back. */
	forget(): void;
}

export function whenInterrupted(): Interruption {
	const { promise, resolve } = Promise.withResolvers<"interrupted">();
	const interrupt = () => resolve("interrupted");
	for (const signal of SIGNALS) process.on(signal, interrupt);
	const parent = process.ppid;
	const watch = setInterval(() => {
		if (process.env["npm_lifecycle_event"] !== undefined && process.ppid !== parent) interrupt();
	}, PARENT_POLL_MS);
	watch.unref();
	return {
		promise,
		forget: () => {
			clearInterval(watch);
			for (const signal of SIGNALS) process.removeListener(signal, interrupt);
		},
	};
}

/**
 * Runs what can be ended in good order: the signal is given at Ctrl-C.
 * @param own the error with which it says itself where it was; whatever else an interruption brings about is "interrupted"
 */
export async function unlessInterrupted(
	run: (signal: AbortSignal) => Promise<void>,
	own?: abstract new (...args: never[]) => CliError,
): Promise<void> {
	const interruption = whenInterrupted();
	const controller = new AbortController();
	const interrupted = new CliError("interrupted", { code: "interrupted" });
	void interruption.promise.then(() => controller.abort(interrupted));
	try {
		await run(controller.signal);
	} catch (error) {
		throw controller.signal.aborted && !(own !== undefined && error instanceof own) ? interrupted : error;
	} finally {
		interruption.forget();
	}
}
