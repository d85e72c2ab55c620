// The deltas of a version that is about to be released: made here, applied again, and uploaded only where what comes out has the
// version's SHA-256 and is worth it. A release goes its way without them, so nothing that fails here stops it.
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { DELTA_HEAD_BYTES, largestDelta } from "../../../src/content/releases/delta.ts";
import { sha256Hex, versionName } from "../../../src/names.ts";
import { applyDelta, canUseDictionaries, makeDelta } from "../../delta/dcz.ts";
import { CliError } from "../../errors.ts";
import { hashFile } from "../../files/file-digest.ts";
import type { Payload } from "../../files/package-file.ts";
import type { Clock } from "../../firewall/identity/session.ts";
import { downloadPackage } from "../../firewall/update/download.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { releasePath } from "../../http/release-path.ts";
import { formatBytes } from "../../terminal/output.ts";
import { putFile } from "./put-file.ts";

export interface MadeDelta {
	/** null = a packed copy of the whole */
	readonly from: string | null;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
}

export interface MadeDeltas {
	readonly deltas: readonly MadeDelta[];
	/** why there are none, or fewer; empty = all that are worth it */
	readonly notes: readonly string[];
}

export interface DeltaTarget {
	readonly api: OperatorApi;
	readonly product: string;
	readonly version: string;
	/** uploaded, and not released yet; what is released gets no deltas */
	readonly payload: Payload;
	readonly clock: Clock;
}

const basesAnswer = z.looseObject({
	released: z.boolean(),
	bases: z.array(
		z.looseObject({ version: versionName, sha256: sha256Hex, size: z.number().positive(), url: z.string() }),
	),
});
type Base = z.infer<typeof basesAnswer>["bases"][number];

/** Makes, proves and uploads what is worth it. Never throws for what can go wrong outside of this process. */
export async function publishDeltas(target: DeltaTarget): Promise<MadeDeltas> {
	const { api, product, version, payload } = target;
	if (largestDelta(payload.size) === 0)
		return { deltas: [], notes: [`${formatBytes(payload.size)} are too many for deltas`] };
	if (!canUseDictionaries())
		return { deltas: [], notes: [`Node ${process.versions.node} knows no zstd with dictionaries (24.6 and later do)`] };
	const deltas: MadeDelta[] = [];
	const notes: string[] = [];
	const folder = await mkdtemp(join(tmpdir(), "parapet-deltas-"));
	const attempt = async (what: string, work: () => Promise<MadeDelta | null>) => {
		try {
			const made = await work();
			if (made !== null) deltas.push(made);
		} catch (error) {
			if (!(error instanceof CliError)) throw error;
			notes.push(`${what}: ${error.message}`);
		}
	};
	try {
		const path = `${releasePath(target)}/bases`;
		const { released, bases } = await api.call(
			"POST",
			path,
			`could not read what deltas of ${product} ${version} begin with`,
			basesAnswer,
			{},
		);
		if (released) return { deltas, notes };
		await attempt("packed copy", () => publishOne(target, folder, null, largestDelta(payload.size)));
		// What is no smaller than the packed copy would never be taken.
		const most = Math.min(largestDelta(payload.size), ...deltas.map(({ size }) => size - 1));
		for (const base of bases) await attempt(`from ${base.version}`, () => publishOne(target, folder, base, most));
		return { deltas, notes };
	} catch (error) {
		if (error instanceof CliError) return { deltas, notes: [...notes, error.message] };
		throw error;
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** @param most bytes that it may have @returns null = it is not worth it */
async function publishOne(
	target: DeltaTarget,
	folder: string,
	base: Base | null,
	most: number,
): Promise<MadeDelta | null> {
	const { api, product, version, payload, clock } = target;
	const delta = join(folder, "delta");
	const basePath = base === null ? null : await fetchBase(target, base, join(folder, "base"));
	await makeDelta(basePath, payload.path, payload.size, delta);
	const { size } = await stat(delta);
	if (size > most || size < DELTA_HEAD_BYTES) return null;
	const proved = await applyDelta({ base: basePath, delta, size: payload.size, out: null });
	if (!proved.ok || proved.sha256 !== payload.sha256)
		throw new CliError("what was made does not give the package again", { code: "delta_unproved" });
	const sha256 = await hashFile(delta);
	const from = base === null ? "" : `&from=${encodeURIComponent(base.version)}&from_sha256=${base.sha256}`;
	const path = `${releasePath(target)}/delta?sha256=${payload.sha256}${from}`;
	await putFile(
		api,
		path,
		{ path: delta, size, sha256 },
		`could not upload a delta of ${product} ${version}`,
		clock.nowMs,
	);
	return { from: base?.version ?? null, sha256, size };
}

async function fetchBase({ api, clock }: DeltaTarget, base: Base, partPath: string): Promise<string> {
	await rm(partPath, { force: true });
	const { sha256, size, url } = base;
	const urlFor = async () => new URL(url, api.server).href;
	const got = await downloadPackage({ urlFor, sha256, size, partPath, clock });
	if (!got.ok) throw new CliError(`its package cannot be had: ${got.detail}`, { code: got.reason });
	return partPath;
}

/** For people: `deltas: from 4.27.0 4.6 kB (0.5 %), packed 152 kB (16 %)`, with why there are no more. */
export function describeDeltas({ deltas, notes }: MadeDeltas, size: number): string[] {
	const one = ({ from, size: own }: MadeDelta) =>
		`${from === null ? "packed" : `from ${from}`} ${formatBytes(own)} (${((own / size) * 100).toFixed(1)} %)`;
	const made = deltas.length === 0 ? [] : [`  deltas: ${deltas.map(one).join(", ")}`];
	return [...made, ...notes.map((note) => `  ${deltas.length === 0 ? "no deltas" : "one delta less"}: ${note}`)];
}
