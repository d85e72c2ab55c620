// The Range of a download (RFC 9110 §14): one range of bytes, or the whole.
import type { PackageRange } from "../../../storage/packages/package-store.ts";

/**
 * @param header value of Range
 * @param size bytes of the whole
 * @returns the range; "unsatisfiable"; or null where the whole is the answer: no header, another unit, several ranges, or
 *   something malformed, all of which §14.2 lets a server ignore
 */
export function parseByteRange(header: string | undefined, size: number): PackageRange | "unsatisfiable" | null {
	const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
	if (first === undefined || last === undefined || (first === "" && last === "")) return null;
	if (first === "") {
		const length = Math.min(Number(last), size);
		return length === 0 ? "unsatisfiable" : { offset: size - length, length };
	}
	const offset = Number(first);
	const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
	if (last !== "" && Number(last) < offset) return null;
	return offset >= size ? "unsatisfiable" : { offset, length: end - offset + 1 };
}
