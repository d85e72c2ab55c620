// An active-passive pair of firewalls whose roles their account knows, and a release that everybody may have.
import type { HaRole } from "../../../src/entitlement/ha/ha-group.ts";
import type { Account } from "../../../src/objects/account/account.ts";
import type { HaReport } from "../../../src/objects/account/ha/ha-reports.ts";
import type { Firewall } from "../../support/firewall.ts";
import { bindings } from "../../support/object-bindings.ts";
import { operated } from "../../support/service.ts";
import { newFirewall, newScene, type Scene } from "./fixtures.ts";
import { DAY, type FrozenClock } from "./frozen-clock.ts";

export interface Pair {
	readonly scene: Scene;
	readonly active: Firewall;
	readonly passive: Firewall;
	readonly group: string;
	/** of the group */
	readonly path: string;
	readonly account: () => DurableObjectStub<Account>;
	readonly say: (firewall: Firewall, role: HaRole, priority?: number | null) => Promise<void>;
}

/** Edges that hold records from before it know of the group after `moveTo`. */
export async function newPair({ timeAfter }: Pick<FrozenClock, "timeAfter">): Promise<Pair> {
	const scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
	const active = scene.firewall;
	const passive = await newFirewall(scene.code, false);
	const devices = [active.clientId, passive.clientId];
	const settings = { name: "a pair", mode: "active-passive", license: scene.license, devices };
	const groups = `/v1/accounts/${scene.account}/ha-groups`;
	const { ha_group: group } = await operated<{ ha_group: string }>("POST", groups, settings);
	for (const one of [active, passive]) await one.authenticate();
	const account = () => bindings.ACCOUNT.getByName(active.clientId.slice(4, 14)) as DurableObjectStub<Account>;
	const report = async ({ clientId: deviceId }: Firewall, words: Pick<HaReport, "role" | "priority" | "installed">) => {
		await account().reportHa({ ...words, deviceId, peer: null, now: Math.floor(Date.now() / 1_000) });
	};
	const say: Pair["say"] = (firewall, role, priority = null) => report(firewall, { role, priority, installed: null });
	// They have installed nothing of what they were offered before they were a pair.
	const installed = { [scene.product]: null };
	await report(active, { role: "active", priority: null, installed });
	await report(passive, { role: "passive", priority: null, installed });
	return { scene, active, passive, group, path: `${groups}/${group}`, account, say };
}
