// The answer that nearly every check gets: nothing has changed. The ETag of a check is a capability that the service sealed
// for one device, one token, one question and the state of the world it was answered in. If it comes back, is sealed right,
// has not expired and the state is still that, the answer is 304: no token to verify, no store to read. All it can buy a
// thief is "nothing has changed", and only beside the token that it was sealed for.
import { deniedUntil, deviceChangeOf, licenseEpochOf } from "../../../content/denied-list.ts";
import type { SharedView } from "../../../content/heads-record.ts";
import { accountObjectName } from "../../../entitlement/ids.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { type CheckState, readCheckEtag, verifyCheckEtag } from "../../../signing/sealed/check-etag.ts";
import { tokenTail } from "../../http/authenticate.ts";
import { type CheckQuestion, knownQuestion, stateOf } from "./check-question.ts";

/**
 * What an answer to this question depends on; sealed into its ETag.
 * @param query as sent
 * @param binding tail of the token
 */
export function checkState(
	question: CheckQuestion,
	query: string,
	view: SharedView,
	deviceId: string,
	country: string | null,
	binding: string,
): CheckState {
	const changes = `${licenseEpochOf(view, deviceId)} ${deviceChangeOf(view, deviceId)}`;
	return { state: `${stateOf(question, view.heads)} ${changes} ${country}`, query, binding };
}

/**
 * The 304 for a question that comes with the ETag of its last answer.
 * @param view the shared records as the isolate holds them
 * @returns null when it must be answered in full
 */
export async function answerUnchanged(
	request: Request,
	scope: RequestScope,
	query: string,
	view: SharedView,
): Promise<Response | null> {
	const text = request.headers.get("if-none-match");
	const authorization = request.headers.get("authorization");
	if (text === null || authorization === null) return null;
	const etag = readCheckEtag(text);
	const question = knownQuestion(query);
	if (etag === null || question === undefined) return null;
	const state = checkState(question, query, view, etag.deviceId, scope.country, tokenTail(authorization));
	// The seal first: only under it is the device id one that we wrote, and not a stranger's text.
	if (!(await verifyCheckEtag(scope.services.macKeyring, etag, { ...state, now: scope.now }))) return null;
	if (deniedUntil(view, etag.deviceId) !== undefined) return null;
	return unchanged(text, etag.deviceId, etag.pseudonym, scope);
}

/** The 304 itself. @param etag as it was sent */
export function unchanged(etag: string, deviceId: string, pseudonym: string, { event }: RequestScope): Response {
	event.device = pseudonym;
	event.account = accountObjectName(deviceId);
	event.outcome = "unchanged";
	return new Response(null, { status: 304, headers: { etag, "cache-control": "private, no-cache" } });
}
