// Tokens of trusted publishing, for a CI job without an API key: its ID token is exchanged for one, for each product (RFC 8693). They are
// printed nowhere.
import { z } from "zod";
import { readAnswer } from "../http/answers.ts";
import { exchange, retryAfterOf } from "../http/exchange.ts";
import { refusalFrom } from "../http/refusal.ts";
import { parseJson } from "../json.ts";
import type { CiJob } from "./id-token.ts";

/** A token with less left than this is replaced before it is used, where the CI gives another ID token: an upload has to end within it. */
const LEAST_LEFT_MS = 600_000;
const ATTEMPTS = 3;
const USUAL_WAIT_SECONDS = 10;

export interface PublishToken {
	readonly token: string;
	/** unix ms */
	readonly endsMs: number;
}

export interface PublishTokenParts {
	readonly server: string;
	readonly job: CiJob;
	readonly nowMs: () => number;
	readonly sleep: (ms: number) => Promise<void>;
}

const tokenAnswer = z.looseObject({ access_token: z.string().min(1), expires_in: z.number().positive() });

/** @returns for a product: a token that was got before, as long as it will do */
export function createPublishTokens(parts: PublishTokenParts): (product: string) => Promise<PublishToken> {
	const known = new Map<string, PublishToken>();
	return async (product) => {
		const before = known.get(product);
		const isGood = before !== undefined && (!parts.job.isRenewable || before.endsMs - parts.nowMs() >= LEAST_LEFT_MS);
		if (isGood) return before;
		const made = await exchangeIdToken(parts, product);
		known.set(product, made);
		return made;
	};
}

/** @throws ServerRefusal, ConnectionError; waits where the service cannot have the issuer's keys at the moment */
async function exchangeIdToken(
	{ server, job, nowMs, sleep }: PublishTokenParts,
	product: string,
): Promise<PublishToken> {
	const what = `could not get a token to publish ${product}`;
	const body = new URLSearchParams({
		grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
		subject_token: await job.idToken(`${server}/v1/products/${product}`),
		subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
	}).toString();
	for (let attempt = 1; ; attempt++) {
		const askedMs = nowMs();
		const answer = await exchange({
			method: "POST",
			url: `${server}/oauth2/products/${product}/token`,
			headers: {
				"content-type": "application/x-www-form-urlencoded",
				"content-length": String(body.length),
				accept: "application/json",
			},
			body,
		});
		if (answer.status < 400) {
			const made = readAnswer(parseJson(answer.text), what, tokenAnswer);
			return { token: made.access_token, endsMs: askedMs + made.expires_in * 1_000 };
		}
		const isBusy = answer.status === 503 || answer.status === 429;
		if (!isBusy || attempt === ATTEMPTS) throw refusalFrom(answer, what, nowMs());
		await sleep((retryAfterOf(answer.headers, nowMs()) ?? USUAL_WAIT_SECONDS) * 1_000);
	}
}
