// Where a history lies that goes to a stream of Pipelines: a table of a catalog in a bucket of R2, its account, and the token that may
// ask it. The token comes from the environment alone, under the name that wrangler has for it: arguments show in the process list.
import { z } from "zod";
import { resolveServer } from "../../command-line/settings.ts";
import { UsageError } from "../../errors.ts";
import type { Surroundings } from "../../terminal/output.ts";

/** The documented host of Basin SQL's REST API; PARAPET_BASIN_URL names another. */
const BASIN_URL = "https://api.sql.cloudflarestorage.com";
/** As docs/operations.md has the stream's sink made. */
export const DEFAULT_TABLE = "parapet.events";
export const TOKEN_VARIABLE = "WRANGLER_BASIN_SQL_AUTH_TOKEN";

export interface Warehouse {
	/** origin of the API */
	readonly origin: string;
	/** id of the Cloudflare account */
	readonly account: string;
	readonly bucket: string;
	/** "<namespace>.<table>" */
	readonly table: string;
	readonly token: string;
}

export const warehouseShape = { warehouse: z.string().optional(), table: z.string().optional() };
export interface WarehouseOptions {
	readonly warehouse?: string | undefined;
	readonly table?: string | undefined;
}

/** A warehouse is named "<account>_<bucket>" (`wrangler basin catalog get <bucket>`); no account's id has an underscore. */
const WAREHOUSE = /^([0-9a-z]{1,64})_([a-z0-9][a-z0-9-]{1,61}[a-z0-9])$/;
/** Names that SQL takes as they are: it puts others into small letters. */
const TABLE = /^[a-z_][a-z0-9_]{0,127}\.[a-z_][a-z0-9_]{0,127}$/;

/**
 * @returns what --warehouse or PARAPET_HISTORY_WAREHOUSE names; null = neither names one
 * @throws UsageError where it is no warehouse, or there is no token for it
 */
export function resolveWarehouse(options: WarehouseOptions, { env, ...rest }: Surroundings): Warehouse | null {
	const name = options.warehouse ?? env["PARAPET_HISTORY_WAREHOUSE"] ?? "";
	if (name === "") {
		if (options.table === undefined) return null;
		throw new UsageError("--table is of a warehouse", "give --warehouse <account>_<bucket> too");
	}
	const [, account, bucket] = WAREHOUSE.exec(name) ?? [];
	if (account === undefined || bucket === undefined) {
		throw new UsageError(
			`${name} is no warehouse: <id of the Cloudflare account>_<bucket>`,
			"npx wrangler basin catalog get <bucket> shows its name",
		);
	}
	const table = options.table ?? env["PARAPET_HISTORY_TABLE"] ?? DEFAULT_TABLE;
	if (!TABLE.test(table)) {
		throw new UsageError(`${table} is no table: <namespace>.<table>, of small letters, digits and _`);
	}
	const token = env[TOKEN_VARIABLE] ?? "";
	if (!/^[\x21-\x7e]+$/.test(token)) {
		throw new UsageError(
			token === "" ? `no token for the warehouse ${name}` : `${TOKEN_VARIABLE} has characters that no token has`,
			`set ${TOKEN_VARIABLE} to an API token of Cloudflare that may read Basin SQL, its catalog and the bucket; --dir asks files instead`,
		);
	}
	const origin = resolveServer(env["PARAPET_BASIN_URL"] ?? BASIN_URL, { env, ...rest });
	return { origin, account, bucket, table, token };
}
