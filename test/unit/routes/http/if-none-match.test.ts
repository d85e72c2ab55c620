// When an If-None-Match header has an ETag in it (RFC 9110, section 13.1.2).
import { expect, it } from "vitest";
import { namesEtag } from "../../../../src/routes/http/if-none-match.ts";

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
