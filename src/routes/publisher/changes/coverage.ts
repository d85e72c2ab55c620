// Which version of a product covers a CVE, and how many devices are below it.
import { createRoute, z } from "@hono/zod-openapi";
import { channel } from "../../../content/releases/channel.ts";
import { coverageOf } from "../../../content/rule-index/coverage.ts";
import { cvesIn } from "../../../content/rules/rule.ts";
import { ALL_VERSIONS, latestDevices } from "../../../fleet/adoption.ts";
import { productName } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { productReadAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems } from "../../http/openapi.ts";
import { untilCounted } from "../../http/until-counted.ts";
import { refuseRelease } from "../release-body.ts";

const covered = z.boolean().nullable();

const route = createRoute({
	method: "get",
	path: "/v1/products/{product}/coverage/{cve}",
	operationId: "getCoverage",
	tags: ["Publisher"],
	summary: "Which version covers a CVE in each channel, and how many devices are below it",
	description:
		"Covered is what the rules of a version name, by its rule index. Devices by the version that they run, as the fleet's numbers had it a minute ago.",
	...productReadAccess,
	request: {
		params: z.object({
			product: productName,
			cve: z.string().max(32).openapi({ description: "In any form", example: "CVE-2021-44228" }),
		}),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					product: z.string(),
					cve: z.string(),
					channels: z.array(
						z.object({
							channel,
							newest: z.string().nullable().openapi({ description: "Release there; null = there is none" }),
							covered: covered.openapi({ description: "By the newest; null = it has no rule index" }),
							since: z
								.string()
								.nullable()
								.openapi({ description: "The first version from which on each covers it; null = the newest does not" }),
						}),
					),
					devices: z.object({
						covered: z.int(),
						below: z.int().openapi({ description: "On versions whose rules do not name it" }),
						unknown: z.int().openapi({ description: "On versions without a rule index, or on none that is known" }),
					}),
					versions: z
						.array(z.object({ version: z.string(), covered, devices: z.int() }))
						.openapi({ description: "That devices run, newest release first" }),
				})
				.openapi("Coverage"),
			"As it is now",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found", "rate_limited"),
	},
});

export const coverage = createRouter().openapi(route, async (c) => {
	const { services, event } = c.env;
	const { product, cve: given } = c.req.valid("param");
	event.product = product;
	const [cve, ...others] = cvesIn(given);
	if (cve === undefined || others.length > 0)
		throw new ProblemError("invalid_identifier", { detail: "name one CVE, such as CVE-2021-44228" });
	const object = services.objects.product(product);
	if ((await object.info()) === null) refuseRelease("unknown_product");
	const named = new Map((await object.ruleIndexes(cve)).map(({ version, isNamed }) => [version, isNamed]));
	const releases = (await object.list()).map((one) => ({ ...one, isNamed: named.get(one.version) ?? null }));
	const { samples } = await untilCounted(async () => services.objects.census().adoption(product));
	const devicesOf = latestDevices(samples);
	const versions = releases
		.map(({ version, isNamed }) => ({ version, covered: isNamed, devices: devicesOf(version) }))
		.filter(({ devices }) => devices > 0);
	const count = (wanted: boolean) =>
		versions.filter((one) => one.covered === wanted).reduce((sum, { devices }) => sum + devices, 0);
	const [has, below] = [count(true), count(false)];
	const unknown = Math.max(0, devicesOf(ALL_VERSIONS) - has - below);
	const channels = coverageOf(releases).map(({ isCovered: covered, ...one }) => ({ ...one, covered }));
	return c.json({ product, cve, channels, devices: { covered: has, below, unknown }, versions }, 200, {
		"cache-control": "no-store",
	});
});
