// The lines of a file as its bytes come. What is no text has none.

/** A longer line is taken in parts, so that no file is held as a whole. */
const MAX_LINE_LENGTH = 2 ** 20;

export interface LineSplitter {
	push(bytes: Uint8Array): void;
	/** @returns whether it was text: no byte of it is zero */
	end(): boolean;
}

export function createLineSplitter(onLine: (line: string) => void): LineSplitter {
	const decoder = new TextDecoder();
	let rest = "";
	let isText = true;
	const pass = (text: string) => {
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		for (const line of lines) onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
		if (rest.length > MAX_LINE_LENGTH) {
			onLine(rest);
			rest = "";
		}
	};
	return {
		push(bytes) {
			if (!isText) return;
			isText = !bytes.includes(0);
			if (isText) pass(decoder.decode(bytes, { stream: true }));
		},
		end() {
			if (isText) pass(decoder.decode());
			if (isText && rest !== "") onLine(rest);
			return isText;
		},
	};
}
