// Who belongs to an audience, which messages a device gets and in which language, and which texts no message may have.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Audience, matchesAudience } from "../../../../src/content/audience.ts";
import { message } from "../../../../src/content/messages/message.ts";
import { localizedText, selectMessages } from "../../../../src/content/messages/select-messages.ts";
import { NO_BUCKETS } from "../../../../src/content/releases/rollout-place.ts";
import { anyMessages, DEVICE, makeMessage, NOW } from "../content-fixtures.ts";

const NOWHERE = { engine: null, country: null };
const BERLIN = { engine: "11.1.4", country: "DE" };

describe("an audience", () => {
	it.each<[string, Audience, boolean]>([
		["of everybody", {}, true],
		["of the account", { accounts: [DEVICE.account] }, true],
		["of another account", { accounts: ["acct-x"] }, false],
		["of the model", { models: ["FW-900", "FW-100"] }, true],
		["of no model", { models: [] }, false],
		["of a licensed product", { products: ["threats", "crs"] }, true],
		["of an inherited name", { products: ["toString"] }, false],
		["of a label", { labels: { site: "berlin" } }, true],
		["of a label with another value", { labels: { site: "Berlin" } }, false],
		["of two labels, one missing", { labels: { site: "berlin", floor: "2" } }, false],
		["of an inherited label", { labels: { constructor: "Object" } }, false],
		["of no label in particular", { labels: {} }, true],
		["of the country", { countries: ["FR", "DE"] }, true],
		["of another country", { countries: ["FR"] }, false],
		["of the engine", { engine: { min: "11.1", max: "11.1.4" } }, true],
		["of an older engine", { engine: { max: "11.1.3" } }, false],
		["of an engine, either end open", { engine: {} }, true],
		["of model and label, one wrong", { models: ["FW-100"], labels: { site: "paris" } }, false],
		["of everything that is so", { models: ["FW-100"], countries: ["DE"], products: ["crs"] }, true],
	])("%s", (_, audience, isMatch) => {
		expect(matchesAudience(audience, DEVICE, BERLIN)).toBe(isMatch);
	});

	it.each<[string, Audience]>([
		["country", { countries: ["DE"] }],
		["engine", { engine: { min: "1" } }],
	])("that asks for the %s is not met where it is unknown", (_, audience) => {
		expect(matchesAudience(audience, DEVICE, NOWHERE)).toBe(false);
	});

	it("never grows by one more restriction", () => {
		const part = fc.constantFrom<Audience>(
			{ models: ["FW-100"] },
			{ models: [] },
			{ countries: ["FR"] },
			{ labels: {} },
		);
		fc.assert(
			fc.property(part, part, (one, other) => {
				if (matchesAudience({ ...one, ...other }, DEVICE, BERLIN)) {
					expect(matchesAudience(other, DEVICE, BERLIN)).toBe(true);
				}
			}),
		);
	});
});

describe("the messages for a device", () => {
	it.each([
		[-101, 0, -100],
		[-100, 1, 100],
		[99, 1, 100],
		[100, 0, Infinity],
	])("at %i seconds are %i", (at, count, holdsUntil) => {
		const selection = selectMessages([makeMessage(1)], DEVICE, NOWHERE, NO_BUCKETS, NOW + at);
		expect(selection.messages).toHaveLength(count);
		expect(selection.holdsUntil).toBe(NOW + holdsUntil);
	});

	it("come newest first", () => {
		const { messages } = selectMessages(
			[1, 3, 2].map((n) => makeMessage(n)),
			DEVICE,
			NOWHERE,
			NO_BUCKETS,
			NOW,
		);
		expect(messages.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
	});

	it("do not change before the moment that is named, and do change then", () => {
		fc.assert(
			fc.property(anyMessages, fc.integer({ min: -3000, max: 6000 }), (all, at) => {
				const now = NOW + at;
				const shown = (time: number) => selectMessages(all, DEVICE, BERLIN, NO_BUCKETS, time).messages;
				const { holdsUntil } = selectMessages(all, DEVICE, BERLIN, NO_BUCKETS, now);
				if (holdsUntil === Infinity) {
					expect(shown(now + 100_000)).toEqual(shown(now));
					return;
				}
				expect(holdsUntil).toBeGreaterThan(now);
				expect(shown(holdsUntil - 1)).toEqual(shown(now));
				expect(shown(holdsUntil)).not.toEqual(shown(now));
			}),
		);
	});
});

describe("the text of a message", () => {
	const text = (name: string) => ({ title: name, body: name });
	const translated = { ...makeMessage(1), ...text("en"), locales: { de: text("de"), "pt-BR": text("pt-BR") } };
	it.each([
		[null, "en"],
		["de", "de"],
		["de-AT", "de"],
		["pt-BR", "pt-BR"],
		["pt", "en"],
		["pt-PT", "en"],
		["fr", "en"],
	])("in %s is the one in %s", (locale, title) => {
		expect(localizedText(translated, locale).title).toBe(title);
	});
});

describe("a message's text is refused with", () => {
	it.each([
		["a control character", "a\u0000b"],
		["a line feed", "a\nb"],
		["an escape", "\u001b[2J"],
		["DEL", "a\u007f"],
		["a C1 control character", "a\u0085b"],
		["a bidirectional override", "a\u202eb"],
		["a bidirectional isolate", "a\u2066b"],
		["a zero-width space", "a\u200bb"],
		["a byte-order mark", "\ufeffa"],
		["a soft hyphen", "a\u00adb"],
		["a line separator", "a\u2028b"],
		["a private character", "a\ue000b"],
		["half a surrogate pair", "a\ud800b"],
		["an invisible tag", "a\u{e0041}b"],
		["markup", "<b>"],
		["an ampersand", "a & b"],
		["nothing", ""],
	])("%s", (_, body) => {
		expect(message.shape.body.safeParse(body).success).toBe(false);
	});

	it.each([
		"Updates pause at noon.",
		"Wartung um zwölf",
		"保守作業",
		"Обслуживание 🔧",
		"50 % off; see https://x.test/a?b=c",
	])("nothing: %s is taken", (body) => {
		expect(message.shape.body.safeParse(body).success).toBe(true);
	});
});
