// `parapet device token`: an access token, bound to the firewall's key or, to try requests by hand, not.
import { z } from "zod";
import type { FirewallAction } from "../../command-line/run-as.ts";
import { openSession } from "./open-session.ts";

const shape = { bearer: z.boolean().default(false) };

export const token: FirewallAction<typeof shape> = {
	shape,
	run: async (context) => {
		const { options, output, surroundings } = context;
		const session = await openSession(context);
		const { accessToken, type, expiresAt } = await session.obtainToken(options.bearer ? "bearer" : "bound");
		const life = expiresAt - Math.floor(surroundings.nowMs() / 1000);
		const text = options.bearer ? accessToken : `${type} token for ${life} s, kept in ${session.home.folder}`;
		output.answer({ access_token: accessToken, token_type: type, expires_in: life }, text);
	},
};
