// Answers as CSV (RFC 4180), for spreadsheets.

/** @returns the line of a row, without its end */
export function csvLine(cells: readonly unknown[]): string {
	return cells.map(formatCell).join(",");
}

/** A spreadsheet takes what begins with one of these for a formula, the wide ones of East Asia too, and a device can say what it likes. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

function formatCell(value: unknown): string {
	const text = value == null ? "" : String(value);
	const safe = FORMULA.test(text) ? `'${text}` : text;
	return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
