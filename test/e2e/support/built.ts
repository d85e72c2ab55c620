// Reads the bundle that was built before the tests (bundle.ts).
import { readFile } from "node:fs/promises";
import { inject } from "vitest";
import type { Bundle } from "../../../bench/workerd/bundle.ts";

let read: Promise<Bundle> | undefined;

/** @returns the bundle that is deployed; read once per process */
export function builtBundle(): Promise<Bundle> {
	read ??= readFile(inject("bundleFile"), "utf8").then((text) => JSON.parse(text) as Bundle);
	return read;
}
