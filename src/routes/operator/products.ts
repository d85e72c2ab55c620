// The operator plane of products: a product must exist before anybody can publish under its name.
import { createRoute, z } from "@hono/zod-openapi";
import { signing, versionOrder } from "../../content/releases/product-record.ts";
import { sizeBounds } from "../../content/releases/size-bounds.ts";
import { teamName } from "../../entitlement/keys/credential-record.ts";
import { productName } from "../../names.ts";
import type { ProductEntry } from "../../objects/directory/directory-tables.ts";
import type { ToldProduct } from "../../objects/product/told-product.ts";
import { displayName } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { planChoice, planOf, STANDARD } from "../../rollout/built-in-plans.ts";
import { freezes } from "../../rollout/freeze.ts";
import { healthLimits } from "../../rollout/health.ts";
import { plan } from "../../rollout/plan.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, productReadAccess, readAccess } from "../http/key-access.ts";
import {
	createRouter,
	invalidRequest,
	jsonAnswer,
	jsonBody,
	orNull,
	problems,
	timestamp,
	toSeconds,
	toTimestamp,
} from "../http/openapi.ts";

const productBody = z
	.object({ product: z.string(), title: z.string(), version_order: versionOrder, created_at: timestamp })
	.openapi("Product");

const planText =
	"By which its releases reach the fleet: `standard` (about four days, if left out), `rapid` (hours), `immediate` (everybody at once, without a gate), or a plan of your own";
const team = teamName
	.nullable()
	.openapi({ description: "Whose word its rollouts need; null = anyone's who may release" });

const sizeSetting = sizeBounds.nullable().openapi({
	example: { grow: 2, shrink: 0.5, above: 100_000 },
	description:
		"A release is refused that is more than `grow` times as large as the current one of its audience, or less than `shrink` times, in bytes (where one of the two has more than `above`) or entries; null = any is taken",
});

const signingSetting = signing.optional().openapi({
	description:
		"`required`: nothing is offered that the product's role file does not name; `optional` (if left out): it is",
	example: "required",
});

const healthSetting = healthLimits.nullable().openapi({
	example: { cpu: { plus: 20 }, drops: { times: 2, plus: 100 } },
	description:
		"What may change of a device's health with a release: a report `healthy` beyond a limit counts as failed. Of one metric: `plus` and `times` (a rise; both, where both are given), `minus` and `down_to` (a fall); null = no limits",
});

const betaPlan = planChoice.nullable().openapi({
	description: "By which those reach their devices that travel on beta; null = by `plan`",
	example: "rapid",
});

const twoPeople = z.boolean().openapi({
	example: true,
	description:
		"Each release needs persons beside the one who uploaded it, and their words name its SHA-256: one, or two where it is an emergency or its plan can be through within a day, `immediate` and `rapid` too",
});

const freezeBody = z
	.strictObject({
		from: timestamp,
		until: timestamp,
		reason: z.string().max(200),
		emergencies: z.boolean().openapi({ description: "Whether emergency releases go on all the same" }),
	})
	.openapi("ProductFreeze");

const productDetails = productBody
	.extend({
		plan,
		beta_plan: orNull(plan),
		team: z.string().nullable(),
		two_people: z.boolean(),
		size_bounds: orNull(sizeBounds),
		health_limits: orNull(healthLimits),
		freezes: z.array(freezeBody),
		signing,
		role_version: z.int().nullable().openapi({ description: "Of its role file; null = it has none" }),
		unsigned_releases: z.int().openapi({
			description:
				"Releases, withdrawn ones left out, that its role file does not name: with `signing` `required` nobody is offered them",
		}),
	})
	.openapi("ProductDetails", { description: "A product, with the plan, team and bounds of its next releases" });

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
				beta_plan: betaPlan.optional(),
				team: team.optional(),
				two_people: twoPeople.optional(),
				size_bounds: sizeSetting.optional(),
				health_limits: healthSetting.optional(),
				signing: signingSetting,
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
					beta_plan: betaPlan.optional(),
					team: team.optional(),
					two_people: twoPeople.optional(),
					size_bounds: sizeSetting.optional(),
					health_limits: healthSetting.optional(),
					signing: signingSetting,
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

function describe({
	name,
	title,
	versionOrder,
	createdAt,
}: Pick<ProductEntry, "name" | "title" | "versionOrder" | "createdAt">): z.infer<typeof productBody> {
	return { product: name, title, version_order: versionOrder, created_at: toTimestamp(createdAt) };
}

/** @throws ProblemError `invalid_request` */
function readFreezes(given: readonly z.infer<typeof freezeBody>[]) {
	const read = freezes.safeParse(
		given.map((one) => ({ ...one, from: toSeconds(one.from), until: toSeconds(one.until) })),
	);
	if (read.success) return read.data;
	throw invalidRequest({
		issues: read.error.issues.map(({ path, message }) => ({ path: ["freezes", ...path], message })),
	});
}

function describeDetails(info: ToldProduct): z.infer<typeof productDetails> {
	const {
		plan,
		betaPlan: beta_plan,
		team,
		twoPeople: two_people,
		sizeBounds: bounds,
		healthLimits: health_limits,
		signing,
		role,
	} = info;
	const freezes = info.freezes.map((one) => ({ ...one, from: toTimestamp(one.from), until: toTimestamp(one.until) }));
	const role_version = role?.version ?? null;
	return {
		...describe(info),
		plan,
		beta_plan,
		team,
		two_people,
		size_bounds: bounds,
		health_limits,
		freezes,
		signing,
		role_version,
		unsigned_releases: info.unsigned,
	};
}

export const products = createRouter()
	.openapi(create, async (c) => {
		const { event, services } = c.env;
		const { product: name, title = name, version_order: versionOrder, plan: choice, team = null } = c.req.valid("json");
		const {
			beta_plan,
			size_bounds: bounds,
			health_limits: limits,
			signing,
			two_people: twoPeople,
		} = c.req.valid("json");
		event.product = name;
		const creation = { ...changeBy(c), name, title };
		const rollouts = {
			plan: choice === undefined ? STANDARD : planOf(choice),
			betaPlan: beta_plan == null ? null : planOf(beta_plan),
			team,
		};
		// The product's own object first; the Directory's list says whether it was there before.
		const made = await services.objects.product(name).create({
			...creation,
			...rollouts,
			...(signing && { signing }),
			...(twoPeople !== undefined && { twoPeople }),
			...(versionOrder && { versionOrder }),
			...(bounds !== undefined && { sizeBounds: bounds }),
			...(limits !== undefined && { healthLimits: limits }),
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
		const {
			plan: choice,
			beta_plan: beta,
			team,
			size_bounds: bounds,
			health_limits: limits,
			signing,
			two_people: twoPeople,
			freezes: given,
		} = c.req.valid("json");
		const info = await c.env.services.objects.product(product).change({
			...changeBy(c),
			...(choice && { plan: planOf(choice) }),
			...(beta !== undefined && { betaPlan: beta === null ? null : planOf(beta) }),
			...(team !== undefined && { team }),
			...(bounds !== undefined && { sizeBounds: bounds }),
			...(limits !== undefined && { healthLimits: limits }),
			...(signing && { signing }),
			...(twoPeople !== undefined && { twoPeople }),
			...(given !== undefined && { freezes: readFreezes(given) }),
		});
		if (info === null) throw new ProblemError("not_found");
		return c.json(describeDetails(info), 200);
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
