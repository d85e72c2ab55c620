// Runs before each test file. Files share a workerd, and none must meet what the one before it left: stores and objects are
// emptied, the service forgets what it remembered, and the modules of tests are loaded again. Other names of objects than those
// here, and callers' addresses, are never used twice (fresh-names.ts), because two things stay: rate limits, and objects that are
// not asked for here and have been idle for so long that workerd has put them out of memory.
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { DIRECTORY_NAME } from "../../../src/objects/bindings.ts";
import { forgetServices } from "../../../src/services.ts";

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
forgetServices();
rememberService();
loadAgain(/\/test\/(?!support\/description\/)/);

/**
 * Before each request and each call of an object the plugin imports the service's module, for which vitest asks its main process
 * whether it is still the same: a seventh of the processor time of such tests. It stays until the runtime ends.
 */
function rememberService(): void {
	const { __vitest_mocker__: mocker } = globalThis as unknown as {
		readonly __vitest_mocker__: { readonly moduleRunner: { import(id: string, options?: object): Promise<unknown> } };
	};
	const runner = mocker.moduleRunner;
	if (Object.hasOwn(runner, "import")) return;
	const load = runner.import.bind(runner);
	const loaded = new Map<string, unknown>();
	runner.import = async (id, options) => {
		if (!id.endsWith("/src/worker.ts")) return load(id, options);
		if (!loaded.has(id)) loaded.set(id, await load(id, options));
		return loaded.get(id);
	};
}

interface ModuleNode {
	promise: unknown;
	exports: unknown;
	evaluated: boolean;
	readonly importers: Set<string>;
}

/**
 * Does for some modules what `vi.resetModules` does for all. Loading the service, its packages and the judges of its description
 * for each file costs more than most files do, and they keep nothing besides what `forgetServices` forgets.
 */
function loadAgain(path: RegExp): void {
	const { __vitest_worker__: worker } = globalThis as unknown as {
		readonly __vitest_worker__: { readonly evaluatedModules: { readonly idToModuleMap: Map<string, ModuleNode> } };
	};
	for (const [id, node] of worker.evaluatedModules.idToModuleMap) {
		if (!path.test(id) || id.includes("/node_modules/")) continue;
		node.promise = undefined;
		node.exports = undefined;
		node.evaluated = false;
		node.importers.clear();
	}
}
