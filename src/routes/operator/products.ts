// The operator plane of products: a product must exist before anybody can publish under its name.
import { createRoute, z } from "@hono/zod-openapi";
import { versionOrder } from "../../content/releases/product-record.ts";
import { productName } from "../../names.ts";
import { displayName } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { planChoice, planOf, STANDARD } from "../../rollout/built-in-plans.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, productReadAccess, readAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../http/openapi.ts";
import {
	describeDetails,
	describeProduct,
	freezeBody,
	planText,
	productBody,
	productDetails,
	readFreezes,
	settings,
	settingsOf,
} from "./product-body.ts";

const productPath = z.object({ product: productName });

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
				plan: planChoice.optional().openapi({ description: planText, example: "standard" }),
				...settings,
			}),
		),
	},
	responses: {
		201: jsonAnswer(productDetails, "Created"),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "already_exists", "rate_limited"),
	},
});

const show = createRoute({
	method: "get",
	path: "/v1/products/{product}",
	operationId: "showProduct",
	tags: ["Publisher"],
	summary: "A product, with the plan by which its releases reach the fleet",
	...productReadAccess,
	request: { params: productPath },
	responses: {
		200: jsonAnswer(productDetails, "The product"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const change = createRoute({
	method: "patch",
	path: "/v1/products/{product}",
	operationId: "changeProduct",
	tags: ["Operator"],
	summary:
		"Set the plan, team and bounds of the next releases (rollouts under way keep plan and team), and whether all must be signed",
	...operatorAccess,
	request: {
		params: productPath,
		body: jsonBody(
			z
				.strictObject({
					plan: planChoice.optional().openapi({ description: planText, example: "rapid" }),
					...settings,
					freezes: z.array(freezeBody).max(20).optional().openapi({
						description:
							"All of them: no step of a rollout begins in one, and no further unit tries a release; of what everybody may have nothing is held up",
					}),
				})
				.openapi("ProductChange"),
		),
	},
	responses: {
		200: jsonAnswer(productDetails, "As it is now"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "invalid_request", "not_found"),
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

export const products = createRouter()
	.openapi(create, async (c) => {
		const { event, services } = c.env;
		const { product: name, title = name, version_order: versionOrder, plan: choice, ...given } = c.req.valid("json");
		event.product = name;
		const creation = { ...changeBy(c), name, title };
		// The product's own object first; the Directory's list says whether it was there before.
		const made = await services.objects.product(name).create({
			...creation,
			plan: choice === undefined ? STANDARD : planOf(choice),
			...settingsOf(given),
			...(versionOrder && { versionOrder }),
		});
		const entry = { ...creation, versionOrder: made.versionOrder };
		const { kind } = await services.objects.directory().createProduct(entry);
		if (kind === "same") throw new ProblemError("already_exists");
		return c.json(describeDetails(made), 201);
	})
	.openapi(show, async (c) => {
		const { product } = c.req.valid("param");
		c.env.event.product = product;
		const info = await c.env.services.objects.product(product).info();
		if (info === null) throw new ProblemError("not_found");
		return c.json(describeDetails(info), 200);
	})
	.openapi(change, async (c) => {
		const { product } = c.req.valid("param");
		c.env.event.product = product;
		const { plan: choice, freezes, ...given } = c.req.valid("json");
		const info = await c.env.services.objects.product(product).change({
			...changeBy(c),
			...(choice && { plan: planOf(choice) }),
			...settingsOf(given),
			...(freezes !== undefined && { freezes: readFreezes(freezes) }),
		});
		if (info === null) throw new ProblemError("not_found");
		return c.json(describeDetails(info), 200);
	})
	.openapi(list, async (c) => {
		const stored = await c.env.services.objects.directory().listProducts();
		return c.json({ products: stored.map(describeProduct) }, 200);
	});
