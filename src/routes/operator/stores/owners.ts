// Whose records or rows an operator asks for: of an account or a product, by the id or name in the body.
import type { Context } from "hono";
import { parseAccountId } from "../../../entitlement/ids.ts";
import { ProblemError } from "../../../problem.ts";
import type { AppEnv } from "../../http/app-env.ts";

/** @throws ProblemError `not_found` where the id is none */
export async function ownerOf(c: Context<AppEnv>, of: { readonly account: string } | { readonly product: string }) {
	const { services, event } = c.env;
	if ("product" in of) {
		event.product = of.product;
		return services.objects.product(of.product);
	}
	const account = await parseAccountId(services.lookupKeys, of.account);
	if (account === null) throw new ProblemError("not_found");
	event.account = account.objectName;
	return services.objects.account(account.objectName);
}
