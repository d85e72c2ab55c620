// One line on stderr that says what is happening: rewritten in place on a terminal, one line each otherwise.

/** Shows what has just begun. */
export function showProgress(text: string): void {
	process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text} … ` : `${text} …\n`);
}

/** Leaves a clean line. */
export function endProgress(): void {
	if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}
