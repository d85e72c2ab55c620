// Publishing a text as a package: by a file that is there for the time of it alone.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { openPayload } from "../../files/package-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { type PublishedRelease, publishPackage, type ReleaseMetadata } from "./publish-package.ts";

export type PublishText = (version: string, text: string, metadata: ReleaseMetadata) => Promise<PublishedRelease>;

/** @param folder where the file is written @returns what publishes releases of the product. Throws as `publishPackage` */
export function publishFrom(folder: string, product: string, api: OperatorApi, nowMs: () => number): PublishText {
	const clock = { nowMs, sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, { signal }) };
	return async (version, text, metadata) => {
		const name = `${product}-${version}.rules`;
		const file = join(folder, name);
		await writeFile(file, text);
		const payload = await openPayload(file);
		try {
			return await publishPackage({ api, product, version, name, payload, metadata, clock });
		} finally {
			await payload.dispose();
			await rm(file, { force: true });
		}
	};
}
