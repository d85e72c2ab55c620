// One attempt to deliver an event: what is sent and signed, how it ends, and when nothing is sent at all.
import { afterEach, describe, expect, it, vi } from "vitest";
import { createWebhookSender, type Delivery, webhookBody } from "../../../src/events/webhook-sender.ts";

const KEY = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const SECRET = { kid: "k1", trail: "f5any44xnh", webhook: "whk-0000aaaa", generation: 1 };
const delivery: Delivery = {
	url: "https://hooks.example.com/parapet",
	secrets: [SECRET],
	event: {
		id: "evt-f5any44xnh-3",
		type: "device.new",
		at: 1_800_000_000,
		owner: { account: "acct-f5any44xnhvcz9cn" },
		actor: "code:code-1",
		subject: "dev-1",
		detail: "serial SN-1",
	},
	now: 1_800_000_060,
};

interface Sent {
	readonly url: string;
	readonly init: RequestInit;
}

function senderOf(answer: (sent: Sent) => Response | Promise<Response>, macKeys = KEY) {
	const sent: Sent[] = [];
	const sender = createWebhookSender({
		macKeys,
		ownOrigin: "https://updates.example.com",
		allowLoopback: false,
		fetch: async (url, init) => {
			sent.push({ url, init });
			return answer({ url, init });
		},
	});
	return { sender, sent };
}
const fine = () => new Response("ignored", { status: 200 });

afterEach(() => {
	vi.restoreAllMocks();
});

describe("one attempt", () => {
	it("sends the event as it is, with the time of the attempt beside it, and never follows", async () => {
		const { sender, sent } = senderOf(fine);
		expect(await sender.send(delivery)).toEqual({ ok: true, status: 200 });
		expect(sent).toMatchObject([
			{
				url: delivery.url,
				init: {
					method: "POST",
					redirect: "manual",
					body: webhookBody(delivery.event),
					headers: { "webhook-id": "evt-f5any44xnh-3", "webhook-timestamp": "1800000060" },
				},
			},
		]);
		expect(webhookBody(delivery.event)).toBe(
			'{"type":"device.new","timestamp":"2027-01-15T08:00:00Z","data":{"id":"evt-f5any44xnh-3",' +
				'"account":"acct-f5any44xnhvcz9cn","actor":"code:code-1","subject":"dev-1","detail":"serial SN-1"}}',
		);
	});

	it("has one signature per secret, the newest first, and leaves out one whose key is gone", async () => {
		const signaturesOf = async (secrets: Delivery["secrets"]) => {
			const { sender, sent } = senderOf(fine);
			await sender.send({ ...delivery, secrets });
			return new Headers(sent[0]?.init.headers).get("webhook-signature")?.split(" ") ?? [];
		};
		const second = { ...SECRET, generation: 2 };
		const [[one], [two]] = [await signaturesOf([SECRET]), await signaturesOf([second])];
		expect(await signaturesOf([second, SECRET])).toEqual([two, one]);
		expect(await signaturesOf([{ ...second, kid: "gone" }, SECRET])).toEqual([one]);
	});

	it.each([
		[200, null, { ok: true, status: 200 }],
		[299, null, { ok: true, status: 299 }],
		[302, null, { ok: false, reason: "status", status: 302, retryAfterSeconds: null }],
		[404, "60", { ok: false, reason: "status", status: 404, retryAfterSeconds: null }],
		[410, null, { ok: false, reason: "gone", status: 410, retryAfterSeconds: null }],
		[429, "60", { ok: false, reason: "status", status: 429, retryAfterSeconds: 60 }],
		[503, "Fri, 15 Jan 2027 08:02:00 GMT", { ok: false, reason: "status", status: 503, retryAfterSeconds: 60 }],
		[503, "soon", { ok: false, reason: "status", status: 503, retryAfterSeconds: null }],
	])("that is answered with %i and Retry-After %j", async (status, retryAfter, expected) => {
		const headers = new Headers(retryAfter === null ? {} : { "retry-after": retryAfter });
		const { sender } = senderOf(() => new Response(null, { status, headers }));
		expect(await sender.send(delivery)).toEqual(expected);
	});

	it("ends after 15 s, and leaves no timer behind an answer", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
		try {
			let isAborted = false;
			const asked = Promise.withResolvers<void>();
			const { sender } = senderOf(({ init }) => {
				asked.resolve();
				return new Promise((_, reject) => {
					init.signal?.addEventListener("abort", () => {
						isAborted = true;
						reject(new Error("aborted"));
					});
				});
			});
			const sending = sender.send(delivery);
			await asked.promise;
			vi.advanceTimersByTime(14_999);
			expect(isAborted).toBe(false);
			vi.advanceTimersByTime(1);
			expect(await sending).toMatchObject({ ok: false, reason: "timeout", status: null });
			await senderOf(fine).sender.send(delivery);
			expect(vi.getTimerCount()).toBe(0);
		} finally {
			vi.useRealTimers();
		}
	});

	it("that finds nobody is unreachable", async () => {
		const { sender } = senderOf(() => Promise.reject(new TypeError("network connection lost")));
		expect(await sender.send(delivery)).toMatchObject({ ok: false, reason: "unreachable", status: null });
	});
});

describe("nothing is sent", () => {
	it.each([
		["to a URL that is no longer acceptable", "url_refused", { url: "https://10.0.0.1/" }, KEY],
		["without any secret whose key is in the ring", "key_missing", { secrets: [{ ...SECRET, kid: "k2" }] }, KEY],
		["while the keys cannot be read", "not_configured", {}, "not keys"],
	])("%s: %s", async (_, reason, change, macKeys) => {
		const { sender, sent } = senderOf(fine, macKeys);
		expect(await sender.send({ ...delivery, ...change })).toMatchObject({ ok: false, reason });
		expect(sent).toEqual([]);
	});
});
