// Is an answer one that its operation declares: status, codes, media type, body and header fields?
import { type Answer, componentOf, type Operation } from "../../../src/routes/description/api-document.ts";
import type { Description } from "./described-api.ts";
import { coerce } from "./request-faults.ts";

export interface SeenAnswer {
	readonly status: number;
	readonly headers: Headers;
	/** of JSON; empty for everything else */
	readonly text: string;
}

/** What every HTTP message may have, or the server in front of the service adds. */
const TRANSPORT =
	/^(connection|content-(encoding|length|type)|date|keep-alive|strict-transport-security|transfer-encoding|vary|x-content-type-options)$/;

export function findAnswerFault(
	{ document, open, closed }: Description,
	{ responses }: Operation,
	{ status, headers, text }: SeenAnswer,
	isHead: boolean,
): string | null {
	const declared = responses[status];
	if (declared === undefined) return `the status is not declared: ${text}`;
	const headerFault = findHeaderFault(document.components.headers, declared, headers, open);
	// Neither has a body, whatever its header fields say of the one that it stands for (RFC 9110 §9.3.2, §15.4.5).
	if (headerFault !== null || isHead || status === 304) return headerFault;
	const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";
	const content = declared.content ?? {};
	if (Object.keys(content).length === 0) return type === "" ? null : `there is a body of type ${type}`;
	const media = content[type];
	if (media === undefined) return `the type of the body is "${type}"`;
	if (!type.includes("json")) return null;
	const body = JSON.parse(text) as { code?: string; error?: string };
	const code = body.code ?? body.error ?? "no code";
	if (status >= 400 && !declared["x-codes"]?.includes(code)) return `the code ${code} is not declared`;
	const component = componentOf(document, media.schema);
	// A problem may have members of its own (RFC 9457 §3.2).
	return (component?.name === "Problem" ? open : closed)(media.schema, body);
}

function findHeaderFault(
	components: Description["document"]["components"]["headers"],
	{ headers: declared = {} }: Answer,
	headers: Headers,
	judge: Description["open"],
): string | null {
	const known = new Set(Object.keys(declared).map((name) => name.toLowerCase()));
	const stray = [...headers.keys()].find((name) => !known.has(name) && !TRANSPORT.test(name));
	if (stray !== undefined) return `the header field ${stray} is not declared`;
	for (const [name, { $ref }] of Object.entries(declared)) {
		const { required = false, schema = {} } = components[$ref.split("/").at(-1) ?? ""] ?? {};
		const value = headers.get(name);
		if (value === null && required) return `the header field ${name} is missing`;
		const fault = value === null ? null : judge(schema, coerce(value, schema));
		if (fault !== null) return `the header field ${name}: ${fault}`;
	}
	return null;
}
