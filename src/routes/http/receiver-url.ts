// The URL of a receiver that an operator names: of a webhook, or of a product's validator.
import type { Config } from "../../config.ts";
import { acceptsWebhookUrl, WEBHOOK_URL_REFUSALS } from "../../events/webhook-url.ts";
import { ProblemError } from "../../problem.ts";

/** The URL in its normal form. @throws ProblemError `invalid_request` when it leads where nothing is sent */
export function readReceiverUrl({ issuer, isLocal }: Pick<Config, "issuer" | "isLocal">, url: string): string {
	const verdict = acceptsWebhookUrl(url, { ownOrigin: issuer, allowLoopback: isLocal });
	if (verdict.ok) return verdict.url.href;
	const message = WEBHOOK_URL_REFUSALS[verdict.reason];
	throw new ProblemError("invalid_request", {
		detail: `the URL ${message}`,
		extras: { errors: [{ field: "url", message }] },
	});
}
