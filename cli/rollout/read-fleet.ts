// The devices that have said something of a product, of all accounts: read a page at a time, at the pace that the service allows.
import { z } from "zod";
import type { OperatorApi } from "../http/operator-api.ts";
import { CALL_INTERVAL_MS, patiently } from "../http/patience.ts";
import type { Surroundings } from "../terminal/output.ts";
import type { FleetDevice } from "./preview.ts";

const TRIES = 12;
const accountPage = z.looseObject({
	accounts: z.array(z.looseObject({ account: z.string(), closed_at: z.string().nullish() })),
	next: z.string().nullish(),
});
const devicePage = z.looseObject({
	devices: z.array(
		z.looseObject({
			...{ device: z.string(), model: z.string(), labels: z.record(z.string(), z.string()), has_seat: z.boolean() },
			...{ ha_group: z.string().nullable(), engine: z.string().nullable(), country: z.string().nullable() },
			products: z.array(z.looseObject({ product: z.string(), installed: z.string().nullable() })),
		}),
	),
	next: z.string().nullish(),
});

/** @returns active devices with a seat: nobody else gets an update */
export async function readFleet(
	{ api, surroundings }: { readonly api: OperatorApi; readonly surroundings: Surroundings },
	product: string,
): Promise<FleetDevice[]> {
	const { signal } = new AbortController();
	let calls = 0;
	async function* pages<T extends { readonly next?: string | null | undefined }>(
		path: string,
		what: string,
		schema: z.ZodType<T>,
	): AsyncGenerator<T> {
		for (let after = ""; ; ) {
			if (calls++ > 0) await surroundings.sleep(CALL_INTERVAL_MS);
			const query = `${path}${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`;
			const page = await patiently({ surroundings, signal, tries: TRIES }, () => api.call("GET", query, what, schema));
			yield page;
			if (typeof page.next !== "string") return;
			after = page.next;
		}
	}
	const devices: FleetDevice[] = [];
	for await (const { accounts } of pages("/v1/accounts?limit=1000", "could not list accounts", accountPage)) {
		for (const { account, closed_at: closedAt } of accounts) {
			if (typeof closedAt === "string") continue;
			const path = `/v1/accounts/${account}/devices?limit=1000&status=active&product=${product}`;
			for await (const page of pages(path, `could not list devices of ${account}`, devicePage)) {
				for (const one of page.devices) {
					if (!one.has_seat) continue;
					const installed = one.products.find((state) => state.product === product)?.installed ?? null;
					const { device: id, model, labels, ha_group: haGroup, engine, country } = one;
					const products = one.products.map((state) => state.product);
					devices.push({ ...{ id, account, model, labels, haGroup, engine, country }, installed, products });
				}
			}
		}
	}
	return devices;
}
