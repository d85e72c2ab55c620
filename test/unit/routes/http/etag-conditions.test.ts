// When an If-None-Match header has an ETag in it, and when an If-Match header lets pass (RFC 9110, section 13.1).
import { expect, it } from "vitest";
import { mayMatch, namesEtag } from "../../../../src/routes/http/etag-conditions.ts";

it.each([
	['"abc"', true],
	['W/"abc"', true],
	['"x", "abc"', true],
	['"x",W/"abc" , "y"', true],
	["*", true],
	['"ABC"', false],
	["abc", false],
	['w/"abc"', false],
	['"x"', false],
	["", false],
	[undefined, false],
])('of If-None-Match %s the ETag "abc" is named: %s', (header, isNamed) => {
	expect(namesEtag(header, '"abc"')).toBe(isNamed);
});

it("a weak ETag is named with and without its mark", () => {
	expect(namesEtag('W/"abc"', 'W/"abc"')).toBe(true);
	expect(namesEtag('"abc"', 'W/"abc"')).toBe(true);
	expect(namesEtag('W/"abd"', 'W/"abc"')).toBe(false);
});

it.each([
	[undefined, true],
	["*", true],
	['"abc"', true],
	['"x", "abc"', true],
	// A weak validator is no strong one, and If-Match compares strongly.
	['W/"abc"', false],
	['"nope"', false],
	["abc", false],
	["", false],
])('If-Match %s lets pass where the ETag is "abc": %s', (header, passes) => {
	expect(mayMatch(header, '"abc"')).toBe(passes);
});
