// An Account that can be asked to do one thing many times, inside itself, so that what is timed is the object and not the
// way to it: GET /?account=<name>&task=<task>&from=0&count=100&now=<unix seconds>. Its stores take every record at once.
import type { LicenseTerms } from "../../src/entitlement/licenses/license.ts";
import { Account as ServiceAccount } from "../../src/objects/account/account.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import { countRows, takeRows } from "../workerd/row-counter.ts";

export { Directory } from "../../src/objects/directory/directory.ts";

export type Task = "create" | "activate" | "renew" | "sweep" | "explain" | "usage";

export interface Order {
	readonly task: Task;
	/** number of the first device that is meant */
	readonly from: number;
	readonly count: number;
	/** unix seconds */
	readonly now: number;
}

/** What came of an order. */
export interface Done {
	/** rows that SQLite wrote, with those of its indexes, as they are billed */
	readonly rowsWritten: number;
	/** answers that were not what a device wants */
	readonly refused: number;
	/** of the license, where that was asked; else null */
	readonly seatsTaken: number | null;
}

const DAY = 86_400;
const LICENSE = "lic-a";
const LEASE_SECONDS = 900;
const NOWHERE = { get: async () => null, put: async () => {} };

export class Account extends ServiceAccount {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countRows(ctx);
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
	}

	async carryOut(name: string, order: Order): Promise<Done> {
		const done = { rowsWritten: 0, refused: 0, seatsTaken: null };
		for (let number = order.from; number < order.from + order.count; number++) {
			takeRows();
			if (!(await this.#once(name, order, number))) done.refused += 1;
			done.rowsWritten += takeRows().rowsWritten;
		}
		if (order.task !== "usage") return done;
		return { ...done, seatsTaken: (await this.listLicenses(order.now))[0]?.seatsTaken ?? 0 };
	}

	async #once(name: string, { task, now }: Order, number: number): Promise<boolean> {
		const deviceId = `dev-${name}-${String(number).padStart(16, "0")}`;
		switch (task) {
			case "create":
				return this.#create(name, now);
			case "activate":
				return (await this.activate(activationOf(number, deviceId, now))).ok;
			case "renew":
				return (await this.renewSeat({ deviceId, now })).ok;
			case "sweep":
				return this.#ringAt(now);
			case "explain":
				return (await this.explainDevice(deviceId, now)) !== null;
			case "usage":
				return (await this.listLicenses(now)).length > 0;
		}
	}

	async #create(name: string, now: number): Promise<boolean> {
		const by = { actor: "operator", now };
		const terms: LicenseTerms = {
			...{ products: [{ product: "crs" }], seats: 1_000_000, startsAt: now - DAY, endsAt: now + 365 * DAY },
			...{ graceSeconds: 0, criticalSeconds: 0, delaySeconds: 0, emergencyDelaySeconds: 0, overage: "refuse" },
			...{ kind: "elastic", leaseSeconds: LEASE_SECONDS },
		};
		await this.create({ ...by, id: `acct-${name}000000`, name });
		await this.createLicense({ ...by, id: LICENSE, terms });
		const code = { id: "code-a", hash: "hash-a", license: LICENSE, uses: 10_000_000, expiresAt: now + DAY };
		return (await this.createCode({ ...by, ...code, serial: null, model: null })).ok;
	}

	/** The alarm goes by the object's clock. */
	async #ringAt(now: number): Promise<boolean> {
		const real = Date.now;
		Date.now = () => now * 1_000;
		try {
			await this.alarm();
			return true;
		} finally {
			Date.now = real;
		}
	}
}

function activationOf(number: number, candidateDeviceId: string, now: number) {
	const key = String(number).padStart(43, "k");
	return {
		...{ codeHash: "hash-a", candidateDeviceId, jkt: key, serial: `SN-${number}`, model: "FW-100", now },
		...{ jwk: { kty: "OKP", crv: "Ed25519", x: key } as const, labels: { site: "berlin" }, dpopBound: true },
	};
}

interface Env {
	readonly ACCOUNT: DurableObjectNamespace<Account>;
}

export default {
	async fetch(request, env): Promise<Response> {
		const { searchParams } = new URL(request.url);
		const numberOf = (name: string) => Number(searchParams.get(name));
		const name = searchParams.get("account") ?? "";
		const task = searchParams.get("task") as Task;
		const order = { task, from: numberOf("from"), count: numberOf("count"), now: numberOf("now") };
		return Response.json(await env.ACCOUNT.getByName(name).carryOut(name, order));
	},
} satisfies ExportedHandler<Env>;
