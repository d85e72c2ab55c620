// By what a product's releases reach the fleet: plan, team, bounds, freezes, and whether they must be signed; and what its role file
// names. Each method is synchronous and runs in its caller's transaction.
import { countReleases, type SignedRole } from "../../content/releases/signed-releases.ts";
import type { Change, WriteProductAudit } from "../audit.ts";
import type { ProductInfo, ProductSettings } from "./product-row.ts";
import type { ProductTables } from "./product-tables.ts";

export interface SettingsDeskParts {
	readonly tables: ProductTables;
	readonly audit: WriteProductAudit;
	readonly publish: (now: number) => void;
	/** has rollouts looked at again: freezes have changed */
	readonly reconsider: (change: Change) => void;
}

export class SettingsDesk {
	readonly #parts: SettingsDeskParts;

	constructor(parts: SettingsDeskParts) {
		this.#parts = parts;
	}

	/** Rollouts that are under way keep their plan and team, and whose word they need; whether releases must be signed holds for all of them at once. */
	change(input: Change & Partial<ProductSettings>): ProductInfo {
		const { tables, audit } = this.#parts;
		const known = this.#info();
		const { name } = known;
		const { plan = known.plan, betaPlan = known.betaPlan, team = known.team } = input;
		const { healthLimits = known.healthLimits, twoPeople = known.twoPeople, entitled = known.entitled } = input;
		const { sizeBounds = known.sizeBounds, signing = known.signing, freezes = known.freezes } = input;
		const { classApprovals = known.classApprovals } = input;
		tables.saveSettings({
			plan,
			betaPlan,
			team,
			twoPeople,
			sizeBounds,
			healthLimits,
			signing,
			freezes,
			entitled,
			classApprovals,
		});
		if (!isSame([plan, betaPlan, team], [known.plan, known.betaPlan, known.team])) {
			const beta = betaPlan === null ? "" : `, beta ${betaPlan.name}`;
			audit(input, "product.plan", name, `${plan.name}${beta}${team === null ? "" : `, team ${team}`}`);
		}
		if (twoPeople !== known.twoPeople) audit(input, "product.two_people", name, twoPeople ? "on" : "off");
		if (!isSame(classApprovals, known.classApprovals))
			audit(input, "product.class_approvals", name, JSON.stringify(classApprovals));
		if (!isSame(sizeBounds, known.sizeBounds))
			audit(input, "product.limits", name, `size ${JSON.stringify(sizeBounds)}`);
		if (!isSame(healthLimits, known.healthLimits))
			audit(input, "product.limits", name, `health ${JSON.stringify(healthLimits)}`);
		if (!isSame(freezes, known.freezes)) {
			audit(input, "product.freezes", name, `${freezes.length} freezes`);
			this.#parts.reconsider(input);
		}
		if (signing !== known.signing) audit(input, "product.signing", name, signing);
		if (entitled !== known.entitled) audit(input, "product.entitled", name, entitled);
		if (signing !== known.signing || entitled !== known.entitled) this.#publish(known, input.now);
		return this.#info();
	}

	/** Edges learn it with the product's next record. A role file that is older than the one that is known changes nothing. */
	noteRole(input: Change & { role: SignedRole }): ProductInfo {
		const { tables, audit } = this.#parts;
		const known = this.#info();
		const { role, now } = input;
		if (!isSame(role, known.role) && role.version >= (known.role?.version ?? 0)) {
			tables.saveRole(role);
			audit(input, "product.role", known.name, `version ${role.version}, ${countReleases(role.digests)} releases`);
			this.#publish(known, now);
		}
		return this.#info();
	}

	/** Before the first release there is no record. */
	#publish({ revision }: ProductInfo, now: number): void {
		if (revision > 0) this.#parts.publish(now);
	}

	#info(): ProductInfo {
		const info = this.#parts.tables.info();
		if (info === null) throw new Error("a product without its row");
		return info;
	}
}

function isSame(one: unknown, other: unknown): boolean {
	return JSON.stringify(one) === JSON.stringify(other);
}
