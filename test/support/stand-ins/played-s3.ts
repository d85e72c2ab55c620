// A bucket that takes PUTs by presigned URLs, as S3 does: it checks the signature and the URL's life by itself, and holds what comes
// against the length and the checksum that it was told. For one request at a time; who serves it, and where content goes, is the test's.
import { createHash } from "node:crypto";
import { verifyPresigned } from "../sigv4.ts";

export const S3_KEYS = { accessKeyId: "AKIDPLAYED", secretAccessKey: "played-secret" };

export interface PlayedPut {
	readonly method: string;
	readonly url: string;
	/** names in lower case */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Uint8Array;
}

export interface PlayedAnswer {
	readonly status: number;
	/** of S3; "" = it is kept */
	readonly code: string;
}

/** @param now unix seconds @param keep takes the key below the bucket and its content */
export async function playS3(
	{ method, url, headers, body }: PlayedPut,
	now: number,
	keep: (key: string, body: Uint8Array) => unknown,
): Promise<PlayedAnswer> {
	const secretOf = (id: string) => (id === S3_KEYS.accessKeyId ? S3_KEYS.secretAccessKey : undefined);
	const verdict = verifyPresigned({ method, url, headers }, secretOf, now);
	if (!verdict.ok)
		return { status: 403, code: verdict.why === "it has expired" ? "AccessDenied" : "SignatureDoesNotMatch" };
	if (Number(headers["content-length"]) !== body.length) return { status: 400, code: "IncompleteBody" };
	const sha256 = createHash("sha256").update(body).digest("base64");
	const checksum = headers["x-amz-checksum-sha256"];
	if (checksum !== undefined && checksum !== sha256) return { status: 400, code: "BadDigest" };
	const [, , ...key] = new URL(url).pathname.split("/");
	await keep(key.join("/"), body);
	return { status: 200, code: "" };
}
