// The tables of an Account, as they are made with it. Times are unix seconds unless a name says otherwise; what a column
// holds that is more than its name says stands beside it.
import { INSTANCE_LABEL } from "../../names.ts";
import { AUDIT_TABLES } from "../audit.ts";
import { OUTBOX_TABLES } from "../outbox/outbox-rows.ts";
import type { Schema } from "../schema.ts";
import { WEBHOOK_TABLES } from "../webhooks/webhook-tables.ts";
import { CLAIM_TABLE } from "./devices/claim-tables.ts";
import { SUSPENSION_INDEX } from "./devices/suspension-trail.ts";
import { ANCHOR_TABLE } from "./fleet/anchor-tables.ts";
import { LINEAGE_TABLES } from "./fleet/lineage-tables.ts";
import { RECEIPT_TABLE } from "./fleet/receipt-tables.ts";
import { UNTOLD_TABLE } from "./fleet/serial-desk.ts";
import { STATE_TABLES, WATCH_TABLES } from "./fleet/state-tables.ts";
import { SUMMARY_TABLES } from "./fleet/summary-desk.ts";
import { TRIPWIRE_TABLES } from "./fleet/tripwire-tables.ts";
import { HA_ARRIVAL_TABLES } from "./ha/ha-arrival-tables.ts";
import { HA_LOCK_TABLES } from "./ha/ha-lock-tables.ts";
import { POLICY_TABLE } from "./policy/policy-tables.ts";

/** What a device says of the instance that it runs on: an expression over its row, and null where it says nothing. */
export const INSTANCE_OF_DEVICE = `json_extract(labels, '$.${INSTANCE_LABEL}')`;

/** The account itself, what it bought, and the codes by which its devices come in. */
const LICENSES = [
	`CREATE TABLE account ( -- one row
		id TEXT PRIMARY KEY,
		name_version INTEGER NOT NULL DEFAULT 0, -- of the last name that the trail tells of; the name is the Directory's
		created_at INTEGER NOT NULL,
		closed_at INTEGER, -- null = it is open
		license_epoch INTEGER NOT NULL DEFAULT 0, -- how often licenses have changed in a way that devices notice
		renewed_to TEXT -- id of the last device whose record was written since; '' = none yet, null = all
	) WITHOUT ROWID`,
	`CREATE TABLE licenses (
		id TEXT PRIMARY KEY,
		products TEXT NOT NULL, -- JSON: a list of productTerms (entitlement/licenses/license.ts)
		seats INTEGER NOT NULL,
		starts_at INTEGER NOT NULL,
		ends_at INTEGER NOT NULL,
		grace_seconds INTEGER NOT NULL,
		critical_seconds INTEGER NOT NULL,
		delay_seconds INTEGER NOT NULL,
		emergency_delay_seconds INTEGER NOT NULL,
		overage TEXT NOT NULL, -- refuse, allow
		kind TEXT NOT NULL, -- fixed, elastic
		lease_seconds INTEGER NOT NULL, -- 0 = fixed
		status TEXT NOT NULL, -- active, suspended, revoked
		created_at INTEGER NOT NULL
	)`,
	// With rowids: codes are listed in the order in which they were made.
	`CREATE TABLE codes (
		hash TEXT PRIMARY KEY, -- keyed; the code itself is known to its holder alone
		id TEXT NOT NULL UNIQUE,
		license TEXT NOT NULL REFERENCES licenses (id), -- that of the HA group, where there is one
		uses INTEGER NOT NULL, -- devices that it may bring
		used INTEGER NOT NULL DEFAULT 0, -- its rows in activations: of 100,000 no activation could count them
		expires_at INTEGER NOT NULL,
		created_at INTEGER NOT NULL,
		serial TEXT, -- the one serial number that may use it; null = any
		model TEXT, -- the one model that may use it; null = any
		ha_group TEXT, -- that its devices join; null = none
		instance TEXT, -- the one instance whose devices may use it; null = any
		replaces TEXT, -- the device whose place its device takes; null = nobody's
		revoked INTEGER NOT NULL DEFAULT 0 -- 0, 1
	)`,
	"CREATE INDEX codes_by_ha_group ON codes (ha_group) WHERE ha_group IS NOT NULL",
	"CREATE INDEX codes_by_instance ON codes (instance) WHERE instance IS NOT NULL",
	"CREATE INDEX codes_by_replaced ON codes (replaces) WHERE replaces IS NOT NULL",
	`CREATE TABLE activations ( -- which code brought which device
		code TEXT NOT NULL, -- its hash
		device TEXT NOT NULL,
		at INTEGER NOT NULL,
		PRIMARY KEY (code, device)
	) WITHOUT ROWID`,
	`CREATE TABLE expiry_notices ( -- for each end of a license's products that is yet to come
		license TEXT NOT NULL,
		ends_at INTEGER NOT NULL,
		due_at INTEGER NOT NULL, -- of the next notice
		PRIMARY KEY (license, ends_at)
	) WITHOUT ROWID`,
	"CREATE INDEX expiry_notices_by_time ON expiry_notices (due_at)",
	`CREATE TABLE transfers ( -- of each license the last one out of it
		license TEXT PRIMARY KEY,
		target TEXT NOT NULL, -- the license that gets its seats
		phase TEXT NOT NULL, -- moving, leasing, ended (entitlement/licenses/license-transfer.ts)
		actor TEXT NOT NULL,
		started_at INTEGER NOT NULL,
		ended_at INTEGER, -- null = it has not: true of one at most
		moved INTEGER NOT NULL, -- seats that have gone over
		leased_to TEXT NOT NULL, -- holder of the last seat that got its lease in this pass over them; '' = none yet
		stopped INTEGER NOT NULL -- 0, 1 = the target was revoked before all had gone over
	) WITHOUT ROWID`,
	"CREATE INDEX transfers_running ON transfers (ended_at) WHERE ended_at IS NULL",
];

const DEVICES = [
	`CREATE TABLE devices (
		id TEXT PRIMARY KEY,
		version INTEGER NOT NULL, -- rises with each change of the row
		status TEXT NOT NULL, -- active, suspended, revoked, deactivated
		license TEXT NOT NULL REFERENCES licenses (id),
		serial TEXT NOT NULL COLLATE NOCASE, -- as it was first written; one appliance in whatever case
		model TEXT NOT NULL,
		labels TEXT NOT NULL, -- JSON
		jkt TEXT NOT NULL UNIQUE, -- thumbprint of its key
		jwk TEXT NOT NULL, -- JSON
		dpop_bound INTEGER NOT NULL, -- 0, 1
		activated_at INTEGER NOT NULL,
		ha_group TEXT, -- null = none
		replaces TEXT, -- the device whose place it took last; null = nobody's
		replaced_by TEXT, -- the device that took its place; null = none
		certificates TEXT -- JSON: certificateRules (entitlement/devices/certificate-rule.ts); null = it is known by its key
	)`,
	"CREATE INDEX devices_by_serial ON devices (serial)",
	"CREATE INDEX devices_by_seat ON devices (license, status)",
	"CREATE INDEX devices_by_ha_group ON devices (ha_group) WHERE ha_group IS NOT NULL",
	"CREATE INDEX devices_by_successor ON devices (replaced_by) WHERE replaced_by IS NOT NULL",
	`CREATE INDEX devices_by_instance ON devices (${INSTANCE_OF_DEVICE}) WHERE ${INSTANCE_OF_DEVICE} IS NOT NULL`,
	`CREATE TABLE device_returns ( -- of devices that came back lately; see entitlement/allowance.ts
		device TEXT PRIMARY KEY,
		spent_to INTEGER NOT NULL
	) WITHOUT ROWID`,
	`CREATE TABLE instances ( -- when the account last heard of the launch and of the end of each
		instance TEXT PRIMARY KEY,
		launched_at INTEGER NOT NULL, -- by the event itself; 0 = never
		terminated_at INTEGER NOT NULL -- likewise
	) WITHOUT ROWID`,
	"CREATE INDEX instances_by_age ON instances (max(launched_at, terminated_at))",
];

const SEATS = [
	`CREATE TABLE seats ( -- for each seat that is taken; also where the lease is over, until the sweep
		holder TEXT PRIMARY KEY, -- a device, or the HA group whose devices share it
		license TEXT NOT NULL,
		until INTEGER -- end of the lease; null = for good
	) WITHOUT ROWID`,
	"CREATE INDEX seats_by_end ON seats (until, license) WHERE until IS NOT NULL",
	"CREATE INDEX seats_by_license ON seats (license, holder)",
	`CREATE TABLE seat_counts (
		license TEXT PRIMARY KEY,
		taken INTEGER NOT NULL, -- its rows in seats: no decision may count 100,000 of them
		is_full INTEGER NOT NULL DEFAULT 0 -- 1 after license.limit_reached, until there is room again
	) WITHOUT ROWID`,
	`CREATE TABLE seat_peaks ( -- for each day with a change
		license TEXT NOT NULL,
		day INTEGER NOT NULL, -- days since 1970, UTC
		start INTEGER NOT NULL, -- seats taken before the day's first change
		peak INTEGER NOT NULL, -- the most that were taken
		PRIMARY KEY (license, day)
	) WITHOUT ROWID`,
	`CREATE TABLE seat_refusals ( -- that were told lately
		license TEXT NOT NULL,
		who TEXT NOT NULL COLLATE NOCASE, -- a device, an HA group or a serial number
		at INTEGER NOT NULL,
		PRIMARY KEY (license, who)
	) WITHOUT ROWID`,
];

/** Which devices an HA group has, their own rows say. */
const HA_GROUPS = [
	`CREATE TABLE ha_groups (
		id TEXT PRIMARY KEY,
		name TEXT NOT NULL,
		mode TEXT NOT NULL, -- active-passive, active-active
		license TEXT NOT NULL REFERENCES licenses (id), -- of all its devices
		skew_limit INTEGER NOT NULL, -- seconds
		sync INTEGER NOT NULL, -- 0, 1: its devices bring each other up to date
		created_at INTEGER NOT NULL
	) WITHOUT ROWID`,
	"CREATE INDEX ha_groups_by_license ON ha_groups (license)",
	`CREATE TABLE ha_reports ( -- the last that a device of a group has said
		device TEXT PRIMARY KEY,
		ha_group TEXT NOT NULL,
		said TEXT, -- active, passive; null = it has not said
		role TEXT, -- the same, or null when another device took over since
		priority INTEGER,
		installed TEXT, -- JSON: product → version, null = nothing; null = it has never said
		peer TEXT, -- likewise, of its peer
		at INTEGER NOT NULL, -- when it first said this
		spent_to INTEGER NOT NULL -- of its allowance of reports
	) WITHOUT ROWID`,
	"CREATE INDEX ha_reports_by_group ON ha_reports (ha_group)",
	`CREATE TABLE ha_states (
		ha_group TEXT PRIMARY KEY,
		version INTEGER NOT NULL, -- of its record
		record TEXT NOT NULL, -- JSON: body of its record
		last_active TEXT, -- device; null = none yet
		events_spent_to INTEGER NOT NULL, -- of its allowance of events
		untold INTEGER NOT NULL -- failovers since the last one that is in the trail
	) WITHOUT ROWID`,
	`CREATE TABLE ha_conditions ( -- what lasts and is an event
		ha_group TEXT NOT NULL,
		kind TEXT NOT NULL, -- skew, split_brain
		product TEXT NOT NULL, -- of a skew, else ''
		since INTEGER NOT NULL,
		due_at INTEGER, -- when it becomes an event; null = it is one
		PRIMARY KEY (ha_group, kind, product)
	) WITHOUT ROWID`,
	"CREATE INDEX ha_conditions_due ON ha_conditions (due_at) WHERE due_at IS NOT NULL",
	...HA_ARRIVAL_TABLES,
	...HA_LOCK_TABLES,
];

export const ACCOUNT_SCHEMA: Schema = {
	tables: [
		...[
			...LICENSES,
			POLICY_TABLE,
			...DEVICES,
			...SEATS,
			...HA_GROUPS,
			...STATE_TABLES,
			...SUMMARY_TABLES,
			UNTOLD_TABLE,
			...WATCH_TABLES,
			RECEIPT_TABLE,
			...LINEAGE_TABLES,
			...TRIPWIRE_TABLES,
			ANCHOR_TABLE,
			CLAIM_TABLE,
		],
		...WEBHOOK_TABLES,
		...[...AUDIT_TABLES, SUSPENSION_INDEX, ...OUTBOX_TABLES],
	],
	steps: [
		(sql) => void sql.exec("ALTER TABLE devices ADD COLUMN certificates TEXT"),
		(sql) => void sql.exec(CLAIM_TABLE),
	],
};
