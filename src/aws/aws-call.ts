// One signed call to AWS (Signature Version 4), and its outcome. Bounded in time and in the bytes read of the answer, of
// which nothing but an error's code may be logged or told. Takes its `fetch`. Never throws.
import { AwsV4Signer } from "aws4fetch";
import { formatAmzDate } from "../timestamps.ts";
import type { AwsCredentials } from "./credentials.ts";
import { type AwsService, awsUrl } from "./region.ts";

export interface AwsRequest {
	readonly service: AwsService;
	/** as `awsRegion` takes it */
	readonly region: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
	readonly credentials: AwsCredentials;
	/** unix seconds */
	readonly now: number;
}

export interface AwsCallOptions {
	readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
	/** URL in place of all of AWS, for tests; null = AWS */
	readonly endpoint: string | null;
}

export type AwsAnswer =
	| { readonly ok: true }
	/**
	 * unavailable: the same may succeed later; refused: not before somebody changes something. `error`: AWS' code or ours;
	 * `message`: AWS' words, to be looked at and not to be passed on
	 */
	| {
			readonly ok: false;
			readonly reason: "unavailable" | "refused";
			readonly error: string;
			readonly message: string;
	  };

/** EventBridge waits 5 s for a hook that makes two calls, one after the other. */
const TIME_LIMIT_MS = 1_700;
const MAX_ANSWER_BYTES = 8_192;

/** Codes with status 400 that tell to come back later, of both services and their protocols. */
const TRANSIENT = new Set([
	...["Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "RequestThrottled"],
	...["TooManyRequestsException", "TooManyUpdates", "ResourceContention", "ResourceInUse", "PriorRequestNotComplete"],
	...["InternalFailure", "InternalServerError", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException"],
]);

export async function callAws(options: AwsCallOptions, request: AwsRequest): Promise<AwsAnswer> {
	const { service, region, body, credentials, now } = request;
	// A timer of our own, not AbortSignal.timeout, which goes on after the answer.
	const controller = new AbortController();
	const timer = setTimeout(() => controller.abort(), TIME_LIMIT_MS);
	try {
		const signer = new AwsV4Signer({
			...{ method: "POST", url: options.endpoint ?? awsUrl(service, region), headers: request.headers, body },
			...{ accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey, service, region },
			...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
			// AWS asks for the content type to be signed; the library leaves it out unless told.
			...{ datetime: formatAmzDate(now), allHeaders: true },
		});
		const { url, headers } = await signer.sign();
		const { signal } = controller;
		const init: RequestInit = { method: "POST", headers, body, redirect: "manual", signal };
		return await readAnswer(await options.fetch(url.href, init));
	} catch {
		const error = controller.signal.aborted ? "timeout" : "unreachable";
		return { ok: false, reason: "unavailable", error, message: "" };
	} finally {
		clearTimeout(timer);
	}
}

async function readAnswer(response: Response): Promise<AwsAnswer> {
	if (response.ok) {
		// What it says is not needed; an unread body would keep the connection.
		await response.body?.cancel().catch(() => {});
		return { ok: true };
	}
	const { code, message } = readError(await readStart(response));
	const { status } = response;
	const isTransient = status >= 500 || status === 429 || TRANSIENT.has(code);
	return { ok: false, reason: isTransient ? "unavailable" : "refused", error: code || `http_${status}`, message };
}

async function readStart(response: Response): Promise<string> {
	const reader = response.body?.getReader();
	if (reader === undefined) return "";
	const decoder = new TextDecoder();
	let text = "";
	for (let bytes = 0; bytes < MAX_ANSWER_BYTES; ) {
		const { done, value } = await reader.read();
		if (done) return text;
		bytes += value.length;
		text += decoder.decode(value, { stream: true });
	}
	await reader.cancel().catch(() => {});
	return text.slice(0, MAX_ANSWER_BYTES);
}

/** The query protocol answers in XML, SSM in JSON; the code may have a namespace before it. What is no code is none. */
function readError(text: string): { code: string; message: string } {
	const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? /"__type"\s*:\s*"(?:[^"#]*#)?([^"]*)"/.exec(text)?.[1] ?? "";
	const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? "";
	return { code: /^[A-Za-z][A-Za-z0-9.]{0,63}$/.test(code) ? code : "", message };
}
