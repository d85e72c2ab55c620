// The row of a product itself: what is set of it, and the way from the row to that.
import type { Signing, VersionOrder } from "../../content/releases/product-record.ts";
import type { SignedRole } from "../../content/releases/signed-releases.ts";
import { type SizeBounds, USUAL_SIZE_BOUNDS } from "../../content/releases/size-bounds.ts";
import type { Entitled } from "../../entitlement/entitled.ts";
import type { ClassApprovals } from "../../rollout/class-approvals.ts";
import type { Freeze } from "../../rollout/freeze.ts";
import type { HealthLimits } from "../../rollout/health.ts";
import type { Plan } from "../../rollout/plan.ts";

export interface ProductInfo {
	readonly name: string;
	readonly title: string;
	readonly versionOrder: VersionOrder;
	readonly createdAt: number;
	/** of the published record */
	readonly revision: number;
	/** by which its next releases reach the fleet */
	readonly plan: Plan;
	/** by which those reach the devices on beta that travel there; null = by the same */
	readonly betaPlan: Plan | null;
	/** whose word its rollouts need; null = anyone's who may release */
	readonly team: string | null;
	/** whether a release needs persons beside its uploader, and their words name its package (rollout/two-people.ts) */
	readonly twoPeople: boolean;
	/** by how much a release may differ from the current one; null = by anything */
	readonly sizeBounds: SizeBounds | null;
	/** what may change of a device's health with a release; null = anything */
	readonly healthLimits: HealthLimits | null;
	/** in which no step of a rollout begins */
	readonly freezes: readonly Freeze[];
	/** whether releases that no role file names are offered */
	readonly signing: Signing;
	/** null = it has no role file */
	readonly role: SignedRole | null;
	/** who may have it */
	readonly entitled: Entitled;
	/** how many words its rollouts need by the classes of a release; null = as many as their plans say */
	readonly classApprovals: ClassApprovals | null;
}

/** What may be set of a product. */
export type ProductSettings = Pick<
	ProductInfo,
	| "plan"
	| "betaPlan"
	| "team"
	| "twoPeople"
	| "sizeBounds"
	| "healthLimits"
	| "signing"
	| "freezes"
	| "entitled"
	| "classApprovals"
>;

export type NewProduct = Pick<ProductInfo, "name" | "title"> &
	Partial<Pick<ProductInfo, "versionOrder">> &
	Pick<ProductSettings, "plan"> &
	Partial<ProductSettings>;

/** @param input with `now`, unix seconds @returns the product as it is made: what is not given is as usual */
export function newProduct(input: NewProduct & { readonly now: number }): ProductInfo {
	const { name, title, plan, team = null, versionOrder = "vendor", now: createdAt } = input;
	const { betaPlan = null, sizeBounds = USUAL_SIZE_BOUNDS, healthLimits = null, signing = "optional" } = input;
	const { twoPeople = false, entitled = "licensed", classApprovals = null } = input;
	const settings = {
		plan,
		betaPlan,
		team,
		twoPeople,
		sizeBounds,
		healthLimits,
		signing,
		entitled,
		classApprovals,
		freezes: [],
	};
	return { name, title, versionOrder, createdAt, revision: 0, ...settings, role: null };
}

export type ProductRow = {
	name: string;
	title: string;
	version_order: VersionOrder;
	created_at: number;
	revision: number;
	plan: string;
	beta_plan: string | null;
	team: string | null;
	two_people: 0 | 1;
	size_bounds: string;
	health_limits: string;
	signing: Signing;
	freezes: string;
	role: string | null;
	entitled: Entitled;
	class_approvals: string | null;
};

export function infoOf(row: ProductRow): ProductInfo {
	const {
		version_order: versionOrder,
		created_at: createdAt,
		plan,
		beta_plan: beta,
		two_people: two,
		size_bounds: bounds,
		health_limits: limits,
		role: signed,
		freezes: frozen,
		class_approvals: byClass,
		...rest
	} = row;
	const sizeBounds = JSON.parse(bounds) as SizeBounds | null;
	const healthLimits = JSON.parse(limits) as HealthLimits | null;
	const freezes = JSON.parse(frozen) as Freeze[];
	const role = signed === null ? null : (JSON.parse(signed) as SignedRole);
	const betaPlan = beta === null ? null : (JSON.parse(beta) as Plan);
	return {
		...rest,
		versionOrder,
		createdAt,
		plan: JSON.parse(plan) as Plan,
		betaPlan,
		twoPeople: two === 1,
		sizeBounds,
		healthLimits,
		freezes,
		role,
		classApprovals: byClass === null ? null : (JSON.parse(byClass) as ClassApprovals),
	};
}

/** @returns plan, beta_plan, team, two_people, size_bounds, health_limits, signing, freezes, entitled, class_approvals */
export function settingValues({
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
}: ProductSettings): (string | number | null)[] {
	const beta = betaPlan && JSON.stringify(betaPlan);
	const byClass = classApprovals && JSON.stringify(classApprovals);
	const limits = [JSON.stringify(sizeBounds), JSON.stringify(healthLimits)];
	return [
		JSON.stringify(plan),
		beta,
		team,
		twoPeople ? 1 : 0,
		...limits,
		signing,
		JSON.stringify(freezes),
		entitled,
		byClass,
	];
}
