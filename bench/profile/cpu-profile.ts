// A CPU profile of one Worker, taken over the debugger's protocol (Chrome DevTools, domain Profiler), and what it comes to per
// function. Time of the platform's own code appears under the function that called it, or as (program).

/** As much of a .cpuprofile as is read here; the rest is for DevTools. */
export interface CpuProfile {
	readonly nodes: readonly {
		readonly id: number;
		readonly callFrame: { readonly functionName: string; readonly lineNumber: number };
		readonly children?: readonly number[];
	}[];
	/** ids of nodes */
	readonly samples: readonly number[];
	/** µs before each sample */
	readonly timeDeltas: readonly number[];
}

export interface FunctionTime {
	readonly name: string;
	/** µs in the function itself */
	readonly self: number;
	/** µs in it and in what it calls */
	readonly total: number;
}

const SAMPLING_MICROSECONDS = 100;
/** While the thread waits for a processor no sample is taken, and the next one has all of that time to its name. */
const MAX_SAMPLE_MICROSECONDS = 300;

/**
 * Records while `run` lasts.
 * @param inspector of the workerd @param worker name of the Worker
 * @throws Error when there is no such Worker, or the debugger breaks off
 */
export async function recordProfile(inspector: URL, worker: string, run: () => Promise<void>): Promise<CpuProfile> {
	const targets = (await (await fetch(new URL("/json", inspector.href.replace(/^ws/, "http")))).json()) as {
		readonly id: string;
		readonly webSocketDebuggerUrl: string;
	}[];
	const target = targets.find(({ id }) => id.endsWith(`:${worker}`));
	if (target === undefined) throw new Error(`the debugger knows no Worker ${worker}`);
	const session = await openSession(target.webSocketDebuggerUrl);
	try {
		await session.call("Profiler.enable");
		await session.call("Profiler.setSamplingInterval", { interval: SAMPLING_MICROSECONDS });
		await session.call("Profiler.start");
		await run();
		return ((await session.call("Profiler.stop")) as { readonly profile: CpuProfile }).profile;
	} finally {
		session.close();
	}
}

interface Session {
	call(method: string, params?: object): Promise<unknown>;
	close(): void;
}

async function openSession(url: string): Promise<Session> {
	const socket = new WebSocket(url);
	const waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
	await new Promise<void>((resolve, reject) => {
		socket.addEventListener("open", () => resolve());
		socket.addEventListener("error", () => reject(new Error("the debugger takes no connection")));
	});
	socket.addEventListener("message", ({ data }) => {
		const { id, result, error } = JSON.parse(String(data)) as {
			readonly id?: number;
			readonly result?: unknown;
			readonly error?: { readonly message: string };
		};
		const call = id === undefined ? undefined : waiting.get(id);
		if (error === undefined) call?.resolve(result);
		else call?.reject(new Error(`the debugger: ${error.message}`));
	});
	socket.addEventListener("close", () => {
		for (const { reject } of waiting.values()) reject(new Error("the debugger broke off"));
	});
	let calls = 0;
	return {
		call(method, params = {}) {
			const id = ++calls;
			return new Promise((resolve, reject) => {
				waiting.set(id, { resolve, reject });
				socket.send(JSON.stringify({ id, method, params }));
			});
		},
		close: () => socket.close(),
	};
}

/** Time per function, most self time first. Functions of one name count as one; recursion counts once. */
export function sumUp({ nodes, samples, timeDeltas }: CpuProfile): readonly FunctionTime[] {
	const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
	const callers = new Map<number, number>();
	for (const { id, children = [] } of nodes) for (const child of children) callers.set(child, id);
	const self = new Map<string, number>();
	const total = new Map<string, number>();
	const add = (times: Map<string, number>, name: string, time: number) =>
		times.set(name, (times.get(name) ?? 0) + time);
	for (const [index, sample] of samples.entries()) {
		const time = Math.min(timeDeltas[index] ?? 0, MAX_SAMPLE_MICROSECONDS);
		add(self, names.get(sample) ?? "", time);
		const stack = new Set<string>();
		for (let id: number | undefined = sample; id !== undefined; id = callers.get(id)) stack.add(names.get(id) ?? "");
		for (const name of stack) add(total, name, time);
	}
	return [...total]
		.map(([name, time]) => ({ name, self: self.get(name) ?? 0, total: time }))
		.sort((a, b) => b.self - a.self);
}

function nameOf({ functionName, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
	return functionName === "" ? `(line ${lineNumber + 1})` : functionName;
}
