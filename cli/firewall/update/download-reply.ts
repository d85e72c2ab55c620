// Whether an answer to a download is the package's, judged by its head before a byte of it is written. Login pages of hotels,
// proxies that filter, pack or cache, and servers that are down all answer too; none of that is the release's fault.
import type { IncomingHttpHeaders } from "node:http";
import { retryAfterOf } from "../../http/exchange.ts";

const MAX_RETRY_AFTER_SECONDS = 60;

export type ReplyVerdict =
	/** its body goes into the part from byte `from` on */
	| { readonly step: "receive"; readonly from: number }
	/** it is no answer to what was asked: asked again later, with the part as it is */
	| { readonly step: "interrupted"; readonly detail: string; readonly retryAfterMs?: number | undefined }
	| { readonly step: "url_refused"; readonly detail: string }
	/** the part is of something else */
	| { readonly step: "start_over"; readonly detail: string };

export interface WantedBytes {
	/** hexadecimal; the service's ETag of the package */
	readonly sha256: string;
	/** of the whole package */
	readonly size: number;
	/** what the part has, so where the answer should begin */
	readonly offset: number;
	/** what If-Range said */
	readonly validator: string;
	readonly nowMs: number;
}

/** @param reply to a GET with `Accept-Encoding: identity`, and with `Range` and `If-Range` where there is a part */
export function judgeReply(
	{ status, headers }: { readonly status: number; readonly headers: IncomingHttpHeaders },
	{ sha256, size, offset, validator, nowMs }: WantedBytes,
): ReplyVerdict {
	const coding = headers["content-encoding"] ?? "identity";
	if ((status === 200 || status === 206) && coding !== "identity") {
		// RFC 9110 §12.5.3: identity was asked for, so this was packed on the way
		return foreign(`is packed (${coding}) though it should not be`);
	}
	const isNamed = headers.etag === `"${sha256}"`;
	if (status === 200) {
		const length = headers["content-length"];
		if (length === undefined ? isNamed : Number(length) === size) return { step: "receive", from: 0 };
		return foreign(`has ${length ?? "an untold number of"} bytes, not ${size}${kindOf(headers)}`);
	}
	if (status === 206) {
		// RFC 9110 §15.3.7.3: only parts with the same strong validator belong together. Some servers do not know If-Range; a proxy may have
		// made the ETag weak.
		if (headers.etag !== undefined && headers.etag.replace(/^W\//, "") !== validator) {
			return { step: "start_over", detail: "the server has other bytes by now" };
		}
		// RFC 9110 §14.4: what was sent may differ from what was asked for
		const [, first, last, length] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers["content-range"] ?? "") ?? [];
		const isWhole = length === "*" ? isNamed : Number(length) === size;
		// Some CDNs send a range that ends before it begins, which is none.
		if (isWhole && Number(first) === offset && Number(last) >= offset) return { step: "receive", from: offset };
		return { step: "start_over", detail: "the server sent another range" };
	}
	if (status === 416) return { step: "start_over", detail: "the server has no such range" };
	if (status < 400) return foreign(`has status ${status}${destinationOf(headers)}`);
	const detail = `the download answered ${status}`;
	// 407 (RFC 9110 §15.5.8) is the word of a proxy, which another URL does not change.
	if (status < 500 && status !== 429 && status !== 407) return { step: "url_refused", detail };
	const retryAfter = retryAfterOf(headers, nowMs);
	const waitMs = retryAfter === undefined ? undefined : Math.min(retryAfter, MAX_RETRY_AFTER_SECONDS) * 1000;
	return { step: "interrupted", detail, retryAfterMs: waitMs };
}

function foreign(why: string): ReplyVerdict {
	return { step: "interrupted", detail: `the answer ${why}: a login page or a proxy on the way gave it` };
}

function kindOf(headers: IncomingHttpHeaders): string {
	const kind = headers["content-type"];
	return kind === undefined ? "" : ` (${kind})`;
}

function destinationOf({ location }: IncomingHttpHeaders): string {
	const origin = URL.parse(location ?? "")?.origin;
	return origin === undefined ? "" : `, to ${origin}`;
}
