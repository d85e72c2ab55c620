// Progress bars on stderr, only when a person is looking at it: of bytes that move, and of things that are done, which
// where there is no terminal become a line now and then.
import type { SingleBar } from "cli-progress";
import { formatBytes, type Surroundings } from "./output.ts";

export interface Progress {
	/** @param done bytes so far, of @param total */
	report(done: number, total: number): void;
	end(): void;
}

const SILENT: Progress = { report: () => {}, end: () => {} };

/** Between two lines where there is no terminal. */
const LINE_INTERVAL_MS = 5_000;

/** @param label what is moving, e.g. "downloading crs-4.27.0.tar" */
export function createProgress(surroundings: Surroundings, label: string, json: boolean): Progress {
	if (json || !hasTerminal(surroundings)) return SILENT;
	const bar = createBar(`  ${label} [{bar}] {percentage}% {done} of {size}`);
	return {
		report: (done, total) => bar.show(done, total, { done: formatBytes(done), size: formatBytes(total) }),
		end: bar.end,
	};
}

export interface CountProgress {
	/** @param total null = not known @param detail what else can be said, e.g. "4,096 records" */
	report(done: number, total: number | null, detail: string): void;
	end(): void;
}

/** @param label what is going on, e.g. "rebuilding" */
export function createCountProgress(surroundings: Surroundings, label: string, json: boolean): CountProgress {
	if (json) return { report: () => {}, end: () => {} };
	if (hasTerminal(surroundings)) {
		const bar = createBar(`  ${label} [{bar}] {value}/{total}, {detail}`);
		const count = createBar(`  ${label} {value}, {detail}`);
		return {
			report: (done, total, detail) => (total === null ? count : bar).show(done, total ?? done, { detail }),
			end: () => {
				bar.end();
				count.end();
			},
		};
	}
	let lastMs = surroundings.nowMs();
	return {
		report: (done, total, detail) => {
			const nowMs = surroundings.nowMs();
			if (nowMs - lastMs < LINE_INTERVAL_MS) return;
			lastMs = nowMs;
			surroundings.stderr.write(`${label}: ${total === null ? done : `${done} of ${total}`}, ${detail}\n`);
		},
		end: () => {},
	};
}

/** cli-progress needs a real terminal stream, to move the cursor. */
function hasTerminal(surroundings: Surroundings): boolean {
	return surroundings.stderr === process.stderr && process.stderr.isTTY === true;
}

/** The bar itself is loaded while the work goes on, which waits for no bar; what is over before then shows none. */
function createBar(format: string) {
	let bar: SingleBar | undefined;
	let running = false;
	void import("cli-progress").then(({ default: { SingleBar, Presets } }) => {
		const options = { format, stream: process.stderr, hideCursor: true, clearOnComplete: true, barsize: 24 };
		bar = new SingleBar(options, Presets.rect);
	});
	return {
		show: (done: number, total: number, payload: Record<string, string>) => {
			if (running) bar?.update(done, payload);
			else bar?.start(total, done, payload);
			running = bar !== undefined;
		},
		end: () => {
			if (running) bar?.stop();
			running = false;
		},
	};
}
