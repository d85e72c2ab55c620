// Holds the API's description to the real traffic: what the service answers must be declared, and whatever it takes must be what
// the description lets through, as a validating proxy in front of it would see it.
import { findAnswerFault, type SeenAnswer } from "./answer-faults.ts";
import { describeOnce } from "./described-api.ts";
import { findRequestFault, type SeenRequest } from "./request-faults.ts";

/** What is to be known of a request later; to be called before the request is sent, which uses up its body. */
export async function seeRequest(request: Request): Promise<SeenRequest> {
	const { method, url, headers } = request;
	const type = headers.get("content-type") ?? "";
	// Bytes can be many, and have no schema.
	const isText = request.body !== null && /json|x-www-form-urlencoded/.test(type);
	return {
		method,
		url: new URL(url),
		headers,
		hasBody: request.body !== null,
		text: isText ? await request.clone().text() : "",
	};
}

/**
 * Nothing is asked of paths and methods that there are not.
 * @returns what of a request and its answer is not as the description has it; null = nothing
 */
export function findUndeclared(request: SeenRequest, answer: SeenAnswer): string | null {
	const method = request.method === "HEAD" ? "GET" : request.method;
	const { pathname } = request.url;
	const description = describeOnce();
	const found = description.operations.find((one) => one.method === method && one.path.test(pathname));
	if (found === undefined) return null;
	const inAnswer = findAnswerFault(description, found.operation, answer, request.method === "HEAD");
	if (inAnswer !== null) return `${request.method} ${pathname} answered ${answer.status}: ${inAnswer}`;
	if (answer.status >= 400) return null;
	const inRequest = findRequestFault(description, found, request);
	return inRequest === null ? null : `${request.method} ${pathname} was taken, but ${inRequest}`;
}

/** @throws Error where a request or its answer is not as the description has it */
export async function requireDeclared(request: SeenRequest, answer: Response): Promise<void> {
	const { status, headers } = answer;
	const isJson = (headers.get("content-type") ?? "").includes("json");
	const text = isJson && request.method !== "HEAD" ? await answer.clone().text() : "";
	const fault = findUndeclared(request, { status, headers, text });
	if (fault !== null) throw new Error(`not as the API is described: ${fault}`);
}
