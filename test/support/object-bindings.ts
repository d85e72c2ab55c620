// The bindings of the test Worker as the objects and adapters see them, and a way to break an object's stores.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, vi } from "vitest";
import type { Account } from "../../src/objects/account/account.ts";
import type { ObjectBindings } from "../../src/objects/bindings.ts";
import type { Census } from "../../src/objects/census/census.ts";
import type { Directory } from "../../src/objects/directory/directory.ts";
import type { Outbox, RecordLane } from "../../src/objects/outbox/outbox.ts";
import type { Product } from "../../src/objects/product/product.ts";
import type { RecordWriter } from "../../src/objects/record-writer/record-writer.ts";
import type { ReplayGuard } from "../../src/objects/replay/replay-guard.ts";
import type { SerialIndex } from "../../src/objects/serials/serial-index.ts";
import type { Trust } from "../../src/objects/trust/trust.ts";

interface TestBindings extends ObjectBindings {
	readonly ACCOUNT: DurableObjectNamespace<Account>;
	readonly PRODUCT: DurableObjectNamespace<Product>;
	readonly CENSUS: DurableObjectNamespace<Census>;
	readonly SERIAL_INDEX: DurableObjectNamespace<SerialIndex>;
	readonly DIRECTORY: DurableObjectNamespace<Directory>;
	readonly REPLAY_GUARD: DurableObjectNamespace<ReplayGuard>;
	readonly RECORD_WRITER: DurableObjectNamespace<RecordWriter>;
	readonly TRUST: DurableObjectNamespace<Trust>;
	readonly PACKAGES: R2Bucket;
}

const own = env as unknown as TestBindings;

/** Objects whose clock is moved to the time of each call that is later: tests say the time with the call. */
export const bindings: TestBindings = {
	...own,
	ACCOUNT: keepingUp(own.ACCOUNT),
	PRODUCT: keepingUp(own.PRODUCT),
};

/** The same with a clock of their own, which a caller may be ahead of. */
export const unledBindings: TestBindings = own;

function keepingUp<T extends Account | Product>(namespace: DurableObjectNamespace<T>): DurableObjectNamespace<T> {
	return new Proxy(namespace, {
		get(target, name) {
			const found: unknown = Reflect.get(target, name);
			if (typeof found !== "function") return found;
			return (...given: unknown[]) => {
				const result: unknown = Reflect.apply(found, target, given);
				return name === "get" || name === "getByName" ? keepingUpStub(result as object) : result;
			};
		},
	});
}

const UNLED = Symbol("the stub itself");

/** Puts an object out of memory; the platform wants its own stub for that. */
export async function evict(stub: DurableObjectStub): Promise<void> {
	const { [UNLED]: own = stub } = stub as { readonly [UNLED]?: DurableObjectStub };
	await evictDurableObject(own);
}

function keepingUpStub(stub: object): object {
	return new Proxy(stub, {
		get(target, name) {
			if (name === UNLED) return target;
			const found: unknown = Reflect.get(target, name);
			if (typeof found !== "function" || name === "constructor") return found;
			return (...given: unknown[]) => {
				const times = given.flat().flatMap((one) => timeIn(one));
				if (Math.max(0, ...times) * 1_000 > Date.now()) moveClock(Math.max(...times) * 1_000);
				return Reflect.apply(found, target, given);
			};
		},
	});
}

function timeIn(given: unknown): number[] {
	const { now } = (given ?? {}) as { readonly now?: unknown };
	return typeof now === "number" ? [now] : [];
}

let isMoved = false;
function moveClock(toMs: number): void {
	isMoved ||= !vi.isFakeTimers();
	vi.setSystemTime(toMs);
}
afterEach(() => {
	if (isMoved) vi.useRealTimers();
	isMoved = false;
});

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
