// Ctrl-C and its kin, as a promise. Started by npm, the end of npm counts too: its shell does not pass signals on.
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
