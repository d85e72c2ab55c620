// Which products a new release leaves behind: whose current release requires an older one. Firewalls that run it stay with what they have.
import { z } from "zod";
import { meetsRequirement } from "../../../src/content/requires/requires.ts";
import { CliError } from "../../errors.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { describeRequires, requiresAnswer } from "../../rollout/requires-option.ts";

const productList = z.looseObject({ products: z.array(z.looseObject({ product: z.string() })) });
const releaseList = z.looseObject({
	releases: z.array(z.looseObject({ version: z.string(), status: z.string(), requires: requiresAnswer })),
});

/** Whoever has more products has a console to look at: to publish is not to ask a hundred times. */
const MOST_ASKED = 32;

/** @returns a line for each product; none where the key may not read them, since nothing depends on it */
export async function leftBehind(api: OperatorApi, product: string, version: string): Promise<string[]> {
	try {
		const { products } = await api.call("GET", "/v1/products", "could not list products", productList);
		const others = products.map((one) => one.product).filter((name) => name !== product);
		const found = await Promise.all(others.slice(0, MOST_ASKED).map((name) => lineOf(api, name, { product, version })));
		return found.flat();
	} catch (error) {
		if (error instanceof CliError) return [];
		throw error;
	}
}

async function lineOf(
	api: OperatorApi,
	name: string,
	{ product, version }: { readonly product: string; readonly version: string },
): Promise<string[]> {
	const what = `could not list releases of ${name}`;
	const { releases } = await api.call("GET", `/v1/products/${name}/releases`, what, releaseList);
	const current = releases.find(({ status }) => !["uploaded", "superseded", "withdrawn"].includes(status));
	const requirement = current?.requires?.find((one) => one.product === product);
	if (current === undefined || requirement === undefined || meetsRequirement(requirement, version)) return [];
	const needs = describeRequires([requirement]);
	return [
		`  ${name} ${current.version} requires ${needs}: firewalls that run it get ${version} once a release of ${name} takes it`,
	];
}
