// `parapet device check`: asks what to run.
import { productName } from "../../../src/names.ts";
import type { FirewallAction } from "../../command-line/run-as.ts";
import { checkForUpdates } from "../../firewall/check/check.ts";
import { haOptions, openHaSession } from "./ha-options.ts";
import { describeCheck } from "./lines/check.ts";

const shape = { product: productName.optional(), ...haOptions };

export const check: FirewallAction<typeof shape> = {
	shape,
	run: async (context) => {
		const result = await checkForUpdates(await openHaSession(context), context.options.product, "now");
		const { unchanged, etag, damaged, answer } = result;
		context.output.answer({ unchanged, etag, damaged, ...answer }, describeCheck(result));
	},
};
