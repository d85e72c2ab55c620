// What came with the releases of a product, as an Atom feed (RFC 4287): a few elements, so written by hand. Pure.
import { formatTimestamp } from "../../timestamps.ts";

export interface FeedEntry {
	readonly version: string;
	/** unix seconds */
	readonly at: number;
	readonly notes: string;
	/** in words; null = it has no rule index, or none to compare with */
	readonly changes: string | null;
}

export interface Feed {
	readonly product: string;
	readonly title: string;
	readonly channel: string;
	/** of the service, without a slash at its end */
	readonly origin: string;
	/** unix seconds, where there is no release */
	readonly createdAt: number;
	/** newest first */
	readonly entries: readonly FeedEntry[];
}

/** Characters that XML 1.0 (§2.2) has no way to write. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in it
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const ESCAPES: Readonly<Record<string, string>> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&apos;",
};

/** @returns the text as it stands in an element or between quotes, whatever is in it */
function escapeXml(text: string): string {
	return text
		.toWellFormed()
		.replace(UNWRITABLE, "\ufffd")
		.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

export function feedPath(product: string, channel: string): string {
	return `/v1/products/${product}/changes/${channel}`;
}

/** @returns application/atom+xml */
export function writeFeed({ product, title, channel, origin, createdAt, entries }: Feed): string {
	const self = `${origin}${feedPath(product, channel)}`;
	return [
		'<?xml version="1.0" encoding="utf-8"?>',
		'<feed xmlns="http://www.w3.org/2005/Atom">',
		`<id>${escapeXml(self)}</id>`,
		`<title>${escapeXml(`${title} (${product}, ${channel})`)}</title>`,
		`<updated>${formatTimestamp(entries[0]?.at ?? createdAt)}</updated>`,
		`<author><name>${escapeXml(title)}</name></author>`,
		`<link rel="self" type="application/atom+xml" href="${escapeXml(self)}"/>`,
		...entries.map((entry) => writeEntry(entry, product, self, origin)),
		"</feed>",
		"",
	].join("\n");
}

function writeEntry({ version, at, notes, changes }: FeedEntry, product: string, self: string, origin: string): string {
	const page = `${origin}/console/releases/${product}/${encodeURIComponent(version)}`;
	const text = [changes, notes].filter((part) => part !== null && part !== "").join("\n");
	return [
		"<entry>",
		`<id>${escapeXml(`${self}#${encodeURIComponent(version)}`)}</id>`,
		`<title>${escapeXml(`${product} ${version}`)}</title>`,
		`<updated>${formatTimestamp(at)}</updated>`,
		`<link rel="alternate" type="text/html" href="${escapeXml(page)}"/>`,
		`<content type="text">${escapeXml(text)}</content>`,
		"</entry>",
	].join("\n");
}
