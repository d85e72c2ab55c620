// What is in the package of a version, from its very bytes: downloaded, compared with its SHA-256, read and forgotten. So an approver
// need not believe what somebody else says of them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { collectContents, type PackageContents } from "../../src/content/contents/package-contents.ts";
import type { Inspection } from "../../src/content/inspection/inspect-package.ts";
import { sha256Hex } from "../../src/names.ts";
import { CliError } from "../errors.ts";
import { createSha256 } from "../files/file-digest.ts";
import { inspectFile } from "../files/inspect-file.ts";
import { downloadPackage } from "../firewall/update/download.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import { releasePath } from "../http/release-path.ts";
import type { Surroundings } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";

export interface FetchedContents extends PackageContents {
	readonly version: string;
	readonly sha256: string;
	/** bytes of the package */
	readonly size: number;
	readonly inspection: Inspection;
}

const linkAnswer = z.looseObject({ sha256: sha256Hex, size: z.number().positive(), name: z.string(), url: z.string() });

export interface FetchContext {
	readonly api: OperatorApi;
	readonly surroundings: Surroundings;
	/** of what is said while it goes on */
	readonly json: boolean;
}

/** @throws ServerRefusal, ConnectionError; CliError where the bytes cannot be had, or are others */
export async function fetchContents(
	{ api, surroundings, json }: FetchContext,
	product: string,
	version: string,
): Promise<FetchedContents> {
	const what = `could not read ${product} ${version}`;
	const path = `${releasePath({ product, version })}/package-link`;
	const link = async () => api.call("GET", path, what, linkAnswer);
	const first = await link();
	const { sha256, size, name } = first;
	const folder = await mkdtemp(join(tmpdir(), "parapet-contents-"));
	const progress = createProgress(surroundings, `reading ${product} ${version}`, json);
	try {
		const partPath = join(folder, "package");
		const urlFor = async (refused: boolean) => new URL((refused ? await link() : first).url, api.server).href;
		const clock = surroundings;
		const got = await downloadPackage({ urlFor, sha256, size, partPath, clock, onProgress: progress.report });
		if (!got.ok) throw new CliError(`${what}: ${got.detail}`, { code: got.reason });
		return { version, sha256, size, ...(await readContents(partPath, name)) };
	} finally {
		progress.end();
		await rm(folder, { recursive: true, force: true });
	}
}

/** @param name of the package's file in downloads */
export async function readContents(
	path: string,
	name: string,
): Promise<PackageContents & { readonly inspection: Inspection }> {
	const { onFile, contents } = collectContents(createSha256);
	const inspection = await inspectFile(path, { name, onFile });
	return { ...contents, inspection };
}
