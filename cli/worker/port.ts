// Ports of this machine for the demo's Worker.
import { createServer } from "node:net";
import { CliError } from "../errors.ts";

export const LOCAL_ADDRESS = "127.0.0.1";

/** @throws CliError when something listens on the port already */
export async function requireFreePort(port: number): Promise<void> {
	try {
		await listenBriefly(port);
	} catch (cause) {
		const used = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
		throw new CliError(used ? `port ${port} is in use` : `cannot listen on port ${port}: ${String(cause)}`, {
			code: "port_in_use",
			fix: `end what listens there (another npm start?), or take another port: PORT=${port + 1} npm start`,
			cause,
		});
	}
}

/** @returns a port that nothing listens on at this moment */
export function findFreePort(): Promise<number> {
	return listenBriefly(0);
}

function listenBriefly(port: number): Promise<number> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", reject);
		server.listen(port, LOCAL_ADDRESS, () => {
			const address = server.address();
			const taken = typeof address === "object" && address !== null ? address.port : port;
			server.close(() => resolve(taken));
		});
	});
}
