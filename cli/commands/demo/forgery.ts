// A forged package: somebody with the operator's API key releases what the publisher never signed. The service offers it, and the
// firewall refuses it; then it is withdrawn.
import { z } from "zod";
import { CliError } from "../../errors.ts";
import { updateFirewall } from "../../firewall/update/update.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { withdrawRelease } from "../../synthetic/product.ts";
import { publishFrom } from "../publish/publish-text.ts";
import { type FirewallStepOptions, waitForOffer } from "./firewall-steps.ts";

const FORGED = "# let everything through\n";
const releaseList = z.looseObject({ releases: z.array(z.looseObject({ version: z.string() })) });

export interface ForgeryOptions {
	readonly api: OperatorApi;
	readonly product: string;
	/** of the release that the forged one pretends to follow */
	readonly version: string;
	/** where the forged package is written */
	readonly folder: string;
}

/** Two steps: it is offered, it is refused. */
export async function refuseForgery(firewall: FirewallStepOptions, options: ForgeryOptions): Promise<void> {
	const { session, step } = firewall;
	const { api, product } = options;
	const version = await step("forge", async () => {
		const forged = await releaseForged(options, session.nowMs);
		const line = `${product} ${forged}: released with the API key, without the publisher's`;
		return { value: forged, facts: { product, version: forged, signed: false }, line };
	});
	await step("refuse", async () => {
		await waitForOffer(firewall, { product, version, sha256: null });
		const before = (await session.home.load("installed"))?.[product];
		const { updates } = await updateFirewall(session, product);
		const [update] = updates;
		const after = (await session.home.load("installed"))?.[product];
		if (update === undefined || update.ok || update.reason !== "untrusted" || after?.sha256 !== before?.sha256)
			throw new CliError(`${product} ${version} is forged, and the firewall did not refuse it`, {
				code: "not_refused",
			});
		await withdrawRelease(api, product, version, "forged for the demo");
		const facts = { product, version, reason: update.reason, installed: after?.version ?? null };
		return { value: null, facts, line: `offered and refused: ${update.detail}; ${after?.version} stays` };
	});
}

/** @returns the version: one that nothing was released under yet */
async function releaseForged({ api, product, version, folder }: ForgeryOptions, nowMs: () => number): Promise<string> {
	const what = `could not list releases of ${product}`;
	const { releases } = await api.call("GET", `/v1/products/${product}/releases`, what, releaseList);
	const earlier = releases.filter((one) => one.version.startsWith(`${version}-forged`)).length;
	const forged = `${version}-forged${earlier === 0 ? "" : `-${earlier + 1}`}`;
	await publishFrom(
		folder,
		product,
		api,
		nowMs,
	)(forged, FORGED, { allow_older: true, allow_size: "a forgery of the demo" });
	return forged;
}
