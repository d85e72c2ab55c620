// What a request says of how a release goes its way: by which plan, and from when on.
import { ProblemError } from "../../problem.ts";
import { type PlanChoice, planOf } from "../../rollout/built-in-plans.ts";
import { encodeBase64url } from "../../signing/formats/base64url.ts";
import type { KeyHolder } from "../http/app-env.ts";
import { toSeconds } from "../http/openapi.ts";

/** Of a rollout's salt. */
const SALT_BYTES = 12;

/**
 * @param overrides names of what is allowed although it is unusual; undefined = it is not
 * @throws ProblemError `insufficient_scope` where CI alone would allow it: that takes somebody's word
 */
export function requireUsual(
	overrides: Readonly<Record<string, boolean | undefined>>,
	product: string,
	{ scopes }: Pick<KeyHolder, "scopes">,
): void {
	const asked = Object.keys(overrides).filter((name) => overrides[name]);
	// No API key has that scope.
	if (asked.length === 0 || !scopes.includes(`propose:${product}`)) return;
	throw new ProblemError("insufficient_scope", {
		detail: `${asked.map((name) => `\`${name}\``).join(" and ")} take a key of a person: publish without, or with such a key`,
		extras: { required_scope: `release:${product}` },
	});
}

/**
 * By which plan, from when on, and by which buckets.
 * @throws ProblemError `insufficient_scope`: the product's plan says who must have agreed, or whoever may release could let out alone
 * what they uploaded
 */
export function rolloutOf(
	{ plan, starts_at: startsAt }: { plan?: PlanChoice | undefined; starts_at?: string | undefined },
	holder: { readonly scopes: readonly string[] },
) {
	if (plan !== undefined && !holder.scopes.includes("operate")) {
		throw new ProblemError("insufficient_scope", {
			detail: "a release by a plan of its own takes a key of scope operate; leave `plan` out for the product's",
			extras: { required_scope: "operate" },
		});
	}
	return {
		salt: encodeBase64url(crypto.getRandomValues(new Uint8Array(SALT_BYTES))),
		...(plan && { plan: planOf(plan) }),
		...(startsAt && { startsAt: toSeconds(startsAt) }),
	};
}

/** @returns what a Product is told where a size beyond its bounds is meant */
export function sizeOf({ allow_size: reason }: { readonly allow_size?: string | undefined }) {
	return reason === undefined ? {} : { allowSize: true, sizeReason: reason };
}
