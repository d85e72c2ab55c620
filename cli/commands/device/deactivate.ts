// `parapet device deactivate`: gives the seat back.
import type { FirewallAction } from "../../command-line/run-as.ts";
import { deactivateFirewall } from "../../firewall/activation.ts";
import { openSession } from "./open-session.ts";

export const deactivate: FirewallAction<Record<never, never>> = {
	shape: {},
	run: async (context) => {
		const { home, server } = await openSession(context);
		const id = await deactivateFirewall(home, server, context.surroundings.nowMs);
		context.output.answer({ device: id, deactivated: true }, `${id} is deactivated`);
	},
};
