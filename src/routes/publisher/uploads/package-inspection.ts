// The service's own look at a package, once its bytes are stored and before a version is bound to them. A publisher's command line has
// looked at all of it before; this is for whoever uploads without one. It reads what fits into the processor time of a request, and
// says where that was not all.
import { type Inspection, inspectPackage } from "../../../content/inspection/inspect-package.ts";
import { INSPECTION_LIMITS } from "../../../content/inspection/limits.ts";
import { type PackageSource, unpackBy } from "../../../content/inspection/package-source.ts";
import { ProblemError } from "../../../problem.ts";
import { type PackageStore, PackageStoreError } from "../../../storage/packages/package-store.ts";
import { readPieces } from "../../../storage/packages/read-pieces.ts";

/** A request has 500 ms of the processor; here 64 MiB of a tar cost 10, and 16 MiB that are unpacked 90 (docs/benchmarks.md). */
const BUDGET = { read: 128 * 2 ** 20, unpacked: 16 * 2 ** 20 };
/** Each costs microseconds, and a request has 500 ms. */
const LIMITS = { ...INSPECTION_LIMITS, entries: 20_000 };
/** zstd is nothing that the platform unpacks; what is in entries of a zip is not unpacked here. */
const UNPACKERS = { gzip: unpackBy("gzip"), zstd: null, deflate: null };

export interface StoredBytes {
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	readonly name: string;
}

/**
 * @returns whether all of it was looked at
 * @throws ProblemError `unsafe_package`; PackageStoreError when the storage does not answer
 */
export async function requireSound(packages: Pick<PackageStore, "get">, stored: StoredBytes): Promise<boolean> {
	const options = { name: stored.name, unpackers: UNPACKERS, limits: LIMITS, budget: BUDGET };
	const found = await inspectPackage(sourceOf(packages, stored), options);
	const { findings, isWhole } = judge(found);
	if (findings.length === 0) return isWhole;
	const [first] = findings;
	const detail = `${first?.entry ?? "the package"}: ${first?.detail}`;
	throw new ProblemError("unsafe_package", { detail, extras: { findings } });
}

/** What is too much for a request need not be too much for a firewall: that is not looked at, and no fault. */
function judge({ findings, isWhole }: Inspection): Pick<Inspection, "findings" | "isWhole"> {
	const faults = findings.filter(({ code }) => code !== "too_many_entries");
	return { findings: faults, isWhole: isWhole && faults.length === findings.length };
}

function sourceOf(packages: Pick<PackageStore, "get">, { sha256, size }: StoredBytes): PackageSource {
	return {
		size,
		async *read(offset, length = size - offset) {
			// R2 takes no range of nothing.
			if (length <= 0 || offset >= size) return;
			const range = { offset, length: Math.min(length, size - offset) };
			const found = await packages.get(sha256, range);
			if (found === null) throw new PackageStoreError(`package ${sha256} is not there`);
			yield* readPieces(found.body);
		},
	};
}
