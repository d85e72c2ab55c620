// The tables of a Product, as they are made with it. Times are unix seconds; what a column holds that is more than its name
// says stands beside it.
import { AUDIT_TABLES } from "../audit.ts";
import { OUTBOX_TABLES } from "../outbox/outbox-rows.ts";
import { OUTDATED_TABLES } from "../outbox/outdated-revisions.ts";
import type { Schema } from "../schema.ts";
import { WEBHOOK_TABLES } from "../webhooks/webhook-tables.ts";
import { ONCE_TABLES } from "./once-desk.ts";
import { PUBLISHER_TABLES } from "./publisher-desk.ts";
import { DELTA_TABLES } from "./releases/delta-desk.ts";
import { DISABLED_RULE_TABLES } from "./releases/disabled-rules.ts";
import { RULE_INDEX_TABLES } from "./releases/rule-index-desk.ts";
import { VALIDATION_TABLES } from "./releases/validation-tables.ts";
import { VARIANT_TABLES } from "./releases/variant-desk.ts";
import { WITHDRAWAL_TABLES } from "./releases/withdrawal-log.ts";
import { ROLLOUT_TABLES } from "./rollouts/rollout-tables.ts";

export const PRODUCT_SCHEMA: Schema = {
	tables: [
		`CREATE TABLE product ( -- one row
			name TEXT PRIMARY KEY,
			title TEXT NOT NULL,
			version_order TEXT NOT NULL, -- VersionOrder (content/releases/product-record.ts)
			created_at INTEGER NOT NULL,
			revision INTEGER NOT NULL, -- of its record; 0 = nothing is released
			plan TEXT NOT NULL, -- JSON: the Plan of its next releases
			beta_plan TEXT, -- JSON: the Plan of those that travel on beta; null = the same
			team TEXT, -- whose word its rollouts need; null = anyone's who may release
			two_people INTEGER NOT NULL, -- 0, 1: a release needs persons beside its uploader (rollout/two-people.ts)
			size_bounds TEXT NOT NULL, -- JSON: SizeBounds or null (content/releases/size-bounds.ts)
			freezes TEXT NOT NULL, -- JSON: freezes (rollout/freeze.ts)
			health_limits TEXT NOT NULL, -- JSON: HealthLimits or null (rollout/health.ts)
			signing TEXT NOT NULL, -- Signing (content/releases/product-record.ts)
			entitled TEXT NOT NULL DEFAULT 'licensed', -- Entitled (entitlement/entitled.ts)
			class_approvals TEXT, -- JSON: ClassApprovals (rollout/class-approvals.ts); null = as many words as plans say
			role TEXT -- JSON: SignedRole, what its trusted role file names; null = it has none
		) WITHOUT ROWID`,
		// Without a sequence it is a package that is uploaded and not released, and so without all that a release adds.
		`CREATE TABLE releases (
			version TEXT PRIMARY KEY,
			sha256 TEXT NOT NULL, -- of the package
			size INTEGER NOT NULL, -- bytes
			name TEXT NOT NULL, -- of the file in downloads
			added_at INTEGER NOT NULL,
			added_by TEXT NOT NULL, -- subject of the key that uploaded it
			sequence INTEGER UNIQUE, -- the higher, the newer
			released_at INTEGER,
			notes TEXT,
			urgency TEXT,
			models TEXT, -- JSON list; JSON null = every model
			engine TEXT, -- JSON: EngineRange
			requires TEXT, -- JSON: Requirement list (content/requires/requires.ts); null = nothing of other products
			entries INTEGER, -- rules, signatures or addresses in it, as its publisher says; null = not said
			facts TEXT, -- JSON: ReleaseFacts (content/releases/release-facts.ts); null = nothing is said
			recorded INTEGER NOT NULL DEFAULT 0, -- 0, 1: the product's record has it
			channel TEXT, -- stable, beta: in which it travels
			beta_released_at INTEGER, -- of one that was promoted from beta: released_at there
			reach TEXT, -- JSON: Reach, of a release that is or was on its way
			out_at INTEGER, -- from when on everybody may have it; null = not everybody may
			withdrawn_at INTEGER,
			withdraw_reason TEXT,
			revert_to TEXT -- version to which devices go back that run it; null = to the newest below it
		)`,
		"CREATE INDEX releases_by_package ON releases (sha256)",
		"CREATE INDEX releases_recorded ON releases (sequence) WHERE recorded = 1",
		...VARIANT_TABLES,
		...DELTA_TABLES,
		...RULE_INDEX_TABLES,
		...DISABLED_RULE_TABLES,
		...WITHDRAWAL_TABLES,
		...VALIDATION_TABLES,
		...ROLLOUT_TABLES,
		...PUBLISHER_TABLES,
		...ONCE_TABLES,
		...AUDIT_TABLES,
		...WEBHOOK_TABLES,
		...OUTBOX_TABLES,
		...OUTDATED_TABLES,
	],
	steps: [
		(sql) => sql.exec("ALTER TABLE product ADD COLUMN entitled TEXT NOT NULL DEFAULT 'licensed'"),
		(sql) => sql.exec("ALTER TABLE releases ADD COLUMN facts TEXT"),
		(sql) => sql.exec("ALTER TABLE product ADD COLUMN class_approvals TEXT"),
		(sql) => {
			for (const table of VALIDATION_TABLES) sql.exec(table);
		},
		(sql) => sql.exec("ALTER TABLE releases ADD COLUMN requires TEXT"),
		(sql) => {
			for (const table of VARIANT_TABLES) sql.exec(table);
		},
	],
};
