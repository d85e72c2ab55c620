// Where the bytes of a version are to be had, released or not: for whoever is to approve it and looks at what changes
// (`parapet release diff`).
import { createRoute, z } from "@hono/zod-openapi";
import { variantName } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { packageAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems, timestamp, toTimestamp } from "../../http/openapi.ts";
import { refuseRelease, releasePath } from "../release-body.ts";

/** What logs of downloads call whoever has such a URL. */
const PSEUDONYM = "publisher";

const link = createRoute({
	method: "get",
	path: "/v1/products/{product}/releases/{version}/package-link",
	operationId: "linkPackage",
	tags: ["Publisher"],
	summary: "A signed URL of the package of a version, uploaded or released",
	...packageAccess,
	request: {
		params: releasePath,
		query: z.object({
			variant: variantName
				.optional()
				.openapi({ description: "Of this variant; left out: of the package for all other models", example: "arm" }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					product: z.string(),
					version: z.string(),
					sha256: z.string(),
					size: z.int(),
					name: z.string(),
					url: z.string().openapi({ description: "Signed URL of its bytes" }),
					expires_at: timestamp.openapi({ description: "When the URL stops working" }),
				})
				.openapi("PackageLink"),
			"Where it is",
		),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"rate_limited",
		),
	},
});

export const packageLink = createRouter().openapi(link, async (c) => {
	const { services, now, event } = c.env;
	const { product, version } = c.req.valid("param");
	event.product = product;
	event.toVersion = version;
	const found = await services.objects.product(product).find(version);
	if (found === null) refuseRelease("no_package");
	const { variant } = c.req.valid("query");
	const bytes = variant === undefined ? found : found.variants?.find((one) => one.variant === variant);
	if (bytes === undefined) throw new ProblemError("not_found", { detail: "the version has no such variant" });
	const { sha256, size, name } = bytes;
	const { url, expiresAt } = await services.urlSigner.sign({ sha256, name, pseudonym: PSEUDONYM, now });
	return c.json({ product, version, sha256, size, name, url, expires_at: toTimestamp(expiresAt) }, 200, {
		"cache-control": "no-store",
	});
});
