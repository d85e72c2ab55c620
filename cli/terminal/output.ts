// How commands speak: lines for people or, with --json, one JSON value per answer on stdout. Errors go to stderr.
// Whatever a server wrote is shown without control characters, so that it cannot drive the terminal.
import { CliError, ServerRefusal, systemFault } from "../errors.ts";

export interface TextSink {
	write(text: string): unknown;
	readonly isTTY?: boolean | undefined;
}

/** What a command line runs in; passed in so that tests can be one. */
export interface Surroundings {
	readonly stdout: TextSink;
	readonly stderr: TextSink;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly cwd: string;
	readonly nowMs: () => number;
	/** Asks the person at the terminal, and gives what is typed, without its line end; undefined = nobody is there. `isHidden`: what is
	 * typed is not shown. */
	readonly ask?: ((question: string, isHidden?: boolean) => Promise<string>) | undefined;
	/** Rejects when the signal is given before the time is over. */
	readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface Output {
	readonly json: boolean;
	/** The answer of a command: `data` with --json, else `lines`. */
	answer(data: unknown, lines: string | readonly string[]): void;
	/** Something for people only, on stderr so that stdout stays the answer. */
	note(text: string): void;
}

// C0 and C1 controls but line feed, and the characters that reorder or hide text.
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** @returns the text with everything that could drive a terminal replaced by `?`; line feeds stay */
export function printable(text: string): string {
	return text.replace(UNPRINTABLE, (character) => (character === "\n" ? character : "?"));
}

export function createOutput(surroundings: Surroundings, json: boolean): Output {
	return {
		json,
		answer: (data, lines) => {
			const text = json ? JSON.stringify(data) : printable(typeof lines === "string" ? lines : lines.join("\n"));
			if (text !== "") surroundings.stdout.write(`${text}\n`);
		},
		note: (text) => {
			if (!json) surroundings.stderr.write(`${printable(text)}\n`);
		},
	};
}

/** @returns aligned columns, header first; an empty table is one line that says so */
export function formatTable(header: readonly string[], rows: readonly (readonly unknown[])[]): string[] {
	if (rows.length === 0) return ["(none)"];
	const cells = [header, ...rows].map((row) => row.map(formatCell));
	const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
	return cells.map((row) =>
		row
			.map((cell, column) => cell.padEnd(widths[column] ?? 0))
			.join("  ")
			.trimEnd(),
	);
}

function formatCell(value: unknown): string {
	if (value === null || value === undefined) return "-";
	if (Array.isArray(value)) return value.map(formatCell).join(",");
	return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @returns 4096 → "4,096" */
export function formatCount(count: number): string {
	return count.toLocaleString("en-US");
}

/** @returns 0.03 → "3 %" */
export function formatPercent(share: number): string {
	return `${Number((share * 100).toFixed(2))} %`;
}

/** @returns 4096 → "4.1 kB" */
export function formatBytes(bytes: number): string {
	if (bytes < 1000) return `${bytes} B`;
	const units = ["kB", "MB", "GB"];
	let value = bytes / 1000;
	let unit = 0;
	while (value >= 999.95 && unit < units.length - 1) {
		value /= 1000;
		unit += 1;
	}
	return `${value.toFixed(1)} ${units[unit]}`;
}

/** Writes why a command failed: what, what to do, and the request to name when asking for help. */
export function writeFailure(sink: TextSink, error: unknown, json: boolean): void {
	const failure = describeFailure(error);
	if (json) {
		sink.write(`${JSON.stringify({ error: failure })}\n`);
		return;
	}
	const lines = [`error: ${failure.message}`];
	for (const { path, reason, fix } of failure.faults ?? []) lines.push(`  ${path}: ${reason}`, `    fix: ${fix}`);
	if (failure.fix !== undefined) lines.push(`  fix: ${failure.fix}`);
	if (failure.retry_after !== undefined) lines.push(`  try again in ${failure.retry_after} s`);
	if (failure.request_id !== undefined) lines.push(`  request: ${failure.request_id}`);
	sink.write(`${printable(lines.join("\n"))}\n`);
}

/** A file that cannot be used is most of what a command does not expect. */
function describeUnexpected(error: unknown): string {
	const path = error instanceof Error && "path" in error ? `cannot use ${String(error.path)}: ` : "";
	return path + systemFault(error);
}

function describeFailure(error: unknown) {
	const known = error instanceof CliError;
	const refusing = known && error.cause instanceof ServerRefusal ? error.cause : error;
	const refusal = refusing instanceof ServerRefusal ? refusing.refusal : undefined;
	return {
		message: known ? error.message : describeUnexpected(error),
		code: known ? error.code : "unexpected",
		status: refusal?.status,
		fix: known ? error.fix : undefined,
		faults: known && error.faults.length > 0 ? error.faults : undefined,
		request_id: refusal?.requestId,
		retry_after: refusal?.retryAfterSeconds,
		resume_from: known ? error.resumeFrom : undefined,
		clock_ahead_seconds: refusal?.clockAheadSeconds,
	};
}
