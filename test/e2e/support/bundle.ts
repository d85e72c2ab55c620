// The Worker's bundle, as it is deployed. Built once before the tests from outside, because a build takes seconds, and each
// service needs it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { buildBundle } from "../../../bench/workerd/bundle.ts";

const PROJECT = join(import.meta.dirname, "../../..");

declare module "vitest" {
	interface ProvidedContext {
		/** file with what `buildBundle` returns, as JSON */
		readonly bundleFile: string;
	}
}

/** Vitest calls it before the first file (vitest.config.ts). @returns removes what was built */
export default async function buildOnce(project: TestProject): Promise<() => Promise<void>> {
	const folder = await mkdtemp(join(tmpdir(), "parapet-bundle-"));
	const bundleFile = join(folder, "bundle.json");
	await writeFile(bundleFile, JSON.stringify(await buildBundle(PROJECT, folder)));
	project.provide("bundleFile", bundleFile);
	return () => rm(folder, { recursive: true, force: true });
}
