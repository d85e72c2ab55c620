// A Product whose release is on its ramp, that can be asked for permits and told of outcomes many times, inside itself, so that what
// is timed is the object and not the way to it: GET /?task=<task>&from=0&count=100. Its stores take every record at once.
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import { Product as ServiceProduct } from "../../src/objects/product/product.ts";
import type { Plan } from "../../src/rollout/plan.ts";
import { countRows, takeRows } from "../workerd/row-counter.ts";

export { Account } from "../../src/objects/account/account.ts";
export { Directory } from "../../src/objects/directory/directory.ts";

export type Task = "create" | "permit" | "again" | "report" | "refused";

/** What came of an order. */
export interface Done {
	/** rows that SQLite wrote, with those of its indexes, as they are billed */
	readonly rowsWritten: number;
	/** answers that were not the expected ones */
	readonly unexpected: number;
}

/** The present: alarms ring by the machine's clock, and a lease of the past would have ended. */
const nowSeconds = () => Math.floor(Date.now() / 1_000);
const HALTED = "0.9.0";
const RAMPING = "1.0.0";
const NOWHERE = { get: async () => null, put: async () => {} };

/** A ramp under a sequential gate, as the last but one step of `standard`; as many at once as like. */
const RAMP: Plan = {
	name: "ramp",
	overrides: 2,
	steps: [
		{
			...{
				name: "ramp",
				cohort: { fraction: 1, ramp: 86_400 },
				bake: 0,
				fillWithin: null,
				expect: 1_800,
				lease: 21_600,
			},
			gate: { kind: "sequential", p0: 0.005, p1: 0.03, alpha: 0.001, beta: 0.01 },
			approvals: { team: null, count: 0 },
		},
	],
};

export class Product extends ServiceProduct {
	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		countRows(ctx);
		super(ctx, { ...env, RECORDS: NOWHERE as unknown as KVNamespace });
	}

	async carryOut(task: Task, from: number, count: number): Promise<Done> {
		const done = { rowsWritten: 0, unexpected: 0 };
		if (task === "create") await this.#begin();
		for (let number = from; task !== "create" && number < from + count; number++) {
			takeRows();
			if (!(await this.#once(task, number))) done.unexpected += 1;
			done.rowsWritten += takeRows().rowsWritten;
		}
		return done;
	}

	async #begin(): Promise<void> {
		const by = { actor: "publisher", now: nowSeconds() };
		await this.create({ ...by, name: "crs", title: "Rules", plan: RAMP });
		for (const version of [HALTED, RAMPING]) {
			await this.addPackage({
				claimedUntil: Number.MAX_SAFE_INTEGER,
				...by,
				version,
				sha256: "a".repeat(64),
				size: 1,
				name: "crs.tar",
			});
			const metadata = { notes: "", urgency: "routine", models: null, engine: {}, entries: null } as const;
			await this.release({ ...by, version, metadata, salt: version });
		}
		await this.haltRollout({ ...by, version: HALTED, reason: "bench" });
	}

	async #once(task: Exclude<Task, "create">, number: number): Promise<boolean> {
		const device = `dev-${String(number).padStart(10, "0")}-0123456789abcdef`;
		const asked = {
			unit: device,
			device,
			peers: [],
			account: `acct-${number % 1_000}`,
			model: `FW-${number % 20}`,
			channel: "stable" as const,
			now: nowSeconds(),
		};
		if (task === "report") {
			const query = "SELECT at FROM leases WHERE version = ? AND device = ?";
			const lease = this.ctx.storage.sql.exec<{ at: number }>(query, RAMPING, device).toArray()[0]?.at ?? 0;
			await this.hearReport({ device, lease, now: asked.now, version: RAMPING, reported: "healthy", detail: null });
			return true;
		}
		const { ok } = await this.takePermit({ ...asked, version: task === "refused" ? HALTED : RAMPING });
		return ok === (task !== "refused");
	}
}

export default {
	async fetch(request, env): Promise<Response> {
		const { searchParams } = new URL(request.url);
		const product = env.PRODUCT.getByName("crs");
		const number = (name: string) => Number(searchParams.get(name));
		return Response.json(await product.carryOut(searchParams.get("task") as Task, number("from"), number("count")));
	},
} satisfies ExportedHandler<{ readonly PRODUCT: DurableObjectNamespace<Product> }>;
