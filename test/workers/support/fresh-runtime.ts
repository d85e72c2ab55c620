// Runs before each test file. Files share a workerd, and none must meet what the one before it left: stores and objects are
// emptied, and the service's modules are loaded again, without what they remembered. Other names of objects than those here, and
// callers' addresses, are never used twice (fresh-names.ts), because two things stay: rate limits, and objects that are not asked
// for here and have been idle for so long that workerd has put them out of memory.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { DIRECTORY_NAME } from "../../../src/objects/bindings.ts";

// `reset` empties what is in memory, and an idle object or store is not: each is called first.
await Promise.all([
	...[
		env.DIRECTORY.getByName(DIRECTORY_NAME),
		env.PRODUCT.getByName("crs"),
		env.ACCOUNT.getByName("aaaaaaaaaa"),
		env.TRUST.getByName("trust"),
		env.CENSUS.getByName("census"),
		env.SERIAL_INDEX.getByName("0"),
		env.REPLAY_GUARD.getByName("0"),
	].map((object) => runInDurableObject(object, () => {})),
	env.RECORDS.list({ limit: 1 }),
	env.PACKAGES.list({ limit: 1 }),
	env.PULSES.list({ limit: 1 }),
	env.HISTORY.list({ limit: 1 }),
	caches.default.match("https://updates.test/"),
]);
await reset();
vi.resetModules();
