// One question to a product's validator: the same signed POST as a webhook's, whose answer is read. A validator that needs longer takes it
// (202), and answers later by the API. Never throws and never logs: the URL may carry a secret of the receiver's.
import { readValidationAnswer, type ValidationAnswer } from "../content/releases/validation.ts";
import type { Variant } from "../content/releases/variant.ts";
import { signDownloadUrl } from "../signing/download-urls/signed-url.ts";
import { parseStrictJsonText } from "../signing/formats/strict-json.ts";
import { importMacKeyring } from "../signing/keys/mac-keyring.ts";
import type { WebhookSecretRef } from "../signing/webhook-signature.ts";
import { formatTimestamp } from "../timestamps.ts";
import type { DeliveryAttempt } from "./webhook-attempt.ts";
import { createSignedPost, type WebhookSenderOptions } from "./webhook-sender.ts";

export interface ValidatorQuestion {
	readonly url: string;
	readonly secret: WebhookSecretRef;
	readonly product: string;
	readonly version: string;
	readonly sha256: string;
	/** bytes */
	readonly size: number;
	/** of the package, as a file */
	readonly name: string;
	/** the packages for some models, which the same answer is about; none = every model has the one */
	readonly variants: readonly Variant[];
	readonly urgency: string;
	/** unix seconds */
	readonly askedAt: number;
	/** unix seconds until which an answer is waited for */
	readonly dueAt: number;
	/** unix seconds of this attempt */
	readonly now: number;
}

export type ValidatorReply =
	| { readonly kind: "answered"; readonly answer: ValidationAnswer }
	/** it has taken the question, and answers by the API */
	| { readonly kind: "later" }
	/** what it said is no answer */
	| { readonly kind: "malformed" }
	| { readonly kind: "failed"; readonly attempt: Extract<DeliveryAttempt, { ok: false }> };

export interface ValidatorSender {
	ask(question: ValidatorQuestion): Promise<ValidatorReply>;
}

/** A package of gigabytes takes a while; whoever comes later asks the API for another URL. */
const PACKAGE_URL_SECONDS = 3_600;
/** What logs of downloads call whoever has such a URL. */
const PSEUDONYM8 = "validate";
/** More than the findings that are kept can take, so that a refusal with too many of them is read. */
const MAX_ANSWER_BYTES = 1_048_576;
const MAX_DEPTH = 32;

export function createValidatorSender(options: WebhookSenderOptions): ValidatorSender {
	const post = createSignedPost(options);
	return {
		async ask(question) {
			const { url, secret, sha256, askedAt, now } = question;
			let text: string | null = "";
			const body = await questionBody(options, question).catch(() => null);
			if (body === null) return { kind: "failed", attempt: NOT_CONFIGURED };
			const id = `val-${secret.trail}-${sha256.slice(0, 16)}-${askedAt}`;
			const attempt = await post({ url, secrets: [secret], id, body, now }, async (answer) => {
				text = await readAtMost(answer, MAX_ANSWER_BYTES);
			});
			if (!attempt.ok) return { kind: "failed", attempt };
			return readReply(attempt.status, text);
		},
	};
}

/** @param status 2xx @param text null = it did not end */
function readReply(status: number, text: string | null): ValidatorReply {
	if (text === null) return { kind: "malformed" };
	if (text.trim() === "") return { kind: "later" };
	const read = readValidationAnswer(parse(text));
	// What readers could take for different things is no leave: `{"result":"failed","result":"passed"}`.
	const isClear = read?.result === "failed" || parseStrictJsonText(text, MAX_DEPTH).ok;
	const answer = isClear ? read : null;
	// A refusal counts with any status of success, and nothing passes by another than the one that the documents name.
	if (answer?.result === "failed" || (answer !== null && status === 200)) return { kind: "answered", answer };
	return answer === null && status !== 200 ? { kind: "later" } : { kind: "malformed" };
}

const NOT_CONFIGURED = { ok: false, reason: "not_configured", status: null, retryAfterSeconds: null } as const;

async function questionBody(
	{ macKeys, ownOrigin: origin }: WebhookSenderOptions,
	{ product, version, sha256, size, name, variants, urgency, askedAt, dueAt, now }: ValidatorQuestion,
): Promise<string> {
	const expires = now + PACKAGE_URL_SECONDS;
	const keyring = await importMacKeyring(macKeys);
	const linkOf = ({ sha256, name }: Pick<Variant, "sha256" | "name">) =>
		signDownloadUrl(keyring, { origin, sha256, name, device8: PSEUDONYM8, expires });
	const others = variants.map(async (one) => ({ ...one, package_url: await linkOf(one) }));
	const release = `${origin}/v1/products/${product}/releases/${encodeURIComponent(version)}`;
	return JSON.stringify({
		type: "release.validate",
		timestamp: formatTimestamp(askedAt),
		data: {
			...{ product, version, sha256, size, name, urgency },
			package_url: await linkOf({ sha256, name }),
			...(variants.length > 0 && { variants: await Promise.all(others) }),
			package_url_expires_at: formatTimestamp(expires),
			changes_url: `${origin}/v1/products/${product}/changes?to=${encodeURIComponent(version)}`,
			answer_url: `${release}/validation`,
			answer_by: formatTimestamp(dueAt),
		},
	});
}

/** @returns null beyond the limit */
async function readAtMost(answer: Response, limit: number): Promise<string | null> {
	const decoder = new TextDecoder();
	let [text, bytes] = ["", 0];
	for await (const chunk of answer.body ?? []) {
		bytes += chunk.length;
		if (bytes > limit) return null;
		text += decoder.decode(chunk, { stream: true });
	}
	return text + decoder.decode();
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
