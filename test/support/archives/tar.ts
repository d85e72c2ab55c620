// Tars of whatever kind, bad ones above all, entry by entry.

export interface TarEntry {
	readonly path: string;
	readonly content?: string | Uint8Array;
	/** flag of the header; 0 = file */
	readonly type?: string;
	readonly target?: string;
	/** what the header says, where it is not what the content has */
	readonly size?: number;
	/** the field of the size as it is, 12 bytes */
	readonly sizeField?: Uint8Array;
}

const text = new TextEncoder();

export function tarHeader({ path, content = "", type = "0", target = "", size, sizeField }: TarEntry): Uint8Array {
	const block = new Uint8Array(512);
	const put = (at: number, what: string) => block.set(text.encode(what), at);
	put(0, path);
	put(100, "0000644\0");
	const length = size ?? bytesOf(content).length;
	put(124, `${length.toString(8).padStart(11, "0")}\0`);
	if (sizeField !== undefined) block.set(sizeField, 124);
	put(136, "00000000000\0");
	put(156, type);
	put(157, target);
	put(257, "ustar\x0000");
	return withSum(block);
}

/** @param block a header, of which the sum is to be right */
export function withSum(block: Uint8Array): Uint8Array {
	block.fill(0x20, 148, 156);
	const sum = block.reduce((all, byte) => all + byte, 0);
	block.set(text.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
	return block;
}

/** @returns header and content of one entry, filled up to whole blocks */
export function tarEntry(entry: TarEntry): Uint8Array {
	const content = bytesOf(entry.content ?? "");
	const bytes = new Uint8Array(512 + Math.ceil(content.length / 512) * 512);
	bytes.set(tarHeader(entry));
	bytes.set(content, 512);
	return bytes;
}

/** A pax header, or a global one with `g`. */
export function paxEntry(fields: Readonly<Record<string, string>>, type = "x"): TarEntry {
	const record = (key: string, value: string) => {
		const rest = ` ${key}=${value}\n`;
		let length = rest.length + 1;
		while (String(length).length + text.encode(rest).length !== length) length += 1;
		return `${length}${rest}`;
	};
	const content = Object.entries(fields)
		.map(([key, value]) => record(key, value))
		.join("");
	return { path: "PaxHeader", content, type };
}

export function makeTar(...entries: readonly TarEntry[]): Uint8Array {
	return joinBytes(...entries.map(tarEntry), new Uint8Array(1024));
}

export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
	const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		bytes.set(part, at);
		at += part.length;
	}
	return bytes;
}

function bytesOf(content: string | Uint8Array): Uint8Array {
	return typeof content === "string" ? text.encode(content) : content;
}
