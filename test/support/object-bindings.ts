// The bindings of the test Worker as the objects and adapters see them, and a way to break an object's stores.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Account } from "../../src/objects/account/account.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import type { Census } from "../../src/objects/census/census.ts";
import type { Directory } from "../../src/objects/directory/directory.ts";
import type { Outbox, RecordLane } from "../../src/objects/outbox/outbox.ts";
import type { Product } from "../../src/objects/product/product.ts";
import type { ReplayGuard } from "../../src/objects/replay/replay-guard.ts";
import type { Trust } from "../../src/objects/trust/trust.ts";

interface TestBindings extends ObjectBindings {
	readonly ACCOUNT: DurableObjectNamespace<Account>;
	readonly PRODUCT: DurableObjectNamespace<Product>;
	readonly CENSUS: DurableObjectNamespace<Census>;
	readonly DIRECTORY: DurableObjectNamespace<Directory>;
	readonly REPLAY_GUARD: DurableObjectNamespace<ReplayGuard>;
	readonly TRUST: DurableObjectNamespace<Trust>;
	readonly PACKAGES: R2Bucket;
}

export const bindings = env as unknown as TestBindings;

type Publishing = Account | Directory | Product;

/** Gives the running instance of an object other stores, until it is evicted. */
export async function replaceStores<T extends Publishing>(
	stub: DurableObjectStub<T>,
	stores: Record<string, RecordLane["store"]>,
): Promise<void> {
	await runInDurableObject(stub, (instance) => {
		const { outbox } = instance as unknown as { outbox: Outbox };
		outbox.lanes = Object.entries(stores).map(([name, store]) => ({ name, store, writeIntervalMs: 0 }));
	});
}
