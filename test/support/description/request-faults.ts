// Is a request one that its operation declares: path, query, header fields, credentials and body?
import type { Operation, Parameter, Schema } from "../../../src/routes/description/api-document.ts";
import type { DeclaredOperation, Description } from "./described-api.ts";

export interface SeenRequest {
	readonly method: string;
	readonly url: URL;
	readonly headers: Headers;
	readonly hasBody: boolean;
	/** of JSON or a form; empty for everything else */
	readonly text: string;
}

export function findRequestFault(
	{ document, open }: Description,
	{ path, names, operation }: DeclaredOperation,
	request: SeenRequest,
): string | null {
	const inPath = path.exec(request.url.pathname)?.slice(1) ?? [];
	// In a URL a plus is a plus (RFC 3986 §3.4).
	const query = new URLSearchParams(request.url.search.replaceAll("+", "%2B"));
	const sent = {
		path: (name: string) => decodeURIComponent(inPath[names.indexOf(name)] ?? ""),
		query: (name: string) => query.get(name),
		header: (name: string) => request.headers.get(name),
	};
	const parameters = operation.parameters ?? [];
	for (const parameter of parameters) {
		const fault = findParameterFault(parameter, sent[parameter.in](parameter.name), open);
		if (fault !== null) return `${parameter.in} ${parameter.name}: ${fault}`;
	}
	const stray = [...query.keys()].find((name) => !parameters.some((one) => one.in === "query" && one.name === name));
	if (stray !== undefined) return `the parameter ${stray} of the query is not declared`;
	const schemes = document.components.securitySchemes as Readonly<Record<string, Scheme>>;
	return findCredentialFault(operation, schemes, request, query) ?? findBodyFault(operation, request, open);
}

function findParameterFault({ required = false, schema }: Parameter, value: string | null, judge: Description["open"]) {
	if (value === null) return required ? "it is missing" : null;
	return judge(schema, coerce(value, schema));
}

/** The value that a text in a URL or a header field stands for. */
export function coerce(text: string, { type }: Schema): unknown {
	if (type === "integer" || type === "number") return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
	if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
	return text;
}

interface Scheme {
	readonly type: string;
	readonly scheme?: string;
	readonly name?: string;
}

function findCredentialFault(
	{ security = [] }: Operation,
	schemes: Readonly<Record<string, Scheme>>,
	{ headers }: SeenRequest,
	query: URLSearchParams,
): string | null {
	const [scheme = ""] = (headers.get("authorization") ?? "").toLowerCase().split(" ");
	const isMet = (name: string) => {
		const wanted = schemes[name];
		if (wanted?.type === "apiKey") return query.has(wanted.name ?? "");
		// Shown on the connection, of which the request says nothing.
		if (wanted?.type === "mutualTLS") return scheme === "" && headers.has("dpop");
		return wanted?.scheme === scheme && (scheme !== "dpop" || headers.has("dpop"));
	};
	const isOpen = security.length === 0 || security.some((one) => Object.keys(one).every(isMet));
	return isOpen ? null : `its credentials (${scheme}) are none of ${JSON.stringify(security)}`;
}

function findBodyFault({ requestBody }: Operation, request: SeenRequest, judge: Description["open"]): string | null {
	if (requestBody === undefined) return request.text === "" ? null : "it has a body, and none is declared";
	if (!request.hasBody) return requestBody.required === true ? "it has no body" : null;
	const type = (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
	const media = requestBody.content[type] ?? requestBody.content["*/*"];
	if (media === undefined) return `its body is of the type "${type}"`;
	if (media.schema.format === "binary") return null;
	if (type === "application/json") return judge(media.schema, JSON.parse(request.text));
	if (type !== "application/x-www-form-urlencoded") return null;
	return judge(media.schema, Object.fromEntries(new URLSearchParams(request.text)));
}
