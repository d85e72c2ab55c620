// Which workflows of CI may publish a product without an API key. Whoever operates says so; what the product's publishers may, is for
// routes/publisher/publish-token.ts.
import { createRoute, z } from "@hono/zod-openapi";
import { ID_RANDOM_BYTES, isPublisherId, mintPublisherId } from "../../entitlement/ids.ts";
import {
	DEFAULT_ISSUERS,
	faultsOfPublisher,
	MAX_PUBLISHERS,
	publisherFields,
	publisherSubject,
	type TrustedPublisher,
} from "../../entitlement/publishers/trusted-publisher.ts";
import { productName } from "../../names.ts";
import type { StoredPublisher } from "../../objects/product/publisher-desk.ts";
import { ProblemError } from "../../problem.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, productReadAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toTimestamp } from "../http/openapi.ts";

const publisherBody = z
	.object({
		id: z.string(),
		...publisherFields,
		subject: z.string().openapi({ description: "What the product's events call it" }),
		created_at: timestamp,
		created_by: z.string().openapi({ description: "Subject of the key that added it" }),
	})
	.openapi("TrustedPublisher");

const newPublisher = z
	.strictObject({
		...publisherFields,
		issuer: publisherFields.issuer.optional().openapi({
			description: "`iss` of its ID tokens; that of github.com or gitlab.com if left out, else one of `CI_ISSUERS`",
			example: "https://gitlab.com",
		}),
		ref: publisherFields.ref.optional().openapi({
			description:
				"Branch or tag in full, with one `*` at most that stands for anything but a slash; this, an environment, or both",
			example: "refs/tags/v*",
		}),
		environment: publisherFields.environment.optional().openapi({
			description: "In which the job must run",
			example: "production",
		}),
	})
	.openapi("NewTrustedPublisher");

const params = z.object({ product: productName });
const path = "/v1/products/{product}/publishers";

const add = createRoute({
	method: "post",
	path,
	operationId: "addPublisher",
	tags: ["Operator"],
	summary: "Let a workflow of CI publish the product without an API key",
	description: `Of one repository, by its name and its number: a name that is given up and registered again is another repository. ${MAX_PUBLISHERS} of a product at most.`,
	...operatorAccess,
	request: { params, body: jsonBody(newPublisher) },
	responses: {
		201: jsonAnswer(publisherBody, "Added"),
		200: jsonAnswer(publisherBody, "There was one like it"),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"conflict",
			"rate_limited",
		),
	},
});

const list = createRoute({
	method: "get",
	path,
	operationId: "listPublishers",
	tags: ["Publisher"],
	summary: "Workflows of CI that may publish the product",
	...productReadAccess,
	request: { params },
	responses: {
		200: jsonAnswer(z.object({ publishers: z.array(publisherBody) }), "All of them, the oldest first"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const remove = createRoute({
	method: "delete",
	path: `${path}/{publisher}`,
	operationId: "removePublisher",
	tags: ["Operator"],
	summary: "Trust a workflow no more; the tokens that it has open nothing from now on",
	...operatorAccess,
	request: {
		params: params.extend({ publisher: z.string().refine(isPublisherId, "not the id of a trusted publisher") }),
	},
	responses: {
		204: { description: "Removed" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

function describePublisher(publisher: StoredPublisher): z.infer<typeof publisherBody> {
	const { id, provider, issuer, repository, repositoryId, ownerId, workflow, ref, environment } = publisher;
	return {
		...{ id, provider, issuer, repository, repository_id: repositoryId, owner_id: ownerId, workflow, ref, environment },
		subject: publisherSubject(publisher),
		created_at: toTimestamp(publisher.createdAt),
		created_by: publisher.createdBy,
	};
}

/** @throws ProblemError `invalid_request` naming each field that is wrong */
function readPublisher(wanted: z.infer<typeof newPublisher>, issuers: readonly TrustedIssuer[]): TrustedPublisher {
	const { provider, repository, workflow } = wanted;
	const { issuer = DEFAULT_ISSUERS[provider], ref = null, environment = null } = wanted;
	const { repository_id: repositoryId, owner_id: ownerId } = wanted;
	const publisher = { provider, issuer, repository, repositoryId, ownerId, workflow, ref, environment };
	const isTrusted = issuers.some((one) => one.issuer === issuer && one.provider === provider);
	const named = issuers.filter((one) => one.provider === provider).map((one) => one.issuer);
	const errors = [
		...(isTrusted ? [] : [{ field: "issuer", message: `one of ${named.join(", ")} (CI_ISSUERS) is expected` }]),
		...faultsOfPublisher(publisher),
	];
	if (errors.length > 0) throw new ProblemError("invalid_request", { extras: { errors } });
	return publisher;
}

type TrustedIssuer = Pick<TrustedPublisher, "provider" | "issuer">;

export const trustedPublishers = createRouter()
	.openapi(add, async (c) => {
		const { services, event } = c.env;
		const { product } = c.req.valid("param");
		event.product = product;
		const trusted = readPublisher(c.req.valid("json"), services.config.ciIssuers);
		const id = mintPublisherId(crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES)));
		const object = services.objects.product(product);
		const result = await object.changePublishers({ ...changeBy(c), kind: "add", id, trusted });
		if (!result.ok) {
			if (result.reason === "unknown_product") throw new ProblemError("not_found");
			const detail = `a product has ${MAX_PUBLISHERS} trusted publishers at most: remove one first`;
			throw new ProblemError("conflict", { detail });
		}
		const { changed, publisher } = result;
		if (publisher === null) throw new ProblemError("not_found");
		return c.json(describePublisher(publisher), changed ? 201 : 200);
	})
	.openapi(list, async (c) => {
		const { product } = c.req.valid("param");
		c.env.event.product = product;
		const publishers = await c.env.services.objects.product(product).publishers();
		if (publishers === null) throw new ProblemError("not_found");
		return c.json({ publishers: publishers.map(describePublisher) }, 200);
	})
	.openapi(remove, async (c) => {
		const { product, publisher: id } = c.req.valid("param");
		c.env.event.product = product;
		const object = c.env.services.objects.product(product);
		const result = await object.changePublishers({ ...changeBy(c), kind: "remove", id });
		if (!result.ok || !result.changed) throw new ProblemError("not_found");
		return c.body(null, 204);
	});
