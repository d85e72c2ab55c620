// What the Durable Objects need from the deployment, and how they reach each other and the stores. Objects are made by the
// platform, not by services.ts, so this is their composition root.
import { createKvRecordStore } from "../storage/kv-record-store.ts";
import type { Account } from "./account.ts";
import type { Directory } from "./directory.ts";
import type { DirectoryPort, RecordLane } from "./outbox.ts";
import type { Product } from "./product.ts";
import type { ReplayGuard } from "./replay-guard.ts";

export interface ObjectBindings {
	readonly RECORDS: KVNamespace;
	readonly ACCOUNT: DurableObjectNamespace<Account>;
	readonly PRODUCT: DurableObjectNamespace<Product>;
	readonly DIRECTORY: DurableObjectNamespace<Directory>;
	readonly REPLAY_GUARD: DurableObjectNamespace<ReplayGuard>;
	/** seconds that an access token lives: a denial must last that long */
	readonly TOKEN_TTL_SECONDS: string | number;
	readonly ENVIRONMENT: string;
}

/** The one Directory of a deployment. */
export const DIRECTORY_NAME = "directory";

/** KV takes one write per second and key; two at once may both succeed and leave the earlier one. */
const KV_WRITE_INTERVAL_MS = 1_100;

/** @returns every store that gets all records; a lane's name is persisted in outboxes and must not change */
export function recordLanes(bindings: ObjectBindings): readonly RecordLane[] {
	// Local KV has no such limit, and nobody there wants to wait for it.
	const writeIntervalMs = bindings.ENVIRONMENT === "local" ? 0 : KV_WRITE_INTERVAL_MS;
	return [{ name: "kv", store: createKvRecordStore(bindings.RECORDS), writeIntervalMs }];
}

/** @returns the Directory as the other objects see it; a new stub per call, because a stub stays broken after an error */
export function directoryPort(bindings: ObjectBindings): DirectoryPort {
	const directory = () => bindings.DIRECTORY.getByName(DIRECTORY_NAME);
	return {
		advanceProduct: (head) => directory().advanceProduct(head),
		deny: (denial) => directory().deny(denial),
		allow: (denial) => directory().allow(denial),
		settled: () => directory().settled(),
	};
}

/** @throws when the variable is not a positive number: a denial without an end would be worse than an object without start */
export function tokenTtlSeconds(bindings: ObjectBindings): number {
	const seconds = Number(bindings.TOKEN_TTL_SECONDS);
	if (!Number.isInteger(seconds) || seconds <= 0) throw new Error("TOKEN_TTL_SECONDS is not a positive integer");
	return seconds;
}
