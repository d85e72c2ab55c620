// The form of a token exchange (RFC 8693 §2.1), as far as it is taken: an ID token, for an access token. Looks at how it is put, not at
// whether the ID token is good.
import { z } from "@hono/zod-openapi";
import { OAuthError } from "../http/oauth-error.ts";
import { readFormFields } from "../http/oauth-form.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

export const exchangeForm = z.object({
	grant_type: z.literal(GRANT),
	subject_token: z.string(),
	subject_token_type: z.literal(ID_TOKEN),
	requested_token_type: z.literal(ACCESS_TOKEN).optional(),
});

/** Parameters that are looked at: those of another way to say who is calling only to refuse them. Any other is ignored. */
const KNOWN = new Set([...Object.keys(exchangeForm.shape), "client_secret", "client_assertion", "actor_token"]);

/** @param authorization value of that header; null = it is not there @throws OAuthError `invalid_request` or `unsupported_grant_type` */
export function readExchangeForm(text: string, authorization: string | null): z.infer<typeof exchangeForm> {
	const fields = readFormFields(text, KNOWN);
	const grant = fields.get("grant_type");
	if (grant === undefined) throw new OAuthError("invalid_request", 400, "grant_type is missing");
	if (grant !== GRANT) throw new OAuthError("unsupported_grant_type", 400, `grant_type must be ${GRANT}`);
	const others = ["client_secret", "client_assertion", "actor_token"].filter((name) => fields.has(name));
	if (authorization !== null || others.length > 0) {
		const named = [...(authorization === null ? [] : ["Authorization"]), ...others].join(" and ");
		throw new OAuthError(
			"invalid_request",
			400,
			`the ID token says who is calling, and nothing beside it: leave out ${named}`,
		);
	}
	const form = exchangeForm.safeParse(Object.fromEntries(fields));
	if (form.success) return form.data;
	const wrong = String(form.error.issues[0]?.path[0] ?? "");
	const value = wrong === "subject_token" ? "the ID token" : wrong === "requested_token_type" ? ACCESS_TOKEN : ID_TOKEN;
	throw new OAuthError("invalid_request", 400, `${wrong} must be ${value}`);
}
