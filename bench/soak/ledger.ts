// What the service has acknowledged in a soak, word for word as far as it is to be found again at the end. Pure.
import type { Product } from "./plan.ts";

export type Acknowledged =
	| {
			readonly kind: "release";
			readonly product: Product;
			readonly version: string;
			readonly status: "released" | "withdrawn";
	  }
	| {
			readonly kind: "license";
			readonly account: string;
			readonly license: string;
			readonly products: readonly string[];
			readonly isHeld: boolean;
	  }
	| {
			readonly kind: "device";
			readonly device: string;
			readonly account: string;
			readonly status: "suspended" | "active";
	  }
	| { readonly kind: "message"; readonly id: string }
	/** a permit was given, or its outcome heard */
	| {
			readonly kind: "permit" | "healthy";
			readonly device: string;
			readonly product: string;
			readonly version: string;
	  };

export interface Entry {
	/** when it was acknowledged, unix ms */
	readonly atMs: number;
	readonly what: Acknowledged;
}

/** An event that a trail must have. */
export interface ExpectedEvent {
	/** path of the trail */
	readonly trail: string;
	readonly type: string;
	readonly subject: string;
	/** at least */
	readonly times: number;
}

/** @returns what the trails must have of what persons did; what was acknowledged twice is there twice, unless nothing had changed */
export function expectedEvents(entries: readonly Entry[]): ExpectedEvent[] {
	const wanted = new Map<string, Omit<ExpectedEvent, "times">>();
	for (const { what } of entries) for (const event of eventsOf(what)) wanted.set(Object.values(event).join(" "), event);
	return [...wanted.values()].map((event) => ({ ...event, times: 1 }));
}

function eventsOf(what: Acknowledged): Omit<ExpectedEvent, "times">[] {
	switch (what.kind) {
		case "release": {
			const type = what.status === "released" ? "release.publish" : "release.withdraw";
			return [{ trail: `/v1/products/${what.product}/events`, type, subject: what.version }];
		}
		case "license":
			if (what.isHeld) {
				return [{ trail: `/v1/accounts/${what.account}/events`, type: "license.suspended", subject: what.license }];
			}
			return [];
		case "device":
			return [{ trail: `/v1/accounts/${what.account}/events`, type: `device.${what.status}`, subject: what.device }];
		case "message":
			return [{ trail: "/v1/events", type: "message.create", subject: what.id }];
		case "permit":
		case "healthy":
			return [];
	}
}

/** The releases of a product, oldest first, as they were acknowledged. */
export interface ReleaseHistory {
	readonly version: string;
	readonly releasedMs: number;
	readonly withdrawnMs: number | null;
}

export function releasesOf(entries: readonly Entry[], product: string): ReleaseHistory[] {
	const releases = new Map<string, ReleaseHistory>();
	for (const { atMs, what } of entries) {
		if (what.kind !== "release" || what.product !== product) continue;
		const { version, status } = what;
		const known = releases.get(version);
		if (status === "released") releases.set(version, { version, releasedMs: atMs, withdrawnMs: null });
		else if (known !== undefined) releases.set(version, { ...known, withdrawnMs: atMs });
	}
	return [...releases.values()];
}

/** Whom a question is about. */
export interface Holder {
	readonly device: string;
	readonly license: string;
}

/** @returns since when a device may not have a product, unix ms; null = it may. Licenses begin with every product */
export function refusedSince(entries: readonly Entry[], { device, license }: Holder, product: string): number | null {
	let suspended: number | null = null;
	let unlicensed: number | null = null;
	for (const { atMs, what } of entries) {
		if (what.kind === "device" && what.device === device) {
			suspended = what.status === "suspended" ? (suspended ?? atMs) : null;
		}
		if (what.kind === "license" && what.license === license) {
			unlicensed = what.isHeld || !what.products.includes(product) ? (unlicensed ?? atMs) : null;
		}
	}
	if (suspended === null || unlicensed === null) return suspended ?? unlicensed;
	return Math.min(suspended, unlicensed);
}
