import fc from "fast-check";
import { expect, it } from "vitest";
import { type Feed, writeFeed } from "../../../../src/content/rule-index/changes-feed.ts";

const feedOf = (change: Partial<Feed> = {}): Feed => ({
	...{ product: "crs", title: "Core rules", channel: "stable", origin: "https://updates.example" },
	...{ createdAt: 1_700_000_000, entries: [{ version: "4.28.0", at: 1_700_000_100, notes: "n", changes: "3 rules" }] },
	...change,
});
const SELF = "https://updates.example/v1/products/crs/changes/stable";

it("has what RFC 4287 asks of a feed and an entry, and the time of its newest", () => {
	expect(writeFeed(feedOf()).split("\n")).toEqual([
		'<?xml version="1.0" encoding="utf-8"?>',
		'<feed xmlns="http://www.w3.org/2005/Atom">',
		`<id>${SELF}</id>`,
		"<title>Core rules (crs, stable)</title>",
		"<updated>2023-11-14T22:15:00Z</updated>",
		"<author><name>Core rules</name></author>",
		`<link rel="self" type="application/atom+xml" href="${SELF}"/>`,
		"<entry>",
		`<id>${SELF}#4.28.0</id>`,
		"<title>crs 4.28.0</title>",
		"<updated>2023-11-14T22:15:00Z</updated>",
		'<link rel="alternate" type="text/html" href="https://updates.example/console/releases/crs/4.28.0"/>',
		'<content type="text">3 rules',
		"n</content>",
		"</entry>",
		"</feed>",
		"",
	]);
});

it("is a feed without a release too", () => {
	expect(writeFeed(feedOf({ entries: [] }))).toContain("<updated>2023-11-14T22:13:20Z</updated>");
});

it("writes any text so that a reader gets it back: markup, ends of sections, quotes", () => {
	const hostile = fc.oneof(
		fc.constantFrom("</content></entry><script>alert(1)</script>", "]]>", "&amp;<!--", `" onload='x`),
		fc.string({ unit: "grapheme" }),
		fc.string({ unit: "binary" }),
	);
	const law = fc.property(hostile, hostile, (notes, title) => {
		const text = writeFeed(feedOf({ title, entries: [{ version: "1", at: 1, notes, changes: null }] }));
		const [, content = ""] = /<content type="text">([^<]*)<\/content>/.exec(text) ?? [];
		const writable = notes.toWellFormed().replace(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
		expect(unescapeXml(content)).toBe(writable);
		// Beside what the feed has of its own there is no markup, and no character that XML cannot hold.
		const rest = text
			.replace(/^<\?xml.*\?>/, "")
			.replace(/<\/?(feed|id|title|updated|author|name|link|entry|content)( [^<>]*)?>/g, "");
		expect(rest).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot|apos);)|[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/u);
	});
	fc.assert(law);
});

function unescapeXml(text: string): string {
	const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
	return text.replace(/&(\w+);/g, (whole, name: string) => named[name] ?? whole);
}
