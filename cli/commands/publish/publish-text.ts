// Publishing a text as a package: by a file that is there for the time of it alone.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { openPayload } from "../../files/package-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { publishIndex } from "./publish-index.ts";
import { type PublishedRelease, type ReleaseMetadata, releasePackage, uploadPackage } from "./publish-package.ts";

export type PublishText = (version: string, text: string, metadata: ReleaseMetadata) => Promise<PublishedRelease>;

/** @param folder where the file is written @returns what publishes releases of the product. With a rule index of a text that has rules. Throws as `releasePackage`, `publishIndex` */
export function publishFrom(folder: string, product: string, api: OperatorApi, nowMs: () => number): PublishText {
	const clock = { nowMs, sleep: (ms: number, signal?: AbortSignal) => wait(ms, undefined, { signal }) };
	return async (version, text, metadata) => {
		const name = `${product}-${version}.rules`;
		const file = join(folder, name);
		await writeFile(file, text);
		const payload = await openPayload(file);
		try {
			const target = { api, product, version, name, payload, metadata, clock };
			await uploadPackage(target);
			await publishIndex({ ...target, allowReused: false });
			return await releasePackage(target);
		} finally {
			await payload.dispose();
			await rm(file, { force: true });
		}
	};
}
