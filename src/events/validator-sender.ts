// One question to a product's validator: the same signed POST as a webhook's, whose answer is read. A validator that needs longer takes it
// (202), and answers later by the API. Never throws and never logs: the URL may carry a secret of the receiver's.
import { type ValidationAnswer, validationAnswer } from "../content/releases/validation.ts";
import { signDownloadUrl } from "../signing/download-urls/signed-url.ts";
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
const MAX_ANSWER_BYTES = 65_536;

export function createValidatorSender(options: WebhookSenderOptions): ValidatorSender {
	const post = createSignedPost(options);
	return {
		async ask(question) {
			const { url, secret, sha256, askedAt, now } = question;
			let text = "";
			const body = await questionBody(options, question).catch(() => null);
			if (body === null) return { kind: "failed", attempt: NOT_CONFIGURED };
			const id = `val-${secret.trail}-${sha256.slice(0, 16)}-${askedAt}`;
			const attempt = await post({ url, secrets: [secret], id, body, now }, async (answer) => {
				text = await readAtMost(answer, MAX_ANSWER_BYTES);
			});
			if (!attempt.ok) return { kind: "failed", attempt };
			if (attempt.status !== 200 || text.trim() === "") return { kind: "later" };
			const parsed = validationAnswer.safeParse(parse(text));
			return parsed.success ? { kind: "answered", answer: parsed.data } : { kind: "malformed" };
		},
	};
}

const NOT_CONFIGURED = { ok: false, reason: "not_configured", status: null, retryAfterSeconds: null } as const;

async function questionBody(
	{ macKeys, ownOrigin: origin }: WebhookSenderOptions,
	{ product, version, sha256, size, name, urgency, askedAt, dueAt, now }: ValidatorQuestion,
): Promise<string> {
	const expires = now + PACKAGE_URL_SECONDS;
	const keyring = await importMacKeyring(macKeys);
	const link = await signDownloadUrl(keyring, { origin, sha256, name, device8: PSEUDONYM8, expires });
	const release = `${origin}/v1/products/${product}/releases/${encodeURIComponent(version)}`;
	return JSON.stringify({
		type: "release.validate",
		timestamp: formatTimestamp(askedAt),
		data: {
			...{ product, version, sha256, size, name, urgency },
			package_url: link,
			package_url_expires_at: formatTimestamp(expires),
			changes_url: `${origin}/v1/products/${product}/changes?to=${encodeURIComponent(version)}`,
			answer_url: `${release}/validation`,
			answer_by: formatTimestamp(dueAt),
		},
	});
}

/** @throws RangeError beyond the limit */
async function readAtMost(answer: Response, limit: number): Promise<string> {
	const decoder = new TextDecoder();
	let [text, bytes] = ["", 0];
	for await (const chunk of answer.body ?? []) {
		bytes += chunk.length;
		if (bytes > limit) throw new RangeError("an answer that does not end");
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
