// What the command line meets while it is measured: a server on this machine that answers two questions at once, and the home
// of a firewall that has a key and a token already. The server checks nothing: what it takes is not what is measured.
import { createServer } from "node:http";
import { join } from "node:path";
import { openHome } from "../../cli/firewall/home/state.ts";
import { createPrivateJwk } from "../../cli/firewall/identity/device-key.ts";
import { listenLocally } from "../../dev/redis/listening.ts";

export const ACCOUNT = "acct-f5any44xnhvcz9cn";
const DEVICE = "dev-f5any44xnh-0000000000000000";
const DAY_SECONDS = 86_400;

const ANSWERS: Readonly<Record<string, unknown>> = {
	"/v1/accounts": { accounts: [{ account: ACCOUNT, name: "Example", created_at: "2027-01-01T00:00:00Z" }], next: null },
	"/v1/check": {
		device: DEVICE,
		next_check_in: 300,
		products: [{ product: "threats", decision: "active", status: "current", installed: null, reason: null }],
		messages: { unread: 0, last: 0 },
	},
};

export interface Stage {
	/** of the server */
	readonly url: string;
	/** of the firewall */
	readonly home: string;
	close(): void;
}

/** @param folder where the firewall's home is made */
export async function openStage(folder: string): Promise<Stage> {
	const server = createServer((request, response) => {
		const answer = ANSWERS[request.url?.split("?")[0] ?? ""];
		response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
		response.end(JSON.stringify(answer ?? {}));
	});
	const url = `http://127.0.0.1:${await listenLocally(server, 0)}`;
	const home = openHome(join(folder, "firewall"));
	await home.save("key", await createPrivateJwk("ES256"));
	await home.save("identity", {
		server: url,
		...{ serial: "FW-1", model: "generic", labels: {}, engine: null, algorithm: "ES256" },
		device: { id: DEVICE, account: ACCOUNT, license: "lic-00000000", registrationToken: "secret" },
	});
	const expiresAt = Math.floor(Date.now() / 1000) + DAY_SECONDS;
	await home.save("token", { server: url, accessToken: "token", type: "DPoP", expiresAt, products: null });
	return {
		url,
		home: home.folder,
		close: () => {
			server.close();
			server.closeAllConnections();
		},
	};
}
