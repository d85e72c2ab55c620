// `parapet device deactivate`: gives the seat back.
import type { FirewallAction } from "../../command-line/run-as.ts";
import { deactivateFirewall } from "../../firewall/identity/activation.ts";
import { openSession } from "./open-session.ts";

export const deactivate: FirewallAction<Record<never, never>> = {
	shape: {},
	run: async (context) => {
		const { home, server } = await openSession(context);
		await context.confirm(`the firewall in ${home.folder} gives up its seat, and comes back with an auth code only`);
		const id = await deactivateFirewall(home, server, context.surroundings.nowMs);
		context.output.answer({ device: id, deactivated: true }, `${id} is deactivated`);
	},
};
