// An explanation as the tests read it, and the ways to ask for one.
import { expect } from "vitest";
import { operated } from "../../support/service.ts";
import { newScene, type Scene } from "./fixtures.ts";
import { DAY, type FrozenClock } from "./frozen-clock.ts";

export interface Explained {
	readonly answer: Record<string, unknown>;
	readonly entitlement: Record<string, unknown>;
	readonly releases: readonly { version: string; verdict: string; ready_at: string | null; installed: boolean }[];
	readonly changes_at: string | null;
	readonly changes: readonly { at: string; what: string; answer: Record<string, unknown> }[];
	readonly edge: { readonly denied: unknown; readonly stores: readonly Record<string, unknown>[] };
	readonly [field: string]: unknown;
}

type Asked = Pick<Scene, "firewall" | "product">;

/** A scene under a license that began a day ago and has ten days, five of grace and three of emergency releases. */
export function newLicensedScene({ timeAfter }: FrozenClock, license: Record<string, unknown> = {}): Promise<Scene> {
	const terms = { starts_at: timeAfter(-DAY), ends_at: timeAfter(10 * DAY), grace_days: 5, critical_days: 3 };
	return newScene({ ...terms, ...license });
}

export function pathOf({ firewall, product }: Asked, query = ""): string {
	return `/v1/devices/${firewall.clientId}/explain?product=${product}${query}`;
}

/** As an operator. */
export function explain(asked: Asked, query = ""): Promise<Explained> {
	return operated("GET", pathOf(asked, query));
}

/** As the device itself. */
export async function explainToItself(asked: Asked, query = ""): Promise<Explained> {
	const answer = await asked.firewall.call("GET", pathOf(asked, query));
	expect(answer.status).toBe(200);
	return answer.json();
}
