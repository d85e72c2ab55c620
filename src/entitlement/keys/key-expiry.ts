// When has an API key ended, and when does a new one end? No later than the key that made it; a person's after 90 days where nothing was said. Pure.
import type { CredentialRecord, Scope } from "./credential-record.ts";

const PERSONS_KEY_SECONDS = 90 * 86_400;

/** @param now unix seconds @returns why the key opens nothing any more; null = it has not ended */
export function keyEnding(
	{ revoked, expiresAt }: Pick<CredentialRecord, "revoked" | "expiresAt">,
	now: number,
): "revoked" | "expired" | null {
	if (revoked) return "revoked";
	return expiresAt !== null && now >= expiresAt ? "expired" : null;
}

/** @returns unix seconds; null = never. `tooLate` where more was asked for than the maker has */
export function decideKeyEnd(input: {
	/** unix seconds; null = never; undefined = nothing was said */
	readonly wanted: number | null | undefined;
	readonly scopes: readonly Scope[];
	/** end of the key that makes it, unix seconds; null = never */
	readonly makersEnd: number | null;
	readonly now: number;
}): { readonly ok: true; readonly expiresAt: number | null } | { readonly ok: false; readonly reason: "tooLate" } {
	const { wanted, makersEnd } = input;
	if (wanted === undefined) {
		const end = isPersons(input.scopes) ? input.now + PERSONS_KEY_SECONDS : null;
		return { ok: true, expiresAt: earlier(end, makersEnd) };
	}
	if (earlier(wanted, makersEnd) !== wanted) return { ok: false, reason: "tooLate" };
	return { ok: true, expiresAt: wanted };
}

/** Builds and hooks publish, release and tell of instances; to operate and to read is what people do. */
function isPersons(scopes: readonly Scope[]): boolean {
	return scopes.some((scope) => /^(operate|read)(:|$)/.test(scope));
}

/** @param a null = never */
function earlier(a: number | null, b: number | null): number | null {
	if (a === null || b === null) return a ?? b;
	return Math.min(a, b);
}
