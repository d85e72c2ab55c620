// The Directory's table of who is refused although a token may still say otherwise, and until when; and the parts into which
// a long list was folded. Plain synchronous SQL.
import { type DenialScope, type DeniedPart, type DeniedRecord, partOf } from "../../content/denied-list.ts";
import type { ProductPermit } from "../../entitlement/ha/ha-lock.ts";
import type { DenialStep } from "../outbox/outbox-rows.ts";

/** Of an account that is set back to an earlier time, what it forgets and has to know again. */
export interface KeptForRewind {
	/** above every version of its records before that */
	readonly floor: number;
	/** of its HA groups, that were under way */
	readonly permits: readonly ProductPermit[];
}

/** The parts of one folding. */
export type FoldedParts = NonNullable<DeniedRecord["parts"]>;

export const DENIAL_TABLES = [
	// A lifted denial stays as a row until its end, so that a late repetition of it cannot come back.
	`CREATE TABLE denials (
		scope TEXT NOT NULL, -- DenialScope (content/denied-list.ts)
		id TEXT NOT NULL,
		version INTEGER NOT NULL, -- of what caused it
		until INTEGER NOT NULL,
		lifted INTEGER NOT NULL, -- 0, 1
		folded INTEGER NOT NULL DEFAULT 0, -- 0 = in no part; 1 = in a part, as it is here; 2 = in a part, but changed since
		PRIMARY KEY (scope, id)
	) WITHOUT ROWID`,
	"CREATE INDEX denials_listed ON denials (scope) WHERE folded <> 1",
	`CREATE TABLE denied_parts ( -- as the list names them, word for word
		part INTEGER PRIMARY KEY,
		revision INTEGER NOT NULL, -- of the list that named it first; the same for all
		made_at INTEGER NOT NULL,
		body TEXT NOT NULL -- JSON: a DeniedPart
	)`,
	`CREATE TABLE rewinds ( -- of accounts that were set back to an earlier time
		account TEXT PRIMARY KEY, -- name of its object
		floor INTEGER NOT NULL, -- above every version of its records before that
		permits TEXT NOT NULL -- JSON: permits of its HA groups that were under way (ProductPermit of entitlement/ha/ha-lock.ts)
	) WITHOUT ROWID`,
];

/** Entries of about 45 bytes: every edge reads the list again with each denial, and a record waits in a row of 2 MB at most. */
const SIZES = { list: 2_000, part: 10_000 };
/** What has ended leaves the parts once a day. */
const REFOLD_SECONDS = 86_400;

/** What stands in the list itself; `folded <> 1` for the index. */
const LISTED = "folded <> 1 AND (folded = 2 OR lifted = 0)";

type Row = { scope: DenialScope; id: string; until: number; version: number };

export class DenialTables {
	readonly #sql: SqlStorage;
	readonly #sizes: typeof SIZES;

	/** @param sizes entries of the list before it is folded, and of a part on average */
	constructor(sql: SqlStorage, sizes = SIZES) {
		this.#sql = sql;
		this.#sizes = sizes;
	}

	/** @returns whether that changed who is denied; an earlier version than the known one, or the same again, changes nothing */
	change(step: DenialStep): boolean {
		if (step.kind === "deny") return this.#save(step, false);
		const isKnown = this.#has(step);
		// Nothing to lift, and nothing to remember: the denials of one thing arrive in order.
		if (!isKnown && step.until === 0) return false;
		return this.#save(step, true) && isKnown;
	}

	/** @returns ids of the devices of an account that are denied, in their order */
	devicesOf(account: string): string[] {
		const query = "SELECT id FROM denials WHERE scope = 'device' AND lifted = 0 AND id > ? AND id < ? ORDER BY id";
		// "-" is followed by ".": all that begins with the account's name lies between the two.
		const rows = this.#sql.exec<{ id: string }>(query, `dev-${account}-`, `dev-${account}.`).toArray();
		return rows.map(({ id }) => id);
	}

	/** @returns null = the account was never about to be set back */
	rewind(account: string): KeptForRewind | null {
		const query = "SELECT floor, permits FROM rewinds WHERE account = ?";
		const [row] = this.#sql.exec<{ floor: number; permits: string }>(query, account).toArray();
		return row === undefined ? null : { floor: row.floor, permits: JSON.parse(row.permits) as ProductPermit[] };
	}

	/** Keeps the highest floor; and the permits, with those from before where the account has not caught up with its floor. */
	keepForRewind(account: string, { floor, epoch, permits }: KeptForRewind & { readonly epoch: number }): void {
		const before = this.rewind(account);
		const forgotten = before !== null && epoch < before.floor ? before.permits : [];
		const newest = new Map<string, ProductPermit>();
		for (const permit of [...forgotten, ...permits].toSorted((one, other) => one.at - other.at))
			newest.set(`${permit.device} ${permit.product}`, permit);
		const query = "INSERT OR REPLACE INTO rewinds (account, floor, permits) VALUES (?, ?, ?)";
		this.#sql.exec(query, account, Math.max(floor, before?.floor ?? 0), JSON.stringify([...newest.values()]));
	}

	#save({ scope, id, version, until }: DenialStep, lifted: boolean): boolean {
		const query = `INSERT INTO denials (scope, id, version, until, lifted) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (scope, id) DO UPDATE SET version = excluded.version, until = MAX(until, excluded.until),
				lifted = excluded.lifted, folded = CASE folded WHEN 0 THEN 0 ELSE 2 END
				WHERE excluded.version > version RETURNING id`;
		return this.#sql.exec(query, scope, id, version, until, lifted ? 1 : 0).toArray().length > 0;
	}

	#has({ scope, id }: DenialStep): boolean {
		return this.#sql.exec("SELECT 1 FROM denials WHERE scope = ? AND id = ?", scope, id).toArray().length > 0;
	}

	/** What is in a part stays until the next folding: without its row nothing would lift it there. @param now unix seconds */
	dropEnded(now: number): void {
		this.#sql.exec("DELETE FROM denials WHERE folded <> 1 AND folded = 0 AND until <= ?", now);
	}

	/** The list, without its revision. */
	denied(): Omit<DeniedRecord, "revision"> {
		const rows = this.#rows(
			`SELECT scope, id, version, CASE lifted WHEN 1 THEN 0 ELSE until END AS until FROM denials WHERE ${LISTED}`,
		);
		const parts = this.parts();
		return { ...entriesOf(rows), ...(parts !== null && { parts }) };
	}

	/** @returns null = the list is in no parts */
	parts(): FoldedParts | null {
		const query = "SELECT COUNT(*) AS count, MAX(revision) AS revision FROM denied_parts";
		const { count, revision } = this.#sql.exec<{ count: number; revision: number | null }>(query).one();
		return revision === null ? null : { count, revision };
	}

	/** @returns null = there is no such part */
	part(part: number): DeniedPart | null {
		const [row] = this.#sql.exec<{ body: string }>("SELECT body FROM denied_parts WHERE part = ?", part).toArray();
		return row === undefined ? null : (JSON.parse(row.body) as DeniedPart);
	}

	/** Whether the list has grown long, or its parts old. @param now unix seconds */
	isFoldDue(now: number): boolean {
		const listed = Number(this.#sql.exec(`SELECT COUNT(*) AS n FROM denials WHERE ${LISTED}`).one()["n"]);
		if (listed > this.#sizes.list) return true;
		const { since } = this.#sql.exec<{ since: number | null }>("SELECT MIN(made_at) AS since FROM denied_parts").one();
		return since !== null && since + REFOLD_SECONDS <= now;
	}

	/** Moves all that is denied into parts, or back into the list where that suffices. @param revision of the list that will name them */
	fold(revision: number, now: number): void {
		this.#sql.exec("DELETE FROM denials WHERE until <= ?", now);
		const rows = this.#rows("SELECT scope, id, until, version FROM denials WHERE lifted = 0");
		const count = rows.length <= this.#sizes.list / 2 ? 0 : Math.ceil(rows.length / this.#sizes.part);
		const parts = Array.from({ length: count }, (): Row[] => []);
		for (const row of rows) parts[partOf(row.id, count)]?.push(row);
		this.#sql.exec("DELETE FROM denied_parts");
		for (const [part, members] of parts.entries()) {
			const query = "INSERT INTO denied_parts (part, revision, made_at, body) VALUES (?, ?, ?, ?)";
			this.#sql.exec(query, part, revision, now, JSON.stringify(entriesOf(members)));
		}
		const folded = count > 0 ? "1 - lifted" : "0";
		this.#sql.exec(`UPDATE denials SET folded = ${folded} WHERE folded <> ${folded}`);
	}

	#rows(query: string): Row[] {
		return this.#sql.exec<Row>(query).toArray();
	}
}

function entriesOf(rows: readonly Row[]): DeniedPart {
	const of = (scope: DenialScope, value: "until" | "version") =>
		Object.fromEntries(rows.filter((row) => row.scope === scope).map((row) => [row.id, row[value]]));
	return { devices: of("device", "until"), licenseEpochs: of("licenseEpoch", "version") };
}
