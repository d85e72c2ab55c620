// What a person reads of a check, of messages and of entitlements, also when the service could not read its records.
import { expect, test } from "vitest";
import { degradedLines, describeCheck } from "../../../../../cli/commands/device/lines/check.ts";
import { checkAnswer, entitlementsAnswer, messagesAnswer } from "../../../../../cli/firewall/answers.ts";

const ANSWER = {
	device: "dev-0123456789-0123456789abcdef",
	as_of: "2026-11-20T10:00:00Z",
	products: [{ product: "crs", status: "current", installed: "4.27.0", reason: "up_to_date" }],
};

test("a check says what is installed and why nothing is offered", () => {
	const answer = checkAnswer.parse(ANSWER);
	expect(describeCheck({ unchanged: false, etag: null, askedMs: 0, answer, damaged: [] })).toEqual([
		"crs: current at 4.27.0 (up_to_date)",
	]);
});

test("an offer says what its installation interrupts, where that is something", () => {
	const offer = { version: "4.28.0", sequence: 2, sha256: "ab".repeat(32), size: 1, name: "crs-4.28.0.rules" };
	const lineFor = (facts: object) => {
		const offered = { ...offer, capability: "c", expires_at: ANSWER.as_of, ...facts };
		const products = [{ ...ANSWER.products[0], status: "offered", offer: offered }];
		const answer = checkAnswer.parse({ ...ANSWER, products });
		return describeCheck({ unchanged: false, etag: null, askedMs: 0, answer, damaged: [] })[0];
	};
	const plain = "crs: 4.27.0 → 4.28.0 is offered";
	expect(lineFor({})).toBe(plain);
	expect(lineFor({ impact: "none" })).toBe(plain);
	expect(lineFor({ impact: "reboot" })).toBe(`${plain}, with a reboot`);
});

test("a check from a service that cannot read its records says so, and how old the answer is", () => {
	const answer = checkAnswer.parse({ ...ANSWER, degraded: true });
	expect(describeCheck({ unchanged: false, etag: null, askedMs: 0, answer, damaged: [] })).toContain(
		"the service answers from copies of 2026-11-20T10:00:00Z: it cannot read its records now",
	);
});

test("messages and entitlements from such a service say it too, others say nothing of it", () => {
	const messages = { messages: [], last: 0 };
	const entitlements = { device: ANSWER.device, account: "acct-0123456789", products: [] };
	const marks = { degraded: true, as_of: ANSWER.as_of };
	const said = ["the service answers from copies of 2026-11-20T10:00:00Z: it cannot read its records now"];
	expect(degradedLines(messagesAnswer.parse({ ...messages, ...marks }))).toEqual(said);
	expect(degradedLines(entitlementsAnswer.parse({ ...entitlements, ...marks }))).toEqual(said);
	expect(degradedLines(messagesAnswer.parse(messages))).toEqual([]);
});
