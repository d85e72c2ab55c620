// What happens in regions: releases that are published in one and offered in the others, firewalls that go from one to
// another, and how long it takes. `measurePublishToOffered` is for benchmarks too.
import { writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { CheckAnswer } from "../../../cli/firewall/wire-types.ts";
import { createCode, operate, publish, release, upload } from "./fleet.ts";
import { RegionFirewall } from "./regions-firewall.ts";
import type { Lags, Region, RegionName } from "./regions-region.ts";
import { HEADS_FRESH_SECONDS, LAGS_MS, type Regions, startRegions } from "./regions-start.ts";

const STDERR = 2;
const POLL_MS = 10;
const PATIENCE_MS = 15_000;

/**
 * Asks again and again until it is so.
 * @returns what the condition gave, when that was neither false nor undefined
 * @throws when patience is over
 */
export async function eventually<T>(what: string, condition: () => Promise<T | false | undefined>): Promise<T> {
	const limitMs = performance.now() + PATIENCE_MS;
	for (;;) {
		const result = await condition();
		if (result !== false && result !== undefined) return result;
		if (performance.now() > limitMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
		await sleep(POLL_MS);
	}
}

export interface Scene {
	readonly product: string;
	readonly code: string;
	/** has a token, and every region knows it */
	readonly firewall: RegionFirewall;
}

let scenes = 0;

/** A product with release 1.0.0 that every region offers to a firewall. */
export async function createScene(regions: Regions): Promise<Scene> {
	scenes += 1;
	const product = `product-${scenes}`;
	await operate(regions.home, "POST", "/v1/products", { product, plan: "immediate" });
	const code = await createCode(regions.home, [product]);
	await publishIn(regions.home, product, "1.0.0");
	return { product, code, firewall: await addFirewall(regions, product, code) };
}

/** A new firewall that every region knows: its record was read there, and a check was answered with an offer. */
export async function addFirewall(regions: Regions, product: string, code: string): Promise<RegionFirewall> {
	const firewall = await RegionFirewall.activate(regions.home, regions.issuer, code);
	for (const region of regions.all) {
		await firewall.authenticate(region);
		await eventually(`${product} is offered in ${region.name}`, () => firewall.offer(region, product));
	}
	return firewall;
}

/** Uploads and releases a package by way of one region. */
export async function publishIn(region: Region, product: string, version: string): Promise<void> {
	await publish(region, product, version, contentOf(product, version));
}

/** Checks until the version is offered. @returns the answer that offers it */
export function eventuallyOffered(region: Region, { firewall, product }: Scene, version: string): Promise<CheckAnswer> {
	return eventually(`${version} is offered in ${region.name}`, async () => {
		const answer = await firewall.check(region, product);
		return answer.products[0]?.offer?.version === version && answer;
	});
}

export function eventuallyNoToken(region: Region, firewall: RegionFirewall): Promise<boolean> {
	return eventually(`no token in ${region.name}`, async () => (await firewall.requestToken(region)).status === 400);
}

/** The operator's call as it is answered, refused or not. */
export function requestRevocation({ url, bootstrapKey }: Region, { deviceId }: RegionFirewall): Promise<Response> {
	return fetch(`${url}/v1/devices/${deviceId}/revoke`, {
		method: "POST",
		headers: { authorization: `Bearer ${bootstrapKey}`, "content-type": "application/json" },
		body: "{}",
	});
}

/** Publishes at one place. @returns for each region, ms from the publisher's call until a check offered the release there */
export async function timeUntilOffered(
	regions: Regions,
	scene: Scene,
	version: string,
	publisher: Region,
): Promise<Record<RegionName, number>> {
	const { product } = scene;
	await upload(publisher, product, version, contentOf(product, version));
	const sentMs = performance.now();
	await release(publisher, product, version);
	const timeIn = async (region: Region) => {
		await eventuallyOffered(region, scene, version);
		return Math.round(performance.now() - sentMs);
	};
	const [home, east, west] = await Promise.all([timeIn(regions.home), timeIn(regions.east), timeIn(regions.west)]);
	return { home, east, west };
}

export interface PublishToOffered {
	readonly recordStore: string;
	readonly lagsMs: Partial<Lags>;
	readonly headsFreshSeconds: number;
	/** ms from the publisher's call until a check offered the release, of each sample in its order */
	readonly samples: Readonly<Record<RegionName, readonly number[]>>;
}

/**
 * Starts regions and publishes releases in west, at moments spread over the life of an isolate's copy of `heads`.
 * @param recordStore as RECORD_STORE
 */
export async function measurePublishToOffered(
	recordStore: string,
	{ count = 10, lagsMs = LAGS_MS }: { readonly count?: number; readonly lagsMs?: Lags } = {},
): Promise<PublishToOffered> {
	const regions = await startRegions(recordStore, lagsMs);
	try {
		const scene = await createScene(regions);
		const samples: Record<RegionName, number[]> = { home: [], east: [], west: [] };
		for (let number = 1; number <= count; number++) {
			await sleep((HEADS_FRESH_SECONDS * 1_000 * (number - 1)) / count);
			const times = await timeUntilOffered(regions, scene, `1.${number}.0`, regions.west);
			for (const { name } of regions.all) samples[name].push(times[name]);
		}
		const { stores, lagsMs: all } = regions;
		const used = Object.fromEntries(stores.map((name) => [name, all[name]]));
		return { recordStore, lagsMs: used, headsFreshSeconds: HEADS_FRESH_SECONDS, samples };
	} finally {
		await regions.stop();
	}
}

/** Writes a line of times for whoever runs the tests. Not to the console, which is silent for tests that pass. */
export function reportTimes(what: string, timesMs: Readonly<Record<string, number>>): void {
	const times = Object.entries(timesMs).map(([name, ms]) => `${name} ${Math.round(ms)}`);
	writeSync(STDERR, `${what}: ${times.join(", ")} ms\n`);
}

function contentOf(product: string, version: string): Uint8Array<ArrayBuffer> {
	return new Uint8Array(new TextEncoder().encode(`rules of ${product} ${version}`));
}
