// A product on the wire: what may be said of it, and how it is told.
import { z } from "@hono/zod-openapi";
import { signing, versionOrder } from "../../content/releases/product-record.ts";
import { sizeBounds } from "../../content/releases/size-bounds.ts";
import { entitled } from "../../entitlement/entitled.ts";
import { teamName } from "../../entitlement/keys/credential-record.ts";
import type { ProductEntry } from "../../objects/directory/directory-tables.ts";
import type { ToldProduct } from "../../objects/product/told-product.ts";
import { planChoice, planOf } from "../../rollout/built-in-plans.ts";
import { classApprovals } from "../../rollout/class-approvals.ts";
import { freezes } from "../../rollout/freeze.ts";
import { healthLimits } from "../../rollout/health.ts";
import { plan } from "../../rollout/plan.ts";
import { invalidRequest, orNull, timestamp, toSeconds, toTimestamp } from "../http/openapi.ts";

export const productBody = z
	.object({ product: z.string(), title: z.string(), version_order: versionOrder, created_at: timestamp })
	.openapi("Product");

export const planText =
	"By which its releases reach the fleet: `standard` (about four days, if left out), `rapid` (hours), `immediate` (everybody at once, without a gate), or a plan of your own";
const team = teamName
	.nullable()
	.openapi({ description: "Whose word its rollouts need; null = anyone's who may release" });

const sizeSetting = sizeBounds.nullable().openapi({
	example: { grow: 2, shrink: 0.5, above: 100_000 },
	description:
		"A release is refused that is more than `grow` times as large as the current one of its audience, or less than `shrink` times, in bytes (where one of the two has more than `above`) or entries; null = any is taken",
});

const signingSetting = signing.optional().openapi({
	description:
		"`required`: nothing is offered that the product's role file does not name; `optional` (if left out): it is",
	example: "required",
});

const healthSetting = healthLimits.nullable().openapi({
	example: { cpu: { plus: 20 }, drops: { times: 2, plus: 100 } },
	description:
		"What may change of a device's health with a release: a report `healthy` beyond a limit counts as failed. Of one metric: `plus` and `times` (a rise; both, where both are given), `minus` and `down_to` (a fall); null = no limits",
});

const betaPlan = planChoice.nullable().openapi({
	description: "By which those reach their devices that travel on beta; null = by `plan`",
	example: "rapid",
});

const twoPeople = z.boolean().openapi({
	example: true,
	description:
		"Each release needs persons beside the one who uploaded it, and their words name its SHA-256: one, or two where it is an emergency or its plan can be through within a day, `immediate` and `rapid` too",
});

const entitledSetting = entitled.optional().openapi({
	example: "registered",
	description:
		"Who may have it: `licensed` (if left out), devices whose license names it; `registered`, every device whose own registration is good, also without a license for it, and after its end",
});

const classApprovalsSetting = classApprovals.nullable().openapi({
	example: { behaviour: 2 },
	description:
		"Words of persons that a release's first step needs at least, by its `classes`, whatever its plan says: the most of the classes that it names, of one that names none the most of all. null = as many as plans say",
});

/** What may be said of a product's next releases beside their plan, when it is made and later. */
export const settings = {
	beta_plan: betaPlan.optional(),
	team: team.optional(),
	two_people: twoPeople.optional(),
	size_bounds: sizeSetting.optional(),
	health_limits: healthSetting.optional(),
	signing: signingSetting,
	entitled: entitledSetting,
	class_approvals: classApprovalsSetting.optional(),
};

export const freezeBody = z
	.strictObject({
		from: timestamp,
		until: timestamp,
		reason: z.string().max(200),
		emergencies: z.boolean().openapi({ description: "Whether emergency releases go on all the same" }),
	})
	.openapi("ProductFreeze");

export const productDetails = productBody
	.extend({
		plan,
		beta_plan: orNull(plan),
		team: z.string().nullable(),
		two_people: z.boolean(),
		size_bounds: orNull(sizeBounds),
		health_limits: orNull(healthLimits),
		freezes: z.array(freezeBody),
		signing,
		entitled,
		class_approvals: orNull(classApprovals),
		role_version: z.int().nullable().openapi({ description: "Of its role file; null = it has none" }),
		unsigned_releases: z.int().openapi({
			description:
				"Releases, withdrawn ones left out, that its role file does not name: with `signing` `required` nobody is offered them",
		}),
	})
	.openapi("ProductDetails", { description: "A product, with the plan, team and bounds of its next releases" });

export function describeProduct({
	name,
	title,
	versionOrder,
	createdAt,
}: Pick<ProductEntry, "name" | "title" | "versionOrder" | "createdAt">): z.infer<typeof productBody> {
	return { product: name, title, version_order: versionOrder, created_at: toTimestamp(createdAt) };
}

/** @returns what a body says of them, as the product's object takes it; what it leaves out is left out */
export function settingsOf(given: z.infer<z.ZodObject<typeof settings>>) {
	const { beta_plan: beta, team, two_people: twoPeople, size_bounds: sizeBounds, signing } = given;
	const { health_limits: healthLimits, entitled, class_approvals: classApprovals } = given;
	return {
		...(beta !== undefined && { betaPlan: beta === null ? null : planOf(beta) }),
		...(team !== undefined && { team }),
		...(twoPeople !== undefined && { twoPeople }),
		...(sizeBounds !== undefined && { sizeBounds }),
		...(healthLimits !== undefined && { healthLimits }),
		...(signing && { signing }),
		...(entitled && { entitled }),
		...(classApprovals !== undefined && { classApprovals }),
	};
}

/** @throws ProblemError `invalid_request` */
export function readFreezes(given: readonly z.infer<typeof freezeBody>[]) {
	const read = freezes.safeParse(
		given.map((one) => ({ ...one, from: toSeconds(one.from), until: toSeconds(one.until) })),
	);
	if (read.success) return read.data;
	throw invalidRequest({
		issues: read.error.issues.map(({ path, message }) => ({ path: ["freezes", ...path], message })),
	});
}

export function describeDetails(info: ToldProduct): z.infer<typeof productDetails> {
	const {
		plan,
		betaPlan: beta_plan,
		team,
		twoPeople: two_people,
		sizeBounds: bounds,
		healthLimits: health_limits,
		signing,
		entitled,
		classApprovals: class_approvals,
		role,
	} = info;
	const freezes = info.freezes.map((one) => ({ ...one, from: toTimestamp(one.from), until: toTimestamp(one.until) }));
	const role_version = role?.version ?? null;
	return {
		...describeProduct(info),
		plan,
		beta_plan,
		team,
		two_people,
		size_bounds: bounds,
		health_limits,
		freezes,
		signing,
		entitled,
		class_approvals,
		role_version,
		unsigned_releases: info.unsigned,
	};
}
