// The credentials that operations ask for: OpenAPI's security schemes, and one sentence about them for people.
import type { Operation } from "./api-document.ts";

export const SECURITY_SCHEMES = {
	apiKey: {
		type: "http",
		scheme: "bearer",
		description:
			"An API key with any one of the scopes in `x-scopes` of the operation; `operate` opens everything. Or a token of trusted publishing, which has `publish:{product}` and `propose:{product}`",
	},
	accessToken: { type: "http", scheme: "bearer", description: "An access token that is not bound to a key" },
	boundToken: {
		type: "http",
		scheme: "dpop",
		description: "An access token that is bound to a key (RFC 9449), with a proof in the header DPoP",
	},
	authCode: {
		type: "http",
		scheme: "dpop",
		description: "The auth code, with a proof in the header DPoP by the key that is being registered",
	},
	registrationToken: {
		type: "http",
		scheme: "bearer",
		description: "The `registration_access_token` of the activation",
	},
	factoryCertificate: { type: "mutualTLS", description: "The certificate that a manufacturer has given the appliance" },
	signedUrl: { type: "apiKey", in: "query", name: "s", description: "The URL as a permit gave it" },
} as const;

/** A token is taken in either form, as it was given out: a route that asks for one asks for any of the two. */
export function completeSecurity({ security = [] }: Operation): NonNullable<Operation["security"]> {
	return security.flatMap((one) => (Object.hasOwn(one, "accessToken") ? [one, { boundToken: [] }] : [one]));
}

/** Who may call, in words. */
export function credentialOf(operation: Operation): string {
	const { security = [], requestBody, "x-scopes": scopes = [] } = operation;
	const texts = security.map((one) => credentialText(Object.keys(one)[0] ?? "", scopes));
	if (requestBody?.content["application/x-www-form-urlencoded"] !== undefined)
		texts.push("the assertion, or the ID token, in the form");
	return texts.length === 0 ? "none" : texts.filter((text) => text !== "").join(", or ");
}

function credentialText(scheme: string, scopes: readonly string[]): string {
	switch (scheme) {
		case "apiKey":
			return `API key of scope ${scopes.map((scope) => `\`${scope}\``).join(" or ")}`;
		case "accessToken":
			return "access token of a device";
		case "boundToken":
			return "";
		case "authCode":
			return "auth code, as `Authorization: DPoP <auth code>` with a proof by the key that is registered";
		case "registrationToken":
			return "`registration_access_token` of the activation, as `Authorization: Bearer …`";
		case "factoryCertificate":
			return "the certificate of its manufacturer, on the connection";
		case "signedUrl":
			return "the signed URL itself";
		default:
			throw new Error(`no words for the credential ${scheme}`);
	}
}
