// Holds the API's description to what the service really answers: an answer that is not declared fails the test that met it.
import { createApp } from "../../src/app.ts";
import { type Operation, operationsOf } from "../../src/routes/description/api-document.ts";
import { describeApi } from "../../src/routes/description/describe-api.ts";

interface Declared {
	readonly method: string;
	readonly path: RegExp;
	readonly operation: Operation;
}

let known: readonly Declared[] | undefined;

/** In the order of the routes' own, the more exact path first. */
function declaredOperations(): readonly Declared[] {
	known ??= operationsOf(describeApi(createApp()))
		.toSorted((a, b) => a.path.split("{").length - b.path.split("{").length)
		.map(({ method, path, operation }) => ({
			method,
			path: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
			operation,
		}));
	return known;
}

/**
 * Nothing is asked of paths and methods that there are not, nor of what is wrong with the configuration.
 * @throws Error where an answer has a status, or a refusal a code, that its operation does not declare
 */
export async function requireDeclared(request: Request, answer: Response): Promise<void> {
	const { pathname } = new URL(request.url);
	const method = request.method === "HEAD" ? "GET" : request.method;
	const found = declaredOperations().find((one) => one.method === method && one.path.test(pathname));
	if (found === undefined) return;
	const declared = found.operation.responses[answer.status];
	const where = `${method} ${pathname} answered ${answer.status}`;
	if (answer.status < 400) {
		if (declared === undefined) throw new Error(`${where}, which is not declared`);
		return;
	}
	if (request.method === "HEAD" || answer.status === 416) return;
	const { code, error } = (await answer.clone().json()) as { code?: string; error?: string };
	const given = code ?? error ?? "no code";
	if (given === "misconfigured" || declared?.["x-codes"]?.includes(given)) return;
	throw new Error(`${where} ${given}, which is not declared`);
}
