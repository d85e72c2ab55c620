// The operator plane of products: a product must exist before anybody can publish under its name.
import { createRoute, z } from "@hono/zod-openapi";
import { versionOrder } from "../../content/product-record.ts";
import { productName } from "../../names.ts";
import type { ProductEntry } from "../../objects/directory/directory-tables.ts";
import { displayName } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, readAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toTimestamp } from "../http/openapi.ts";

const productBody = z
	.object({ product: z.string(), title: z.string(), version_order: versionOrder, created_at: timestamp })
	.openapi("Product");

const create = createRoute({
	method: "post",
	path: "/v1/products",
	operationId: "createProduct",
	tags: ["Operator"],
	summary: "Create a product: a content line with its own cadence",
	...operatorAccess,
	request: {
		body: jsonBody(
			z.strictObject({
				product: productName,
				title: displayName.optional(),
				version_order: versionOrder.optional().openapi({
					description:
						"`vendor` (as vendors count, 9.10 after 9.9; if left out) or `none` for versions without an order, as hashes: then what is released last is newest",
				}),
			}),
		),
	},
	responses: {
		201: jsonAnswer(productBody, "Created"),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "already_exists", "rate_limited"),
	},
});

const list = createRoute({
	method: "get",
	path: "/v1/products",
	operationId: "listProducts",
	tags: ["Operator"],
	summary: "Every product",
	...readAccess,
	responses: {
		200: jsonAnswer(z.object({ products: z.array(productBody) }), "All of them"),
		...problems("unauthenticated", "insufficient_scope"),
	},
});

function describe({ name, title, versionOrder, createdAt }: ProductEntry): z.infer<typeof productBody> {
	return { product: name, title, version_order: versionOrder, created_at: toTimestamp(createdAt) };
}

export const products = createRouter()
	.openapi(create, async (c) => {
		const { event, services } = c.env;
		const { product: name, title = name, version_order: versionOrder } = c.req.valid("json");
		event.product = name;
		const creation = { ...changeBy(c), name, title };
		// The product's own object first; the Directory's list says whether it was there before.
		const made = await services.objects.product(name).create({ ...creation, ...(versionOrder && { versionOrder }) });
		const entry = { ...creation, versionOrder: made.versionOrder };
		const { kind, product } = await services.objects.directory().createProduct(entry);
		if (kind === "same") throw new ProblemError("already_exists");
		return c.json(describe(product), 201);
	})
	.openapi(list, async (c) => {
		const stored = await c.env.services.objects.directory().listProducts();
		return c.json(
			{
				products: stored.map(describe),
			},
			200,
		);
	});
