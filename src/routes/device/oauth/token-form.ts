// The form of a token request: client credentials by a client assertion (RFC 6749 §4.4.2, RFC 7523 §2.2), or by the certificate of the
// connection (RFC 8705 §2). Looks at how it is put, not at whether the assertion or the certificate is good.
import { z } from "@hono/zod-openapi";
import { OAuthError } from "../../http/oauth-error.ts";
import { readFormFields } from "../../http/oauth-form.ts";

const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

export const tokenForm = z.object({
	grant_type: z.literal("client_credentials"),
	client_assertion_type: z.literal(ASSERTION_TYPE).optional(),
	client_assertion: z.string().optional(),
	client_id: z.string().optional().openapi({
		description: "Required without an assertion (RFC 8705 §2): the certificate that is shown is to be this device's",
	}),
	scope: z.string().optional(),
	lineage: z.string().optional().openapi({
		description: "That of the last token answer; whatever it is, it refuses no token",
	}),
	anchors: z.string().optional().openapi({
		description:
			"Once a day, what the device's updates rest on, as JSON: `tls_root` (of the service's certificate, as verified: `sha256` of its DER form, `name`, `ends`), `tuf_root` (`version`, `ends`), `certificate_ends` (of its own certificate); each may be null or left out. Whatever it is, it refuses no token",
		example:
			'{"tls_root":{"sha256":"96bcec06264976f37460779acf28c5a7cfe8a3c0aae11a8ffcee05c0bddf08c6","name":"ISRG Root X1","ends":"2035-06-04T11:04:38Z"},"tuf_root":{"version":2,"ends":"2027-11-01T00:00:00Z"}}',
	}),
});

/** Parameters that this endpoint knows: a `client_secret` only to refuse it. Any other is ignored, however often it comes. */
const KNOWN = new Set([...Object.keys(tokenForm.shape), "client_secret"]);

const ONLY_METHOD =
	"a device authenticates by client_assertion (private_key_jwt), or by its certificate (tls_client_auth)";

/** How a token request is authenticated, and what else it says. */
export type TokenForm = Pick<z.infer<typeof tokenForm>, "lineage" | "anchors"> &
	(
		| { readonly method: "assertion"; readonly assertion: string; readonly clientId: string | undefined }
		| { readonly method: "certificate"; readonly clientId: string }
	);

/**
 * @param authorization value of that header; null = it is not there
 * @throws OAuthError `invalid_request`, `invalid_client`, `unsupported_grant_type` or `invalid_scope`
 */
export function readTokenForm(text: string, authorization: string | null): TokenForm {
	const fields = readFormFields(text, KNOWN);
	refuseOtherMethods(authorization, fields);
	const grantType = fields.get("grant_type");
	if (grantType === undefined) throw new OAuthError("invalid_request", 400, "grant_type is missing");
	if (grantType !== "client_credentials") {
		throw new OAuthError("unsupported_grant_type", 400, "grant_type must be client_credentials");
	}
	const form = tokenForm.safeParse(Object.fromEntries(fields));
	if (!form.success) throw new OAuthError("invalid_request", 400, SEND_WHAT);
	const { client_assertion: assertion, client_assertion_type: type, client_id: clientId } = form.data;
	if ((assertion === undefined) !== (type === undefined)) throw new OAuthError("invalid_request", 400, SEND_WHAT);
	if (form.data.scope !== undefined && form.data.scope !== "device") {
		throw new OAuthError("invalid_scope", 400, "the only scope is device");
	}
	const { lineage, anchors } = form.data;
	const said = { ...(lineage !== undefined && { lineage }), ...(anchors !== undefined && { anchors }) };
	if (assertion !== undefined) return { ...said, method: "assertion", assertion, clientId };
	if (clientId === undefined) throw new OAuthError("invalid_request", 400, SEND_WHAT);
	return { ...said, method: "certificate", clientId };
}

const SEND_WHAT = `send client_assertion and client_assertion_type=${ASSERTION_TYPE}; or client_id alone, where you show a client certificate`;

/**
 * RFC 6749 §2.3: one authentication in a request, or two readers of it could each believe another one. §5.2: a single one of an
 * unknown method is `invalid_client`.
 */
function refuseOtherMethods(authorization: string | null, fields: ReadonlyMap<string, string>): void {
	const others = [
		...(authorization === null ? [] : ["Authorization"]),
		...(fields.has("client_secret") ? ["client_secret"] : []),
	];
	if (others.length === 0) return;
	if (others.length > 1 || fields.has("client_assertion")) {
		throw new OAuthError(
			"invalid_request",
			400,
			`${ONLY_METHOD} and by nothing beside it: leave out ${others.join(" and ")}`,
		);
	}
	const isBasic = /^basic(?: |$)/i.test(authorization ?? "");
	throw new OAuthError("invalid_client", 401, `${ONLY_METHOD}, not by ${others.join()}`, {
		// §5.2: the challenge is of the scheme by which the client tried.
		headers: isBasic ? { "www-authenticate": 'Basic realm="parapet"' } : {},
	});
}
