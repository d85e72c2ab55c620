// Progress bars for uploads and downloads: on stderr, and only when a person is looking at it.
import cliProgress from "cli-progress";
import { formatBytes, type Surroundings } from "./output.ts";

export interface Progress {
	/** @param done bytes so far, of @param total */
	report(done: number, total: number): void;
	end(): void;
}

const SILENT: Progress = { report: () => {}, end: () => {} };

/** @param label what is moving, e.g. "downloading crs-4.27.0.tar" */
export function createProgress(surroundings: Surroundings, label: string, json: boolean): Progress {
	// cli-progress needs a real terminal stream, to move the cursor.
	if (json || surroundings.stderr !== process.stderr || process.stderr.isTTY !== true) return SILENT;
	const bar = new cliProgress.SingleBar(
		{
			format: `  ${label} [{bar}] {percentage}% {done} of {size}`,
			stream: process.stderr,
			hideCursor: true,
			clearOnComplete: true,
			barsize: 24,
		},
		cliProgress.Presets.rect,
	);
	let running = false;
	return {
		report: (done, total) => {
			const payload = { done: formatBytes(done), size: formatBytes(total) };
			if (running) bar.update(done, payload);
			else bar.start(total, done, payload);
			running = true;
		},
		end: () => {
			if (running) bar.stop();
			running = false;
		},
	};
}
