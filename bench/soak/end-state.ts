// What the service says at the end of a soak: everything that was acknowledged is looked for where anybody would look for it.
import type { SoakFirewall } from "./fleet.ts";
import type { EndFirewall, EndRelease, EndState } from "./judge.ts";
import { expectedEvents } from "./ledger.ts";
import type { Operator } from "./operator.ts";
import { PRODUCTS, soakPlan } from "./plan.ts";
import type { SoakService } from "./service.ts";
import type { KeptLease } from "./soak-worker.ts";

interface DevicePage {
	readonly devices: readonly {
		readonly device: string;
		readonly status: string;
		readonly products: readonly { readonly product: string; readonly installed: string | null }[];
	}[];
	readonly next: string | null;
}

/** @param service for what the API does not tell: who has which place */
export async function readEndState(
	operator: Operator,
	service: Pick<SoakService, "order">,
	fleet: readonly SoakFirewall[],
): Promise<EndState> {
	const [few] = soakPlan(fleet.length).steps;
	const places = few !== undefined && "units" in few.cohort ? few.cohort.units : 0;
	const releases = new Map<string, ReadonlyMap<string, EndRelease>>();
	for (const product of PRODUCTS) {
		const found = await readReleases(operator, service, product, product === "rules" ? places : 0);
		releases.set(product, found);
	}
	const licenses = new Map<string, { products: readonly string[]; status: string }>();
	for (const { account, license } of operator.licenses) {
		licenses.set(license, await operator.must("GET", `/v1/accounts/${account}/licenses/${license}`));
	}
	const { messages } = await operator.must<{ messages: readonly { id: string }[] }>("GET", "/v1/messages/all");
	return {
		...{ releases, licenses, messages: new Set(messages.map(({ id }) => id)) },
		firewalls: await readFirewalls(operator, fleet),
		trails: await readTrails(operator),
	};
}

async function readReleases(
	{ must, call }: Operator,
	{ order }: Pick<SoakService, "order">,
	product: string,
	places: number,
): Promise<ReadonlyMap<string, EndRelease>> {
	type Listed = { releases: readonly { version: string; status: string }[] };
	type Rollout = { phase: string; steps: readonly { permits: number }[] };
	const { releases } = await must<Listed>("GET", `/v1/products/${product}/releases`);
	const found = new Map<string, EndRelease>();
	for (const { version, status } of releases) {
		const rollout = await call<Rollout>("GET", `/v1/products/${product}/releases/${version}/rollout`);
		if (rollout === null) {
			found.set(version, { status, rollout });
			continue;
		}
		const permits = rollout.steps.reduce((sum, step) => sum + step.permits, 0);
		const leases = await order<readonly KeptLease[]>({ do: "look", product, version });
		const bySteps = rollout.steps.length > 1;
		const seen = { phase: rollout.phase, permits, places: bySteps ? places : 0, leases };
		found.set(version, { status, rollout: seen });
	}
	return found;
}

async function readFirewalls({ must, licenses }: Operator, fleet: readonly SoakFirewall[]): Promise<EndFirewall[]> {
	const known = new Map<string, DevicePage["devices"][number]>();
	for (const { account } of licenses) {
		let after: string | null = "";
		while (after !== null) {
			const query: string = after === "" ? "" : `?after=${encodeURIComponent(after)}`;
			const page: DevicePage = await must("GET", `/v1/accounts/${account}/devices${query}`);
			for (const device of page.devices) known.set(device.device, device);
			after = page.next;
		}
	}
	return fleet.map(({ id, license, runs }) => {
		const found = known.get(id);
		const told = found?.products.flatMap(({ product, installed }) =>
			installed === null ? [] : [[product, installed] as const],
		);
		return {
			device: id,
			license,
			runs,
			told: told === undefined ? null : new Map(told),
			status: found?.status ?? null,
		};
	});
}

async function readTrails({ must, entries }: Operator): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
	type Page = { events: readonly { id: string; type: string; subject: string }[]; next: string | null };
	const trails = new Map<string, Set<string>>();
	const asked = new Set(expectedEvents(entries).map(({ trail, type }) => `${trail}?limit=500&type=${type}`));
	for (const path of asked) {
		const [trail = ""] = path.split("?");
		const found = trails.get(trail) ?? new Set();
		trails.set(trail, found);
		let after: string | null = "";
		while (after !== null) {
			const page: Page = await must("GET", after === "" ? path : `${path}&after=${encodeURIComponent(after)}`);
			for (const { type, subject } of page.events) found.add(`${type} ${subject}`);
			after = page.events.length === 0 ? null : page.next;
		}
	}
	return trails;
}
