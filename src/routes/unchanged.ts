// The answer that nearly every check gets: nothing has changed. The ETag of a check is a capability that the service sealed
// for one device, one token, one question and the state of the world it was answered in. If it comes back, is sealed right,
// has not expired and the state is still that, the answer is 304: no token to verify, no store to read, no router to pass.
// All it can buy a thief is "nothing has changed", and only beside the token that it was sealed for.
import type { DeniedRecord } from "../content/heads-record.ts";
import { accountObjectName } from "../entitlement/ids.ts";
import type { RequestScope } from "../request-scope.ts";
import type { Services } from "../services.ts";
import { type CheckState, readCheckEtag, verifyCheckEtag } from "../signing/check-etag.ts";
import { isDenied, tokenTail } from "./authenticate.ts";
import { checkState } from "./check-state.ts";
import { countryOf } from "./location.ts";

const CHECK_PATH = "/v1/check";

/** @returns the query, with its question mark, of a GET of the check that names an ETag; null for any other request */
export function queryOfConditionalCheck(request: Request): string | null {
	if (request.method !== "GET" || !request.headers.has("if-none-match")) return null;
	const { url } = request;
	const pathStart = url.indexOf("/", 8);
	if (!url.startsWith(CHECK_PATH, pathStart)) return null;
	const rest = url.slice(pathStart + CHECK_PATH.length);
	return rest === "" || rest.startsWith("?") ? rest : null;
}

/** @returns 304, or null when the question must be answered in full */
export async function answerUnchanged(request: Request, query: string, scope: RequestScope): Promise<Response | null> {
	const { records } = scope.services;
	const authorization = request.headers.get("authorization");
	// Only what the isolate holds now: a due read belongs to the full answer.
	const heads = records.peekHeads(scope.nowMs);
	const denied = heads && records.peekDenied(heads, scope.nowMs);
	if (authorization === null || heads === undefined || denied === undefined) return null;
	const state = checkState(heads, query, countryOf(request));
	const known = { state, query, binding: tokenTail(authorization), now: scope.now };
	if (!(await isUnchanged(request, known, scope.services, denied))) return null;
	scope.event.route = CHECK_PATH;
	return unchanged(request, scope);
}

/**
 * Whether the request's If-None-Match is an ETag of ours for exactly this question and state.
 * @param denied who is refused; left out where the caller has seen to that
 */
export async function isUnchanged(
	request: Request,
	known: CheckState & { readonly now: number },
	{ macKeyring }: Pick<Services, "macKeyring">,
	denied?: DeniedRecord,
): Promise<boolean> {
	const etag = readCheckEtag(request.headers.get("if-none-match") ?? "");
	// The seal first: only under it is the device id one that we wrote, and not whatever a stranger sent.
	if (etag === null || !(await verifyCheckEtag(macKeyring, etag, known))) return false;
	return denied === undefined || !isDenied(denied, etag.deviceId, known.now);
}

/** The 304 itself; what it says of the device is in the ETag that was verified. */
export function unchanged(request: Request, { event }: RequestScope): Response {
	const text = request.headers.get("if-none-match") ?? "";
	const etag = readCheckEtag(text);
	if (etag !== null) {
		event.device = etag.pseudonym;
		event.account = accountObjectName(etag.deviceId);
	}
	event.outcome = "unchanged";
	return new Response(null, { status: 304, headers: { etag: text, "cache-control": "private, no-cache" } });
}
