// Holds the API's description to what the service really answers: a status, a code or a field that is not declared fails the test
// that met it.
import { createApp } from "../../src/app.ts";
import { type Operation, operationsOf } from "../../src/routes/description/api-document.ts";
import { describeApi } from "../../src/routes/description/describe-api.ts";
import { createJudge } from "./json-schema.ts";

interface Declared {
	readonly method: string;
	readonly path: RegExp;
	readonly operation: Operation;
}

let description: { operations: readonly Declared[]; judge: ReturnType<typeof createJudge> } | undefined;

function describeOnce() {
	if (description !== undefined) return description;
	const document = describeApi(createApp());
	const operations = operationsOf(document)
		// The more exact path first.
		.toSorted((a, b) => a.path.split("{").length - b.path.split("{").length)
		.map(({ method, path, operation }) => ({
			method,
			path: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
			operation,
		}));
	description = { operations, judge: createJudge(document, { isClosed: true }) };
	return description;
}

/**
 * Nothing is asked of paths and methods that there are not, nor of what is wrong with the configuration.
 * @throws Error where an answer is not as its operation declares it
 */
export async function requireDeclared(request: Request, answer: Response): Promise<void> {
	const { pathname } = new URL(request.url);
	const method = request.method === "HEAD" ? "GET" : request.method;
	const { operations, judge } = describeOnce();
	const found = operations.find((one) => one.method === method && one.path.test(pathname));
	if (found === undefined) return;
	const where = `${method} ${pathname} answered ${answer.status}`;
	const declared = found.operation.responses[answer.status];
	const text = request.method === "HEAD" ? "" : await jsonTextOf(answer);
	if (declared === undefined && answer.status !== 503) throw new Error(`${where}, which is not declared: ${text}`);
	if (text === "") return;
	const body = JSON.parse(text) as { code?: string; error?: string };
	if (answer.status >= 400) {
		const code = body.code ?? body.error ?? "no code";
		if (code === "misconfigured" || declared?.["x-codes"]?.includes(code)) return;
		throw new Error(`${where} ${code}, which is not declared`);
	}
	const schema = declared?.content?.["application/json"]?.schema;
	const fault = schema === undefined ? "there is no schema" : judge(schema, body);
	if (fault !== null) throw new Error(`${where}, not as declared: ${fault}`);
}

/** Empty where the answer is no JSON. */
async function jsonTextOf(answer: Response): Promise<string> {
	return (answer.headers.get("content-type") ?? "").includes("json") ? answer.clone().text() : "";
}
