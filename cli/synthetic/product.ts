// The product of synthetic firewalls. It stays from run to run, because products are for good; its title says whose it is, and a
// product of another title is never touched. A release of a run fits only the model that the run made up, so that no device of
// anybody else, nor of another run, is ever offered it.
import { z } from "zod";
import { builtInPlanName } from "../../src/rollout/built-in-plans.ts";
import { CliError, ServerRefusal } from "../errors.ts";
import { anyAnswer } from "../http/answers.ts";
import type { OperatorApi } from "../http/operator-api.ts";
import { releasePath } from "../http/release-path.ts";

const productAnswer = z.looseObject({ product: z.string(), title: z.string() });
export const syntheticReleases = z.looseObject({
	releases: z.array(
		z.looseObject({
			version: z.string(),
			status: z.string(),
			notes: z.string(),
			released_at: z.string().nullable(),
			models: z.array(z.string()).nullable(),
		}),
	),
});
export type SyntheticRelease = z.infer<typeof syntheticReleases>["releases"][number];

export interface ProductWish {
	readonly api: OperatorApi;
	readonly product: string;
	/** by which the product is known as synthetic */
	readonly title: string;
}

/**
 * Makes the product where there is none.
 * @returns whether it was made now
 * @throws CliError `not_synthetic` when the product is somebody's
 */
export async function ensureProduct({ api, product, title }: ProductWish): Promise<boolean> {
	const found = await findProduct(api, product);
	if (found !== null) {
		requireOwn(found, title);
		return false;
	}
	const wanted = { product, title, plan: builtInPlanName.enum.immediate };
	await api.call("POST", "/v1/products", "could not create the product", anyAnswer, wanted);
	return true;
}

/** @throws CliError `not_synthetic`; `no_product` when there is none */
export async function requireProduct({ api, product, title }: ProductWish): Promise<void> {
	const found = await findProduct(api, product);
	if (found === null) throw new CliError(`there is no product ${product} yet`, { code: "no_product" });
	requireOwn(found, title);
}

async function findProduct(api: OperatorApi, product: string) {
	try {
		return await api.call("GET", `/v1/products/${product}`, `could not look at ${product}`, productAnswer);
	} catch (error) {
		if (error instanceof ServerRefusal && error.refusal.status === 404) return null;
		throw error;
	}
}

function requireOwn(found: z.infer<typeof productAnswer>, title: string): void {
	if (found.title === title) return;
	throw new CliError(`${found.product} is not a synthetic product: its title is "${found.title}"`, {
		code: "not_synthetic",
		fix: "nothing was touched; name another product, one that does not exist yet",
	});
}

/** @returns what the product has released, newest first */
export async function releasesOf(api: OperatorApi, product: string): Promise<readonly SyntheticRelease[]> {
	const what = `could not list releases of ${product}`;
	const { releases } = await api.call("GET", `/v1/products/${product}/releases`, what, syntheticReleases);
	return releases.filter(({ released_at: releasedAt }) => releasedAt !== null);
}

/** @returns the first number of a version that is above all of these */
export function nextMajor(releases: readonly Pick<SyntheticRelease, "version">[]): number {
	return 1 + Math.max(0, ...releases.map(({ version }) => Number.parseInt(version, 10)));
}

type ProductOfRuns = Pick<ProductWish, "api" | "product">;

/** Withdraws what runs that were killed have left: it fits no device any more, but stands in the record. @returns the versions */
export function withdrawLeftovers(product: ProductOfRuns, beforeMs: number): Promise<readonly string[]> {
	const isLeft = ({ released_at: at }: SyntheticRelease) => Date.parse(at ?? "") <= beforeMs;
	return withdrawForModels(product, isLeft, "left by a run that was killed");
}

/** Withdraws what is released for the model of one run. @returns the versions */
export function withdrawOf(model: string, product: ProductOfRuns, reason: string): Promise<readonly string[]> {
	return withdrawForModels(product, ({ models }) => models?.includes(model) === true, reason);
}

async function withdrawForModels(
	{ api, product }: ProductOfRuns,
	isMeant: (release: SyntheticRelease) => boolean,
	reason: string,
): Promise<readonly string[]> {
	const withdrawn: string[] = [];
	for (const release of await releasesOf(api, product)) {
		if (release.models === null || release.status === "withdrawn" || !isMeant(release)) continue;
		await withdrawRelease(api, product, release.version, reason);
		withdrawn.push(release.version);
	}
	return withdrawn;
}

export async function withdrawRelease(api: OperatorApi, product: string, version: string, reason: string) {
	const path = `${releasePath({ product, version })}/withdraw`;
	await api.call("POST", path, `could not withdraw ${product} ${version}`, anyAnswer, { reason });
}
