// What operators may not put up, and what devices may not ask for: messages are plain text, shown on consoles and in logs.
import { beforeAll, describe, expect, test } from "vitest";
import type { Firewall } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct } from "../../support/fixtures.ts";

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const draft = (more: object = {}) => ({
	severity: "warning",
	title: "Stays",
	body: "Updates pause at noon",
	ends_at: inMs(86_400_000),
	...more,
});

let firewall: Firewall;
beforeAll(async () => {
	firewall = await newFirewall((await createFleet({ products: [await newProduct()] })).code, false);
	await operated("POST", "/v1/messages", draft());
});

/** What was there before is still there, alone. */
async function expectUnchanged(): Promise<void> {
	const answer = await firewall.call("GET", "/v1/messages");
	const { messages } = (await answer.json()) as { messages: { title: string }[] };
	expect(messages.map(({ title }) => title)).toEqual(["Stays"]);
}

describe("what is put up must be plain and sensible: refused is", () => {
	const drafts: [string, () => object][] = [
		["markup", () => ({ body: "<b>Update</b> now" })],
		["an entity", () => ({ body: "a &amp; b" })],
		["a line break", () => ({ body: "one\ntwo" })],
		["a terminal's escape", () => ({ title: "\u001b[2J" })],
		["a bidirectional override", () => ({ title: "safe \u202etxt.exe" })],
		["an invisible character", () => ({ title: "up\u200bdate" })],
		["NUL", () => ({ body: "a\u0000b" })],
		["a line separator", () => ({ body: "a\u2028b" })],
		["markup in a translation", () => ({ locales: { de: { title: "<b>", body: "x" } } })],
		["a locale that is none", () => ({ locales: { "../x": { title: "a", body: "b" } } })],
		["an empty title", () => ({ title: "" })],
		["a title of 121 characters", () => ({ title: "x".repeat(121) })],
		["a body of 2001 characters", () => ({ body: "x".repeat(2001) })],
		["another severity", () => ({ severity: "panic" })],
		["an end in the past", () => ({ ends_at: inMs(-1000) })],
		["an end at the start", () => ({ starts_at: inMs(1000), ends_at: inMs(1000) })],
		["a time that is none", () => ({ ends_at: "tomorrow" })],
		["no end", () => ({ ends_at: undefined })],
		["an audience of another kind", () => ({ audience: { serials: ["SN"] } })],
		["a member that is none", () => ({ __proto__x: 1 })],
	];
	test.each(drafts)("%s", async (_, more) => {
		await expectProblem(await operate("POST", "/v1/messages", draft(more())), "invalid_request");
		await expectUnchanged();
	});

	test("100 KB", async () => {
		await expectProblem(
			await operate("POST", "/v1/messages", draft({ body: "x".repeat(100_000) })),
			"content_too_large",
		);
		await expectUnchanged();
	});
});

test.each(["../de", "DE", "de_DE", "de-DE-x", "%00", "x".repeat(100)])(
	"the locale %s is not a request",
	async (locale) => {
		const answer = await firewall.call("GET", `/v1/messages?locale=${locale}`);
		await expectProblem(answer, "invalid_request");
	},
);
