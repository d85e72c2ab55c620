// Which of two versions is older, as far as a product's record says.
import type { ProductRecord } from "./product-record.ts";
import { compareVendorVersions } from "./vendor-version.ts";

/** Whether version `a` is older than `b`; null = not known: where versions have no order, only releases in the record have one. */
export function isOlder({ versionOrder, releases }: ProductRecord, a: string, b: string): boolean | null {
	if (versionOrder === "vendor") return compareVendorVersions(a, b) < 0;
	const [before, after] = [a, b].map((version) => releases.find((release) => release.version === version));
	return before === undefined || after === undefined ? null : before.sequence < after.sequence;
}

/** Whether the record may once have held a version that it lacks; a version newer than all it holds never was in it. */
export function wasRecorded(record: ProductRecord, version: string): boolean {
	return record.releases.some((release) => isOlder(record, version, release.version) === true);
}
