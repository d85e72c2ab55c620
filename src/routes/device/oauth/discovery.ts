// What a client may know before it is anybody: where the endpoints are (RFC 8414). No `jwks_uri`: the service signs nothing
// that others verify.
import { createRoute, z } from "@hono/zod-openapi";
import { DEVICE_ALGORITHMS } from "../../../signing/device-proofs/device-key.ts";
import { createRouter, jsonAnswer } from "../../http/openapi.ts";

const PUBLIC_FIVE_MINUTES = "public, max-age=300";

const metadataBody = z
	.object({
		issuer: z.string(),
		token_endpoint: z.string(),
		registration_endpoint: z.string(),
		response_types_supported: z.array(z.string()).openapi({ example: [] }),
		grant_types_supported: z.array(z.string()).openapi({ example: ["client_credentials"] }),
		scopes_supported: z.array(z.string()).openapi({ example: ["device"] }),
		token_endpoint_auth_methods_supported: z
			.array(z.string())
			.openapi({ example: ["private_key_jwt", "tls_client_auth"] }),
		token_endpoint_auth_signing_alg_values_supported: z.array(z.enum(DEVICE_ALGORITHMS)),
		dpop_signing_alg_values_supported: z.array(z.enum(DEVICE_ALGORITHMS)),
		tls_client_certificate_bound_access_tokens: z.boolean().openapi({ description: "RFC 8705 §3.3" }),
		mtls_endpoint_aliases: z
			.object({ token_endpoint: z.string(), registration_endpoint: z.string() })
			.optional()
			.openapi({ description: "RFC 8705 §5: where client certificates are asked for; the other routes are there too" }),
		service_documentation: z.string(),
	})
	.openapi("ServerMetadata");

const metadata = createRoute({
	method: "get",
	path: "/.well-known/oauth-authorization-server",
	operationId: "getServerMetadata",
	tags: ["Discovery"],
	summary: "Authorization server metadata (RFC 8414)",
	responses: { 200: jsonAnswer(metadataBody, "The endpoints and what they support") },
});

export const discovery = createRouter().openapi(metadata, (c) => {
	const { issuer, mutualTls } = c.env.services.config;
	return c.json(
		{
			issuer,
			token_endpoint: `${issuer}/oauth2/token`,
			registration_endpoint: `${issuer}/oauth2/register`,
			response_types_supported: [],
			grant_types_supported: ["client_credentials"],
			scopes_supported: ["device"],
			token_endpoint_auth_methods_supported: ["private_key_jwt", ...(mutualTls === null ? [] : ["tls_client_auth"])],
			token_endpoint_auth_signing_alg_values_supported: [...DEVICE_ALGORITHMS],
			dpop_signing_alg_values_supported: [...DEVICE_ALGORITHMS],
			tls_client_certificate_bound_access_tokens: mutualTls !== null,
			...(mutualTls !== null && {
				mtls_endpoint_aliases: {
					token_endpoint: `${mutualTls.origin}/oauth2/token`,
					registration_endpoint: `${mutualTls.origin}/oauth2/register`,
				},
			}),
			service_documentation: `${issuer}/openapi.json`,
		},
		200,
		{ "cache-control": PUBLIC_FIVE_MINUTES },
	);
});
