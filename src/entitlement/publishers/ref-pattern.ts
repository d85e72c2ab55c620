// Which Git refs a trusted publisher may publish from: one ref in full, or a pattern with one `*`. A ref is always written in full, so that
// a branch that is called `tags/v1` (`refs/heads/tags/v1`) is never taken for the tag `v1` (`refs/tags/v1`).
import { z } from "zod";

/** What a branch or tag is called here; Git allows more, and nobody needs it to publish. A tag of a repository of many is `@acme/crs@4.27.0`. */
const REF = /^refs\/(?:heads|tags)\/[A-Za-z0-9@][A-Za-z0-9._/+@-]{0,199}$/;
const PATTERN = /^refs\/(?:heads|tags)\/(?!.*\*.*\*)[A-Za-z0-9@*][A-Za-z0-9._/+@*-]{0,99}$/;

/** @returns whether it is a branch or tag in full, of characters that a trail can show */
export function isRef(text: string): boolean {
	return REF.test(text);
}

export const refPattern = z
	.string()
	.regex(
		PATTERN,
		"a ref is written in full, refs/heads/… or refs/tags/…, of letters, digits and . _ / + @ -, with one * at most",
	);

/**
 * @param pattern as `refPattern` takes it; its `*` stands for one character or more, none of them a slash
 * @param ref as `isRef` takes it
 */
export function matchesRef(pattern: string, ref: string): boolean {
	const star = pattern.indexOf("*");
	if (star === -1) return ref === pattern;
	const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
	if (!ref.startsWith(before) || !ref.endsWith(after)) return false;
	const between = ref.slice(before.length, ref.length - after.length);
	return ref.length > before.length + after.length && !between.includes("/");
}
