// Publishing one package: upload the payload, then make it a release. Both requests may be repeated: the same payload
// under the same version is the same release.

import { z } from "zod";
import type { Requirement } from "../../../src/content/requires/requires.ts";
import { bytesName, sha256Hex } from "../../../src/names.ts";
import type { PlanChoice } from "../../../src/rollout/built-in-plans.ts";
import { CliError } from "../../errors.ts";
import type { Payload } from "../../files/package-file.ts";
import { readAnswer } from "../../http/answers.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import type { Patience } from "../../http/patience.ts";
import { releasePath } from "../../http/release-path.ts";
import { parseJson } from "../../json.ts";
import { rolloutAnswer } from "../../rollout/ladder.ts";
import { requiresAnswer } from "../../rollout/requires-option.ts";
import { putFile } from "./put-file.ts";
import { IN_PARTS_FROM, uploadInParts } from "./upload-parts.ts";

export interface ReleaseMetadata {
	readonly notes?: string | undefined;
	readonly urgency?: string | undefined;
	readonly models?: readonly string[] | undefined;
	readonly engine?: { readonly min?: string | undefined; readonly max?: string | undefined } | undefined;
	/** of other products; not given = nothing */
	readonly requires?: readonly Requirement[] | undefined;
	/** release it although a newer version is released */
	readonly allow_older?: boolean | undefined;
	/** rules, signatures or addresses in it */
	readonly entries?: number | undefined;
	/** why it is released although it is much larger or smaller than the current release */
	readonly allow_size?: string | undefined;
	/** not given = the product's */
	readonly plan?: PlanChoice | undefined;
}

export interface PublishOptions {
	readonly api: OperatorApi;
	/** Gives the API anew where it may end in the middle of a large package; not given = it does not. */
	readonly openApi?: () => Promise<OperatorApi>;
	readonly product: string;
	readonly version: string;
	/** the name that the download will have */
	readonly name: string;
	readonly payload: Payload;
	/** of which variant of the version it is, and for which models; not given = the package for all others */
	readonly own?: { readonly variant: string; readonly models: readonly string[] } | undefined;
	readonly metadata: ReleaseMetadata;
	/** Whether a large package may go straight to the storage; not given = where the service offers it */
	readonly direct?: boolean | undefined;
	readonly clock: Patience["surroundings"];
	readonly onProgress?: (done: number, total: number) => void;
}

const uploadAnswer = z.looseObject({ sha256: sha256Hex, size: z.number() });
const releaseAnswer = z.looseObject({
	version: z.string(),
	sequence: z.number(),
	status: z.string(),
	sha256: sha256Hex,
	requires: requiresAnswer,
	rollout: rolloutAnswer.nullish(),
});
export type PublishedRelease = z.infer<typeof releaseAnswer>;

/**
 * Releases what is uploaded.
 * @returns the release, and whether it was made now: the same again changes nothing
 * @throws ServerRefusal, ConnectionError; CliError when the server stored other bytes than were sent
 */
export async function releasePackage(options: PublishOptions): Promise<PublishedRelease & { changed: boolean }> {
	const { api, product, version, payload, metadata } = options;
	const path = releasePath(options);
	const what = `could not release ${product} ${version}`;
	const { status, answer: release } = await api.ask("PUT", path, what, releaseAnswer, metadata);
	expectSameBytes(release.sha256, payload, `${product} ${version}`);
	return { ...release, changed: status === 201 };
}

/** Uploads and does not release: nobody is offered it. @throws as `releasePackage` */
export async function uploadPackage(options: PublishOptions): Promise<z.infer<typeof uploadAnswer>> {
	const { payload, product, version, own } = options;
	const stored = await (payload.size < IN_PARTS_FROM
		? uploadWhole(options)
		: uploadInParts({ openApi: async () => options.api, ...options }, uploadAnswer));
	expectSameBytes(stored.sha256, payload, `${product} ${bytesName(version, own?.variant)}`);
	return stored;
}

async function uploadWhole(options: PublishOptions): Promise<z.infer<typeof uploadAnswer>> {
	const { api, name, payload, product, version, own, onProgress, clock } = options;
	const what = `could not upload ${product} ${bytesName(version, own?.variant)}`;
	const query = new URLSearchParams({ name, ...(own && { variant: own.variant, models: own.models.join(",") }) });
	const named = `${releasePath(options)}/package?${query}`;
	const answer = await putFile(api, named, payload, what, clock.nowMs, onProgress);
	return readAnswer(parseJson(answer.text), what, uploadAnswer);
}

function expectSameBytes(stored: string, payload: Payload, what: string): void {
	if (stored === payload.sha256) return;
	throw new CliError(`the server holds other bytes for ${what}: SHA-256 ${stored}, not ${payload.sha256}`, {
		code: "digest_mismatch",
		fix: "a version never changes once it is published: publish under a new version",
	});
}
