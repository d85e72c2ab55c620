// The API's description, made ready once: operations by path, and judges of its schemas.
import { createApp } from "../../../src/app.ts";
import { type ApiDocument, type Operation, operationsOf } from "../../../src/routes/description/api-document.ts";
import { describeApi } from "../../../src/routes/description/describe-api.ts";
import { createJudge, type Judge } from "./json-schema.ts";

export interface DeclaredOperation {
	readonly method: string;
	readonly path: RegExp;
	readonly names: readonly string[];
	readonly operation: Operation;
}

export interface Description {
	readonly document: ApiDocument;
	readonly operations: readonly DeclaredOperation[];
	/** more fields than the schema names may be there */
	readonly open: Judge;
	/** a field that the schema does not name is a fault */
	readonly closed: Judge;
}

let known: Description | undefined;

export function describeOnce(): Description {
	if (known !== undefined) return known;
	const document = describeApi(createApp());
	const operations = operationsOf(document)
		// The more exact path first.
		.toSorted((a, b) => a.path.split("{").length - b.path.split("{").length)
		.map(({ method, path, operation }) => ({
			method,
			path: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "([^/]+)")}$`),
			names: Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name),
			operation,
		}));
	known = {
		document,
		operations,
		open: createJudge(document, { isClosed: false }),
		closed: createJudge(document, { isClosed: true }),
	};
	return known;
}
