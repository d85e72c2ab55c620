// When an Account last heard of the launch and of the termination of each instance. Rows are dropped when no event of their
// time can come any more.
import {
	INSTANCE_MEMORY_SECONDS,
	type InstanceTimes,
	UNKNOWN_INSTANCE,
} from "../../../entitlement/instances/instance-lifecycle.ts";

/** More rows than one event adds, so that the rest of a busy day is removed on a quiet one. */
const DROPPED_PER_EVENT = 10;

export class InstanceTables {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
	}

	times(instance: string): InstanceTimes {
		const query = "SELECT launched_at, terminated_at FROM instances WHERE instance = ?";
		const row = this.#sql.exec<{ launched_at: number; terminated_at: number }>(query, instance).toArray()[0];
		return row === undefined ? UNKNOWN_INSTANCE : { launchedAt: row.launched_at, terminatedAt: row.terminated_at };
	}

	/** Keeps the newer times. @param now unix seconds: rows from long before it are dropped */
	note(instance: string, { launchedAt, terminatedAt }: InstanceTimes, now: number): void {
		this.#sql.exec(
			`INSERT INTO instances (instance, launched_at, terminated_at) VALUES (?, ?, ?)
			ON CONFLICT (instance) DO UPDATE SET launched_at = max(launched_at, excluded.launched_at),
				terminated_at = max(terminated_at, excluded.terminated_at)`,
			instance,
			launchedAt,
			terminatedAt,
		);
		this.#sql.exec(
			`DELETE FROM instances WHERE instance IN (
				SELECT instance FROM instances WHERE max(launched_at, terminated_at) < ? LIMIT ${DROPPED_PER_EVENT}
			)`,
			now - INSTANCE_MEMORY_SECONDS,
		);
	}
}
