// The publisher's step of the demo: a file becomes a release, unless that very release is there already.
import { z } from "zod";
import { sha256Hex } from "../../../src/names.ts";
import type { TufSigner } from "../../../src/signing/tuf/keys.ts";
import { CliError } from "../../errors.ts";
import { openPayload } from "../../files/package-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { formatBytes, type Surroundings } from "../../terminal/output.ts";
import { createProgress } from "../../terminal/progress.ts";
import { signRelease } from "../../trust/sign-release.ts";
import { publishDeltas } from "../publish/make-deltas.ts";
import { releasePackage, uploadPackage } from "../publish/publish-package.ts";
import type { Target } from "../publish/targets.ts";
import type { StepResult } from "./steps.ts";

export interface DemoRelease {
	readonly product: string;
	readonly version: string;
	/** of the unpacked payload, as computed here */
	readonly sha256: string;
	readonly size: number;
	/** false = it had been published before */
	readonly made: boolean;
}

const releaseList = z.looseObject({ releases: z.array(z.looseObject({ version: z.string(), sha256: sha256Hex })) });

export async function publishForDemo(
	api: OperatorApi,
	target: Target,
	signer: TufSigner,
	surroundings: Surroundings,
	json: boolean,
): Promise<StepResult<DemoRelease>> {
	const { file, product, version, name } = target;
	const payload = await openPayload(file);
	const progress = createProgress(surroundings, `uploading ${name}`, json);
	try {
		const { sha256, size } = payload;
		const listing = await api.call(
			"GET",
			`/v1/products/${product}/releases`,
			`could not list releases of ${product}`,
			releaseList,
		);
		const existing = listing.releases.find((one) => one.version === version);
		if (existing !== undefined && existing.sha256 !== sha256) {
			throw new CliError(`${product} ${version} has been published with other bytes`, {
				code: "digest_mismatch",
				fix: "publish under another version",
			});
		}
		const what = `${product} ${version}, ${formatBytes(size)}`;
		const value = { product, version, sha256, size, made: existing === undefined };
		if (existing !== undefined) return { value, facts: { ...value, name }, line: `${what} (in place)` };
		const metadata = { notes: `${product} ${version}, published by the demo` };
		const { nowMs } = surroundings;
		const publication = {
			api,
			product,
			version,
			name,
			payload,
			metadata,
			clock: surroundings,
			onProgress: progress.report,
		};
		await uploadPackage(publication);
		const { deltas } = await publishDeltas({ api, product, version, payload, clock: surroundings });
		await signRelease(api, { product, version, sha256, size, deltas }, [signer], Math.floor(nowMs() / 1000));
		const release = await releasePackage(publication);
		const made =
			deltas.length === 0
				? ""
				: `; deltas: ${deltas.map((one) => `${one.from === null ? "packed" : `from ${one.from}`} ${formatBytes(one.size)}`).join(", ")}`;
		return {
			value,
			facts: { ...value, name, sequence: release.sequence, status: release.status, deltas },
			line: `${what}, sha256 ${sha256.slice(0, 16)}…, signed${made}`,
		};
	} finally {
		progress.end();
		await payload.dispose();
	}
}
