// What both hooks share: the account and the license in the query, and what a launch and an end of an instance set off.
import { z } from "@hono/zod-openapi";
import { formatCode, isLicenseId, mintCodeId } from "../../entitlement/ids.ts";
import { launchCodes } from "../../entitlement/instances/launch-code.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { hashSecret } from "../../signing/keys/lookup-keys.ts";
import { type OpenAccount, randomBytes } from "../http/account-in-path.ts";

export const hookQuery = z.object({
	account: z.string().max(64).openapi({ description: "The account whose instances these are" }),
	license: z
		.string()
		.refine(isLicenseId, "a license is named by its id, lic-…")
		.optional()
		.openapi({ description: "For a launch: the license that the instance's device activates under" }),
});

export interface InstanceMoment {
	readonly instance: string;
	/** unix seconds */
	readonly at: number;
}

/** As far ahead as a cloud's clock may be. The newest event counts, so one of another day would shut out all until then. */
const MAX_AHEAD_SECONDS = 300;

/** @throws ProblemError `invalid_request` for an event that has not happened yet */
function refuseFuture(at: number, now: number): void {
	if (at <= now + MAX_AHEAD_SECONDS) return;
	throw new ProblemError("invalid_request", {
		detail: `the event is dated ${at - now} s ahead of the service's clock`,
	});
}

export type LaunchState =
	/** the code, in the form for people, is there to be used */
	| { readonly state: "open"; readonly code: string; readonly id: string; readonly expiresAt: number }
	/** the code was used or revoked, or the launch is older than the last known event of the instance */
	| { readonly state: "used" | "revoked" | "over" };

/** @throws ProblemError where the account has no such license, or the event is of the future */
export async function launchInstance(
	{ services, event, now }: RequestScope,
	account: OpenAccount,
	{ instance, at, token, license }: InstanceMoment & { token: string; license: string },
): Promise<LaunchState> {
	refuseFuture(at, now);
	const { lookupKeys, macKeyring } = services;
	const codes = await launchCodes(lookupKeys, macKeyring, { account: account.id, license, instance, token });
	const hashes = await Promise.all(codes.map((code) => hashSecret(lookupKeys, "code", code)));
	const codeId = mintCodeId(randomBytes());
	const result = await account.object.launchInstance({ ...account.by, at, instance, license, codeId, hashes });
	if (result.ok) {
		event.outcome = "open";
		return {
			state: "open",
			code: formatCode(codes[result.index] ?? ""),
			id: result.code.id,
			expiresAt: result.code.expiresAt,
		};
	}
	switch (result.reason) {
		case "unknown_license":
			throw new ProblemError("not_found", { detail: "the account has no such license" });
		case "id_taken":
			// The next delivery draws another id.
			throw new ProblemError("unavailable", { headers: { "retry-after": "1" } });
		default:
			event.outcome = result.reason;
			return { state: result.reason };
	}
}

/** @throws ProblemError where there is no such account, or the event is of the future */
export async function terminateInstance(
	{ event, now }: RequestScope,
	{ object, by }: OpenAccount,
	{ instance, at }: InstanceMoment,
) {
	refuseFuture(at, now);
	const result = await object.terminateInstance({ ...by, at, instance });
	if (!result.ok) throw new ProblemError("not_found", { detail: "there is no such account" });
	event.outcome = result.isNews ? "terminated" : "over";
	return result;
}

/** @throws ProblemError where the query names no license */
export function requireLicense(license: string | undefined): string {
	if (license !== undefined) return license;
	const errors = [{ field: "license", message: "a launch needs the license: add license=lic-… to the query" }];
	throw new ProblemError("invalid_request", { extras: { errors } });
}
