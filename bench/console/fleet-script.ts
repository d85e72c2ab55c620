// The service with a door through which a benchmark puts a fleet into an account: POST /fill?account=<name of its object>&license=<id>&
// from=0&count=500&now=<unix seconds>. Devices are rows alone, since 100,000 activations take many minutes; what they say is heard as ever.
export const FLEET_SCRIPT = `
import service, { Account as ServiceAccount } from "./worker.js";
export { Census, Directory, Product, ReplayGuard, SerialIndex, Trust, RecordWriter } from "./worker.js";

const deviceId = (account, number) => \`dev-\${account}-\${String((number * 2654435761) % 2 ** 32).padStart(16, "0")}\`;

export class Account extends ServiceAccount {
	async fill(account, license, from, count, now) {
		const words = [];
		for (let number = from; number < from + count; number++) {
			const key = String(number).padStart(43, "k");
			const device = deviceId(account, number);
			this.ctx.storage.sql.exec(
				"INSERT INTO devices (id, version, status, license, serial, model, labels, jkt, jwk, dpop_bound, activated_at) VALUES (?, 1, 'active', ?, ?, ?, '{\\"site\\":\\"berlin\\"}', ?, ?, 1, ?)",
				device, license, \`SN-\${number}\`, \`FW-\${number % 5}\`, key, JSON.stringify({ kty: "OKP", crv: "Ed25519", x: key }), now - 86400,
			);
			// One of fifty is silent.
			if (number % 50 === 0) continue;
			const outcome = number % 200 === 1 ? "failed" : "healthy";
			words.push({
				device, at: now, country: "A" + String.fromCharCode(65 + (number % 20)), colo: "FRA",
				said: {
					kind: "reported", product: "crs", from: null, version: \`1.0.\${number % 12}\`, outcome,
					reason: outcome === "failed" ? "disk" : null, detail: null,
				},
			});
		}
		await this.hearDevices(words);
	}
}

export default {
	async fetch(request, env, context) {
		const { pathname, searchParams } = new URL(request.url);
		if (pathname !== "/fill") return service.fetch(request, env, context);
		const [from, count, now] = ["from", "count", "now"].map((name) => Number(searchParams.get(name)));
		const account = searchParams.get("account");
		await env.ACCOUNT.getByName(account).fill(account, searchParams.get("license"), from, count, now);
		return new Response("ok");
	},
};
`;
