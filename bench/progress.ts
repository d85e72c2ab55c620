// How a benchmark speaks with whoever waits for it: one line on stderr says what is happening, rewritten in place on a
// terminal, one line each otherwise; and one word says whether a goal was met.

/** Shows what has just begun. */
export function showProgress(text: string): void {
	process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text} … ` : `${text} …\n`);
}

/** Leaves a clean line. */
export function endProgress(): void {
	if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}

/** What stands beside a figure that has a goal. */
export function mark(met: boolean): string {
	return met ? "met" : "MISSED";
}
