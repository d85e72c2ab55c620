// Which refs a pattern stands for.
import fc from "fast-check";
import { expect, it } from "vitest";
import { isRef, matchesRef, refPattern } from "../../../../src/entitlement/publishers/ref-pattern.ts";

it.each([
	["refs/tags/v*", "refs/tags/v1", true],
	["refs/tags/v*", "refs/tags/v4.27.0-rc.1+b", true],
	["refs/tags/v*", "refs/tags/v", false],
	["refs/tags/v*", "refs/heads/tags/v1", false],
	["refs/tags/v*", "refs/heads/refs/tags/v1", false],
	["refs/tags/v*", "refs/tags/v1/../../heads/x", false],
	["refs/tags/v*", "refs/tags/v1/x", false],
	["refs/tags/v*", "refs/tags/x/v1", false],
	["refs/tags/v*", "refs/tags/V1", false],
	["refs/tags/*", "refs/tags/v1", true],
	["refs/tags/*-release", "refs/tags/v1-release", true],
	["refs/tags/*-release", "refs/tags/-release", false],
	["refs/tags/a*a", "refs/tags/a", false],
	["refs/tags/a*a", "refs/tags/aa", false],
	["refs/tags/a*a", "refs/tags/aba", true],
	["refs/heads/main", "refs/heads/main", true],
	["refs/heads/main", "refs/heads/main2", false],
	["refs/heads/main", "refs/tags/main", false],
	["refs/heads/main", "refs/heads/Main", false],
	["refs/heads/release/*", "refs/heads/release/4.27", true],
	["refs/heads/release/*", "refs/heads/release", false],
	["refs/heads/a.b", "refs/heads/aXb", false],
	["refs/tags/crs@*", "refs/tags/crs@4.27.0", true],
	["refs/tags/crs@*", "refs/tags/crs", false],
	["refs/tags/@acme/crs@*", "refs/tags/@acme/crs@4.27.0", true],
	["refs/tags/@acme/crs@*", "refs/tags/@evil/crs@4.27.0", false],
])("%s, for %s: %s", (pattern, ref, matches) => {
	expect(refPattern.safeParse(pattern).success).toBe(true);
	expect(matchesRef(pattern, ref)).toBe(matches);
});

it.each([
	"v*",
	"main",
	"refs/*",
	"refs/*/v1",
	"*",
	"refs/pull/1/merge",
	"refs/tags/",
	"refs/tags/**",
	"refs/tags/v*.*",
	"refs/heads/main\n",
	"refs/heads/ma in",
	"refs/heads/m\u00e4in",
	"REFS/heads/main",
	`refs/tags/${"a".repeat(200)}`,
])("%j is no pattern", (pattern) => {
	expect(refPattern.safeParse(pattern).success).toBe(false);
});

it.each([
	["refs/heads/main", true],
	["refs/tags/v4.27.0", true],
	["refs/pull/7/merge", false],
	["refs/merge-requests/7/head", false],
	["main", false],
	["", false],
	["refs/heads/m\u0430in", false],
	["refs/heads/main ", false],
])("%j is a branch or tag in full: %s", (ref, is) => {
	expect(isRef(ref)).toBe(is);
});

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,12}$/);

it("a ref without a star stands for itself alone, and a star at the end for all that begin so, down to the next slash", () => {
	fc.assert(
		fc.property(name, name, name, (one, other, third) => {
			expect(matchesRef(`refs/tags/${one}`, `refs/tags/${other}`)).toBe(one === other);
			expect(matchesRef(`refs/tags/${one}*`, `refs/tags/${one}${other}`)).toBe(true);
			expect(matchesRef(`refs/tags/${one}*`, `refs/tags/${one}${other}/${third}`)).toBe(false);
			expect(matchesRef(`refs/tags/${one}*`, `refs/heads/${one}${other}`)).toBe(false);
			expect(matchesRef(`refs/tags/${one}*`, `refs/heads/tags/${one}${other}`)).toBe(false);
		}),
	);
});
