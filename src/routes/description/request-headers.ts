// Header fields of requests that whole kinds of operations take: proofs, and the ETag of an earlier answer. A route declares its own.
import type { Operation, Parameter } from "./api-document.ts";

/** @param operation with all of its security and answers */
export function completeParameters(operation: Operation): readonly Parameter[] {
	const { parameters = [], security = [], requestBody, responses } = operation;
	const asks = (scheme: string) => security.some((one) => Object.hasOwn(one, scheme));
	const more: Parameter[] = [];
	const isForm = requestBody?.content["application/x-www-form-urlencoded"] !== undefined;
	if (asks("authCode") || asks("boundToken") || isForm) {
		const description = asks("authCode")
			? "Proof by the key that is being registered (RFC 9449)"
			: "Proof by the device's key (RFC 9449); not with a token that is not bound";
		more.push(textHeader("DPoP", description, "eyJ0eXAiOiJkcG9wK2p3dCJ9.eyJodG0iOiJQT1NUIn0.c2ln", asks("authCode")));
	}
	if (operation["x-idempotency-key"]) {
		const description =
			"Made up for this request, in double quotes: sent again under it within a day, the same request changes nothing more and has the same answer";
		more.push(textHeader("Idempotency-Key", description, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', false));
	}
	if (responses[304] !== undefined && !parameters.some(({ name }) => name === "if-none-match")) {
		more.push(textHeader("If-None-Match", "ETag of an earlier answer", 'W/"k3f9a2b.8fJ2"', false));
	}
	return [...parameters, ...more];
}

function textHeader(name: string, description: string, example: string, required: boolean): Parameter {
	return { name, in: "header", required, description, schema: { type: "string", example } };
}
