// A large package goes up in parts, a few at once. Whoever is interrupted begins the same command again: what is there is not sent
// again. Parts are read from the file as they are sent, so that memory is none of its size. They go straight to the storage where that is
// offered and can be reached.
import { z } from "zod";
import { bytesName, sha256Hex } from "../../../src/names.ts";
import { CliError, ServerRefusal } from "../../errors.ts";
import { hashFile } from "../../files/file-digest.ts";
import type { Payload } from "../../files/package-file.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { type Patience, patiently } from "../../http/patience.ts";
import { releasePath } from "../../http/release-path.ts";
import { type DirectWay, openDirectWay } from "./direct-part.ts";
import { fileChanged, putFile, type SentFile } from "./put-file.ts";

/** The platform takes bodies of 100 MB in any plan; a part that breaks off costs this much. */
const PART_BYTES = 32 * 1024 ** 2;
/** Below, one request is quicker. */
export const IN_PARTS_FROM = 64 * 1024 ** 2;
const AT_ONCE = 3;
const TRIES = 6;
const ROUNDS = 2;

export interface PartedUploadOptions {
	/** Asked before each part: what is sent may outlast a token. */
	readonly openApi: () => Promise<OperatorApi>;
	readonly product: string;
	readonly version: string;
	readonly name: string;
	readonly own?: { readonly variant: string; readonly models: readonly string[] } | undefined;
	readonly payload: Pick<Payload, "path" | "size" | "sha256">;
	readonly clock: Patience["surroundings"];
	/** Whether parts may go straight to the storage; not given = where the service offers it */
	readonly direct?: boolean | undefined;
	/** of a part; not given = 32 MiB */
	readonly partBytes?: number;
	readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

const kept = z.looseObject({ parts: z.array(z.looseObject({ sha256: sha256Hex })) });

type Part = SentFile & { readonly start: number };

/**
 * @returns what `joined` reads of the answer
 * @throws ServerRefusal, ConnectionError when a part, tried several times, does not arrive; CliError `package_changed`, `digest_mismatch`
 */
export async function uploadInParts<T>(options: PartedUploadOptions, joined: z.ZodType<T>): Promise<T> {
	const { openApi, product, version, name, own, payload, clock, partBytes = PART_BYTES } = options;
	const what = `could not upload ${product} ${bytesName(version, own?.variant)}`;
	const path = `/v1/products/${product}/uploads/${payload.sha256}`;
	const parts = await splitFile(payload, partBytes);
	const direct = openDirectWay();
	if (options.direct === false) direct.close();
	const body = { sha256: payload.sha256, parts: parts.map(({ sha256 }) => sha256), name, ...own };
	const join = async () => (await openApi()).call("PUT", `${releasePath(options)}/package/parts`, what, joined, body);
	let isSecond = false;
	// Asked for first: the version may have the package already. What has been there for a day may go while the others come.
	for (let round = 1; ; round++) {
		try {
			return await patiently(retrying(clock), join);
		} catch (error) {
			const refused = error instanceof ServerRefusal ? error.refusal.code : null;
			const isOther = refused === "digest_mismatch" && (await hashFile(payload.path)) !== payload.sha256;
			if (isOther) throw fileChanged(payload.path);
			if (refused === "digest_mismatch") {
				if (isSecond) throw notJoined(what, error);
				// A storage that looks at no digest has kept something else, now or when it was tried before: all of it once more, by the
				// way that does.
				isSecond = true;
				round = 0;
				direct.close();
				await (await openApi()).call("DELETE", path, what, z.looseObject({}));
				continue;
			}
			if (refused !== "parts_missing" || round > ROUNDS) throw error;
			const { parts: stored } = await (await openApi()).call("GET", path, what, kept);
			const there = new Set(stored.map(({ sha256 }) => sha256));
			await sendParts(options, { parts, there, path, what, direct });
		}
	}
}

function notJoined(what: string, cause: unknown): CliError {
	return new CliError(`${what}: each part came as it is, and joined they are another package`, {
		code: "digest_mismatch",
		fix: "tell whoever runs the service that its bucket keeps other bytes than it is given; the same command again sends all parts anew",
		cause,
	});
}

async function splitFile({ path, size }: Pick<Payload, "path" | "size">, partBytes: number): Promise<Part[]> {
	const parts: Part[] = [];
	for (let start = 0; start < size; start += partBytes) {
		const length = Math.min(partBytes, size - start);
		parts.push({ path, start, size: length, sha256: await hashFile(path, { start, end: start + length - 1 }) });
	}
	return parts;
}

interface PartsToSend {
	readonly parts: readonly Part[];
	/** digests of those that are not to be sent */
	readonly there: ReadonlySet<string>;
	/** of the upload */
	readonly path: string;
	readonly what: string;
	readonly direct: DirectWay;
}

async function sendParts(
	{ openApi, payload, clock, onProgress }: PartedUploadOptions,
	{ parts, there, path, what, direct }: PartsToSend,
): Promise<void> {
	const ending = new AbortController();
	/** of each part, bytes that are sent or were there */
	const sent = parts.map(({ sha256, size }) => (there.has(sha256) ? size : 0));
	const tell = () =>
		onProgress?.(
			sent.reduce((sum, bytes) => sum + bytes, 0),
			payload.size,
		);
	const waiting = parts.map((part, index) => ({ part, index })).filter(({ part }) => !there.has(part.sha256));
	tell();
	const worker = async () => {
		for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
			const { part, index } = next;
			const partPath = `${path}/parts/${part.sha256}`;
			const note = (done: number) => {
				sent[index] = done;
				tell();
			};
			const send = async () => {
				const api = await openApi();
				if (await direct.send(api, partPath, part, what, note)) return;
				await putFile(api, partPath, part, what, clock.nowMs, note);
			};
			await patiently({ ...retrying(clock), signal: ending.signal }, send);
		}
	};
	const ends = await Promise.allSettled(
		Array.from({ length: AT_ONCE }, async () => {
			try {
				await worker();
			} catch (error) {
				// The others need not go on.
				waiting.length = 0;
				ending.abort(error);
				throw error;
			}
		}),
	);
	const failed = ends.find((end) => end.status === "rejected");
	if (failed !== undefined) throw failed.reason;
}

function retrying(surroundings: Patience["surroundings"]): Patience {
	return { surroundings, tries: TRIES, retriesSilence: () => true };
}
