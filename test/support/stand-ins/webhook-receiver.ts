// A receiver of webhooks in place of the network: it answers as told, and verifies like a stranger would, with nothing but
// the headers, the body and the secret it was given. Needs the test to restore mocks.
import { createHmac } from "node:crypto";
import { vi } from "vitest";

export interface ReceivedWebhook {
	readonly url: string;
	readonly id: string;
	readonly timestamp: number;
	readonly signatures: readonly string[];
	readonly text: string;
	readonly type: string;
	readonly body: { readonly type: string; readonly timestamp: string; readonly data: Readonly<Record<string, string>> };
	readonly init: RequestInit;
}

type Answer = () => Response | Promise<Response>;

export interface WebhookReceiver {
	readonly received: ReceivedWebhook[];
	/** what it answers from now on; 204 until told otherwise */
	answer: Answer;
	/** types that it has been told of, in order */
	types(): string[];
}

export function receiveWebhooks(): WebhookReceiver {
	const receiver: WebhookReceiver = {
		received: [],
		answer: () => new Response(null, { status: 204 }),
		types: () => receiver.received.map(({ type }) => type),
	};
	vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init = {}) => {
		const headers = new Headers(init.headers);
		const text = String(init.body);
		const body = JSON.parse(text) as ReceivedWebhook["body"];
		receiver.received.push({
			url: String(url),
			id: headers.get("webhook-id") ?? "",
			timestamp: Number(headers.get("webhook-timestamp")),
			signatures: (headers.get("webhook-signature") ?? "").split(" "),
			text,
			type: body.type,
			body,
			init,
		});
		return receiver.answer();
	});
	return receiver;
}

/** Whether one of the signatures is by this secret, as the Standard Webhooks specification has it. */
export function isSignedBy(secret: string, { id, timestamp, signatures, text }: ReceivedWebhook): boolean {
	const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
	const mac = createHmac("sha256", key).update(`${id}.${timestamp}.${text}`).digest("base64");
	return signatures.includes(`v1,${mac}`);
}
