// Three tiers (design: docs/architecture.md): plain Node, inside workerd, and the whole service from outside. In the mode
// `long` (`npm run test:long`) only what can be tried for ever is tried, for longer (test/support/runs.ts), and files that take
// long at any rate: `*.long.test.ts`, which `npm test` leaves out.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { writeConsoleFiles } from "./scripts/console-files.mjs";
import { makeFolderInMemory } from "./test/support/folder-in-memory.ts";
import { TEST_PROXY_SECRET, TEST_SECRETS } from "./test/support/secrets.ts";

await writeConsoleFiles();

const ROOT = import.meta.dirname;
const LONG_TIMEOUT_MS = 900_000;

/** A whole number of at most 31 bits, with which the laws' examples are drawn (test/support/laws.ts). */
const LAWS_SEED = Number(process.env["LAWS_SEED"] ?? 20261129);

const inMemory = process.env["TMPDIR"] === undefined ? makeFolderInMemory() : null;
if (inMemory !== null) process.env["TMPDIR"] = inMemory;

const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** The packages that the Worker and its tests import, each as it is written ("hono", "hono/factory"). */
function importedPackages(): string[] {
	// What reads files, as tuf-js does, runs in Node alone and cannot be bundled for a Worker.
	const files = globSync("{src,test/workers,test/support}/**/*.{ts,tsx}", {
		cwd: ROOT,
		exclude: ["test/support/tuf/**"],
	});
	const imports = files.flatMap((file) =>
		Array.from(textOf(file).matchAll(/ from "([\w@][^":]*)";/g), ([, name = ""]) => name),
	);
	return [...new Set(imports)].filter((name) => name !== "vitest");
}

const ONLY_LONG = ".long.test.ts";

/** Files with a law, or with something that is tried so many times, and those that only long runs have. */
function isTriedForLonger(file: string): boolean {
	return file.endsWith(ONLY_LONG) || / from "(fast-check|[./\w-]*\/support\/runs\.ts)";/.test(textOf(file));
}

export default defineConfig(({ mode }) => {
	const isLong = mode === "long";

	/** @param kinds folders of tests */
	const filesIn = (...kinds: string[]) => {
		const patterns = kinds.map((kind) => `test/${kind}/**/*.test.ts`);
		if (!isLong) return { include: patterns, exclude: [`**/*${ONLY_LONG}`] };
		return { include: globSync(patterns, { cwd: ROOT }).filter(isTriedForLonger) };
	};
	const provide = { isLong, lawsSeed: LAWS_SEED, isLongLaw: false };
	/** How long a test may take before it counts as one that hangs: many times what it takes, since others may share the machine. */
	const patience = (ms: number) => ({
		testTimeout: isLong ? LONG_TIMEOUT_MS : ms,
		hookTimeout: isLong ? LONG_TIMEOUT_MS : ms,
	});

	return {
		test: {
			silent: "passed-only",
			// Also on two cores, where one would be left idle.
			maxWorkers: 2,
			projects: [
				// Rules keep no state, so their files can share a process.
				{
					// The simulation runs the objects outside workerd.
					resolve: { alias: { "cloudflare:workers": join(ROOT, "test/simulation/durable-object.ts") } },
					test: {
						name: "unit",
						...filesIn("unit", "vectors", "simulation", "linearizability"),
						...patience(60_000),
						isolate: false,
						provide: { ...provide, isLongLaw: isLong },
						setupFiles: ["test/support/laws.ts", "test/support/equal-bytes.ts"],
					},
				},
				{
					plugins: [
						cloudflareTest({
							wrangler: { configPath: "./dev/wrangler.toml" },
							miniflare: {
								bindings: {
									...TEST_SECRETS,
									ISSUER: "https://updates.test",
									MTLS_ORIGIN: "https://mtls.updates.test",
									CLIENT_CERT_SECRET: TEST_PROXY_SECRET,
									LOG_SAMPLE_RATE: "1",
									HISTORY_SINK: "off",
								},
							},
						}),
					],
					test: {
						name: "workers",
						...filesIn("workers"),
						// The first request of a file loads the service.
						...patience(60_000),
						// To start workerd takes longer than most files: they share one, which is emptied before each of them.
						isolate: false,
						provide,
						setupFiles: [
							"test/support/laws.ts",
							"test/workers/support/fresh-runtime.ts",
							"test/workers/support/lines-of-failed-tests.ts",
						],
						// Each package as one module, as in production, in place of the hundreds that some have.
						deps: { optimizer: { ssr: { enabled: true, include: importedPackages() } } },
					},
				},
				{
					test: {
						name: "e2e",
						...filesIn("e2e"),
						globalSetup: "test/e2e/support/bundle.ts",
						// They start processes by the dozen.
						...patience(240_000),
						// What starts a service is loaded once per process; each file has services and folders of its own.
						isolate: false,
						provide,
						// They mostly wait: for servers to start, for stores to lag. After the others, which do not.
						maxWorkers: 3,
						sequence: { groupOrder: 1 },
						// The command line is started again and again; most of that is compiling.
						env: { NODE_COMPILE_CACHE: join(ROOT, "node_modules/.cache/node") },
					},
				},
			],
		},
	};
});
