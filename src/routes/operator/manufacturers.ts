// Makers of appliances whose certificates (IEEE 802.1AR) let an appliance in without an auth code, where an account has claimed its serial number.
import { createRoute, z } from "@hono/zod-openapi";
import { isManufacturerId, manufacturerIdOf } from "../../entitlement/ids.ts";
import type { Manufacturer } from "../../objects/directory/factory-list.ts";
import { displayName } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { readAuthority } from "../../signing/client-certificate/authority.ts";
import { decodeBase64url } from "../../signing/formats/base64url.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, readAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toTimestamp } from "../http/openapi.ts";

const MAX_PEM_LENGTH = 16_000;
const path = "/v1/manufacturers";

const manufacturerBody = z
	.object({
		manufacturer: z.string(),
		name: z.string(),
		subject: z.string().openapi({ description: "Distinguished name of its authority (RFC 4514)" }),
		fingerprint: z.string().openapi({ description: "SHA-256 of the authority's certificate, base64url" }),
		ends_at: timestamp.openapi({ description: "When the authority's certificate ends" }),
		created_at: timestamp,
		created_by: z.string(),
	})
	.openapi("Manufacturer");

const add = createRoute({
	...operatorAccess,
	method: "post",
	path,
	operationId: "addManufacturer",
	tags: ["Operator"],
	summary: "Let appliances of a manufacturer in without an auth code, once their serial numbers are claimed",
	description:
		"The certificate is the one of the authority that signs its appliances' certificates itself, no root above it. The host that asks for client certificates has to trust it as well. A manufacturer is its authority's key: a renewed certificate takes the place of the one before, and claims outlast it, and a removal.",
	request: {
		body: jsonBody(
			z.strictObject({ name: displayName, certificate: z.string().max(MAX_PEM_LENGTH) }).openapi("NewManufacturer"),
		),
	},
	responses: {
		201: jsonAnswer(manufacturerBody, "Added"),
		200: jsonAnswer(manufacturerBody, "There was one with this authority; it has this certificate now"),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "conflict", "rate_limited"),
	},
});

const list = createRoute({
	...readAccess,
	method: "get",
	path,
	operationId: "listManufacturers",
	tags: ["Operator"],
	summary: "Manufacturers whose certificates count",
	responses: {
		200: jsonAnswer(z.object({ manufacturers: z.array(manufacturerBody) }), "All of them, the oldest first"),
		...problems("unauthenticated", "insufficient_scope"),
	},
});

const remove = createRoute({
	...operatorAccess,
	method: "delete",
	path: `${path}/{manufacturer}`,
	operationId: "removeManufacturer",
	tags: ["Operator"],
	summary: "Let nobody in any more by a manufacturer's certificates; its devices stay",
	request: { params: z.object({ manufacturer: z.string().refine(isManufacturerId, "not the id of a manufacturer") }) },
	responses: {
		204: { description: "Removed" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

function describeManufacturer(one: Manufacturer): z.infer<typeof manufacturerBody> {
	const { id, name, subject, fingerprint, notAfter, createdAt, createdBy } = one;
	return {
		...{ manufacturer: id, name, subject, fingerprint, ends_at: toTimestamp(notAfter) },
		...{ created_at: toTimestamp(createdAt), created_by: createdBy },
	};
}

/** @returns the id that the manufacturer has, or is to have */
async function manufacturerIdFor({ publicKey }: Pick<Manufacturer, "publicKey">): Promise<string> {
	const spki = decodeBase64url(publicKey);
	if (spki === null) throw new Error("a key that was just written is no base64url");
	return manufacturerIdOf(new Uint8Array(await crypto.subtle.digest("SHA-256", spki)));
}

const NO_AUTHORITY = {
	unreadable: "one certificate in PEM is expected, with a key of RSA, P-256, P-384, P-521 or Ed25519",
	leaf: "the certificate may issue none (no CA in its basicConstraints): the authority's is expected, not an appliance's own",
	ended: "the certificate has ended: the one is expected that its authority has now",
} as const;

function noAuthority(reason: keyof typeof NO_AUTHORITY): ProblemError {
	const message = NO_AUTHORITY[reason];
	return new ProblemError("invalid_request", { extras: { errors: [{ field: "certificate", message }] } });
}

export const manufacturers = createRouter()
	.openapi(add, async (c) => {
		const { name, certificate } = c.req.valid("json");
		const reading = await readAuthority(certificate);
		if (!reading.ok) throw noAuthority(reading.reason);
		const { authority } = reading;
		if (authority.notAfter < c.env.now) throw noAuthority("ended");
		const id = await manufacturerIdFor(authority);
		const manufacturer = { id, name, ...authority };
		const directory = c.env.services.objects.directory();
		const { manufacturers: all, outcome } = await directory.manufacturers({
			...changeBy(c),
			kind: "add",
			manufacturer,
		});
		const found = all.find((one) => one.id === id);
		if (found !== undefined && outcome === "other_subject") {
			const detail = `${id} has the same key in another name, ${found.subject}: remove it first; what is claimed stays claimed`;
			throw new ProblemError("conflict", { detail });
		}
		if (found === undefined)
			throw new ProblemError("conflict", { detail: "there are as many manufacturers as there may be" });
		return c.json(describeManufacturer(found), outcome === "done" ? 201 : 200);
	})
	.openapi(list, async (c) => {
		const { manufacturers: all } = await c.env.services.objects.directory().manufacturers({ kind: "list" });
		return c.json({ manufacturers: all.map(describeManufacturer) }, 200);
	})
	.openapi(remove, async (c) => {
		const { manufacturer: id } = c.req.valid("param");
		const { outcome } = await c.env.services.objects.directory().manufacturers({ ...changeBy(c), kind: "remove", id });
		if (outcome !== "done") throw new ProblemError("not_found");
		return c.body(null, 204);
	});
