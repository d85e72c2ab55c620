// Asking for an operation in the cross-account matrix: who asks, and with whose things in which fields.

import { newAddress } from "../../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { ISSUER, send } from "../../../support/service.ts";
import type { Estate } from "./estate.ts";
import { type Call, type Field, fillIn, type Operation } from "./operations.ts";
import { plainValue, SUBJECTS, type Subject } from "./parts.ts";

export interface Caller {
	readonly scheme: string;
	readonly credentials: string;
	/** makes the proof */
	readonly prover?: Estate;
}
export const operator: Caller = { scheme: "Bearer", credentials: TEST_SECRETS.BOOTSTRAP_KEY };
/** @param prover whose key makes the proof */
export function deviceOf(estate: Estate, prover = estate): Caller {
	return { scheme: "DPoP", credentials: estate.firewall.accessToken, prover };
}

/** The answer to a request. @param etag for If-None-Match */
export async function call(
	{ method }: Operation,
	{ path, body }: Call,
	caller: Caller,
	etag?: string,
): Promise<Response> {
	const text = body === undefined ? undefined : JSON.stringify(body);
	const { scheme, credentials, prover } = caller;
	const url = `${ISSUER}${path.split("?")[0]}`;
	return send(path, {
		method,
		headers: {
			authorization: `${scheme} ${credentials}`,
			"cf-connecting-ip": newAddress(),
			...(prover === undefined ? {} : { dpop: await prover.firewall.proof(method, url, credentials) }),
			...(text === undefined ? {} : { "content-type": "application/json", "content-length": String(text.length) }),
			...(etag === undefined ? {} : { "if-none-match": etag }),
		},
		...(text === undefined ? {} : { body: text }),
	});
}

/** The operation with the estate's own things, but for the fields whose value is given by their key. */
export function callWith(operation: Operation, estate: Estate, given: Readonly<Record<string, string>> = {}): Call {
	const subjectOf = (field: Field) => given[field.key] ?? SUBJECTS[field.name]?.own(estate, operation);
	return fillIn(operation, subjectOf, (field) => plainValue(field, estate));
}

/** The fields that name something of an account's, each with what may be in it. */
export function subjectsOf({ fields }: Operation): (Field & Subject)[] {
	return fields.flatMap((field) => {
		const subject = SUBJECTS[field.name];
		return subject === undefined ? [] : [{ ...field, ...subject }];
	});
}
