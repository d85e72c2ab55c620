// Which device is calling? It shows an access token, with a DPoP proof where the token is bound to a key. A caller who fails
// learns only that; the reason goes to the log. API keys: key-access.ts.
import { createMiddleware } from "hono/factory";
import { deniedUntil, isOutdated } from "../../content/denied-list.ts";
import type { SharedView } from "../../content/heads-record.ts";
import type { DeviceRecord } from "../../entitlement/devices/device-record.ts";
import { accountObjectName } from "../../entitlement/ids.ts";
import { type Challenge, ProblemError, type ProblemExtras } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { equalInConstantTime } from "../../signing/constant-time.ts";
import { PROOF_USED, proofFault, verifyDpopProof } from "../../signing/device-proofs/dpop.ts";
import { type OpenedAccessToken, openAccessToken } from "../../signing/sealed/access-token.ts";
import type { AppEnv, DeviceCaller } from "./app-env.ts";
import { presentedFingerprint } from "./mtls/client-certificate.ts";
import { targetUrls } from "./mtls/target-urls.ts";
import { clockMessage } from "./oauth-error.ts";
import { pathOf } from "./plain-handler.ts";

export interface Authorization {
	readonly scheme: "DPoP" | "Bearer";
	readonly credentials: string;
}

/** RFC 9110 §11.4: scheme (in any case), one space, credentials. Null when there is none of the two schemes. */
export function readAuthorization(header: string | null): Authorization | null {
	if (header === null) return null;
	const space = header.indexOf(" ");
	const credentials = header.slice(space + 1);
	if (space < 0 || !/^[\x21-\x7e]+$/.test(credentials)) return null;
	const scheme = header.slice(0, space).toLowerCase();
	if (scheme === "dpop") return { scheme: "DPoP", credentials };
	return scheme === "bearer" ? { scheme: "Bearer", credentials } : null;
}

/** What ties an ETag or an offer to the token under which it was given: the end of its MAC. */
export function tokenTail(accessToken: string): string {
	return accessToken.slice(-32);
}

/** What the caller is told beside the code. */
interface Said {
	readonly detail?: string;
	readonly extras?: ProblemExtras;
}

/**
 * @param reason for the log alone
 * @param scheme of credentials that were sent and are not good; not given = none were sent
 * @throws ProblemError `unauthenticated`
 */
export function refuse(scope: RequestScope, reason: string, scheme?: Challenge["scheme"], said: Said = {}): never {
	scope.event.reason = reason;
	throw new ProblemError("unauthenticated", {
		...said,
		...(scheme !== undefined && { challenge: { scheme, error: "invalid_token" } }),
	});
}

/** A refusal of the proof beside the token: RFC 9449 §7.1 tells it apart from one of the token. */
function refuseProof(scope: RequestScope, reason: string, said: Said = {}): never {
	scope.event.reason = reason;
	const challenge = { scheme: "DPoP", error: "invalid_dpop_proof" } as const;
	if (reason === "proof_missing") throw new ProblemError("dpop_proof_missing", { challenge });
	throw new ProblemError("unauthenticated", { ...said, challenge });
}

/** Lets devices pass, before anything of the request is looked at; the handler finds its caller as `c.var.caller`. */
export const requireDevice = createMiddleware<AppEnv>(async (c, next) => {
	c.set("caller", await authenticateDevice(c.req.raw, c.env));
	await next();
});

/**
 * The device behind a request, as its token describes it.
 * @param held what the caller has read of the shared records; left out, they are read here, once the token is verified
 * @throws ProblemError `unauthenticated`, or `device_refused` when it was suspended or revoked since
 */
export async function authenticateDevice(
	request: Request,
	scope: RequestScope,
	held?: SharedView,
): Promise<DeviceCaller> {
	const authorization = readAuthorization(request.headers.get("authorization"));
	if (authorization === null) refuse(scope, "no_authorization");
	const { config, macKeyring } = scope.services;
	const token = await openAccessToken(macKeyring, authorization.credentials, {
		issuer: config.issuer,
		now: scope.now,
	});
	// Said only of a token of ours: with its own clock a device cannot tell whether the token or the clock is at fault.
	if (!token.ok) {
		const said = token.reason === "expired" ? { extras: { server_time: scope.now } } : {};
		refuse(scope, `token_${token.reason}`, authorization.scheme, said);
	}
	scope.event.device = token.pseudonym;
	scope.event.account = accountObjectName(token.profile.id);
	await requireProof(request, scope, authorization, token);
	const view = held ?? (await scope.services.records.current(scope));
	refuseDenied(scope, view, token.profile.id);
	refuseOutdated(scope, token, isOutdated(view, token.profile));
	if (token.provisional) await requireCurrent(scope, view, token);
	const { profile } = token.policyInRecord ? await withPolicy(scope, view, token) : token;
	return { ...token, profile, view, tail: tokenTail(authorization.credentials) };
}

/** Of the few devices of which their account says more than a token has room for. */
async function withPolicy(scope: RequestScope, view: SharedView, { profile }: HeldToken) {
	const { policy } = await requireActive(scope, view, profile.id);
	return { profile: { ...profile, policy } };
}

/** To what a token, or an offer, is bound. */
export interface TokenBinding {
	/** thumbprint of the key whose DPoP proof it needs; null = none */
	readonly jkt: string | null;
	/** fingerprint of the certificate that it needs; null = none */
	readonly x5t: string | null;
}

/**
 * RFC 8705 §3: a token that is bound to a certificate is worth nothing on a connection where another one was shown, or none.
 * RFC 9449 §7: a token that is bound to a key is worth nothing without a fresh proof by that key, and only under the
 * DPoP scheme; a token that is not bound is a bearer token.
 */
export async function requireProof(
	request: Request,
	scope: RequestScope,
	authorization: Authorization,
	{ jkt, x5t }: TokenBinding,
): Promise<void> {
	if (x5t !== null) await requireCertificate(request, scope, authorization, x5t);
	if (jkt === null) {
		if (authorization.scheme !== "Bearer") {
			const detail = "this token is not bound to a key: send it as `Authorization: Bearer`";
			refuse(scope, "scheme_not_bearer", authorization.scheme, { detail });
		}
		return;
	}
	if (authorization.scheme !== "DPoP") {
		const detail = "this token is bound to the device's key: send it as `Authorization: DPoP`, with a DPoP proof";
		refuse(scope, "scheme_not_dpop", authorization.scheme, { detail });
	}
	const sent = request.headers.get("dpop");
	if (sent === null) refuseProof(scope, "proof_missing");
	const proof = await verifyDpopProof({
		proof: sent,
		method: request.method,
		...targetUrls(scope.services.config, pathOf(request.url)),
		now: scope.now,
		accessToken: authorization.credentials,
		expectedJkt: jkt,
		importKey: scope.services.importKey,
	});
	if (!proof.ok) {
		const reason = `proof_${proof.reason}`;
		if (!("clockOffsetSeconds" in proof)) refuseProof(scope, reason, { detail: proofFault(proof) });
		const extras = { server_time: scope.now };
		refuseProof(scope, reason, { detail: clockMessage(proof.clockOffsetSeconds), extras });
	}
	if (!scope.services.proofs.isFirstUse(proof.jkt, proof.jti, scope.now)) {
		refuseProof(scope, "proof_replayed", { detail: PROOF_USED });
	}
}

async function requireCertificate(
	request: Request,
	scope: RequestScope,
	{ scheme }: Authorization,
	x5t: string,
): Promise<void> {
	const shown = await presentedFingerprint(request, scope);
	if (shown.ok && equalInConstantTime(shown.x5t, x5t)) return;
	const reason = `certificate_${shown.ok ? "other" : shown.reason}`;
	const detail = `this token is bound to the device's certificate: show that one, at ${scope.services.config.mutualTls?.origin ?? "a host that asks for it"}, or get another token`;
	refuse(scope, reason, scheme, { detail });
}

type HeldToken = Pick<OpenedAccessToken, "profile" | "jkt">;

/**
 * @param isOutdated whether the token is from before a change of the account's licenses, or of what the device may have
 * @throws ProblemError `unauthenticated` when it is: the device gets a new one
 */
function refuseOutdated(scope: RequestScope, { jkt }: HeldToken, isOutdated: boolean): void {
	if (isOutdated) refuse(scope, "token_outdated", jkt === null ? "Bearer" : "DPoP");
}

/**
 * A token from a time when records could not be read may be younger than the denial of its device, or than the news of its
 * license, and outlive it: so its record is asked, which by now may be there again.
 * @throws ProblemError `device_refused` when the device is not active, `unauthenticated` as `refuseOutdated`
 */
export async function requireCurrent(scope: RequestScope, view: SharedView, token: HeldToken): Promise<void> {
	const device = await requireActive(scope, view, token.profile.id);
	refuseOutdated(scope, token, token.profile.licenseEpoch < device.licenseEpoch);
}

/** @throws ProblemError `device_refused` when the device's record does not say that it is active */
async function requireActive(scope: RequestScope, view: SharedView, deviceId: string): Promise<DeviceRecord> {
	const device = await scope.services.records.device(deviceId, view, scope);
	if (device?.status === "active") return device;
	scope.event.reason = device?.status ?? "device_unknown";
	throw new ProblemError("device_refused");
}

/** @throws ProblemError `device_refused` when the device stands on the deny list */
export function refuseDenied(scope: RequestScope, view: SharedView, deviceId: string): void {
	if (standsOnDenyList(scope, view, deviceId)) throw new ProblemError("device_refused");
}

/**
 * Whether the device stands on the deny list, which outranks its record and its token. It was refused and not let in again: that
 * would have taken it off. The end of a denial is for the Directory, which drops it when no record and no token from before the
 * refusal counts any more; a later list may not have arrived here.
 */
export function standsOnDenyList(scope: RequestScope, view: SharedView, deviceId: string): boolean {
	const isRefused = deniedUntil(view, deviceId) !== undefined;
	if (isRefused) scope.event.reason = "denied";
	return isRefused;
}
