// The firewall of a home folder, ready to talk to its server.
import type { CommandContext } from "../../command-line/run-as.ts";
import { resolveServer } from "../../command-line/settings.ts";
import { CliError } from "../../errors.ts";
import { openHome } from "../../firewall/home/state.ts";
import { createSession, type FirewallSession } from "../../firewall/identity/session.ts";

type FirewallOptions = { readonly home: string; readonly url?: string | undefined };

/** A firewall talks to the server it was activated at, unless told otherwise. */
export async function openSession({
	options,
	surroundings,
}: Pick<CommandContext<FirewallOptions>, "options" | "surroundings">): Promise<FirewallSession> {
	const home = openHome(options.home);
	const identity = await home.load("identity");
	if (identity === null) {
		throw new CliError(`there is no firewall in ${home.folder}`, {
			code: "not_activated",
			fix: "activate one first: parapet device activate CODE",
		});
	}
	return createSession(home, resolveServer(options.url, surroundings, identity.server), surroundings);
}
