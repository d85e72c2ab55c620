// Three tiers (design: docs/architecture.md): plain Node, inside workerd, and the whole service from outside.
import { globSync, readFileSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { TEST_SECRETS } from "./test/support/secrets.ts";

/** The packages that the Worker and its tests import, each as it is written ("hono", "hono/factory"). */
function importedPackages(): string[] {
	const files = globSync("{src,test/workers,test/support}/**/*.ts", { cwd: import.meta.dirname });
	const texts = files.map((file) => readFileSync(`${import.meta.dirname}/${file}`, "utf8"));
	const names = texts.flatMap((text) => Array.from(text.matchAll(/ from "([\w@][^":]*)";/g), ([, name = ""]) => name));
	return [...new Set(names)].filter((name) => name !== "vitest");
}

export default defineConfig({
	test: {
		silent: "passed-only",
		// Also on two cores, where one would be left idle.
		maxWorkers: 2,
		projects: [
			// Rules keep no state, so their files can share a process.
			{
				// The simulation runs the objects outside workerd.
				resolve: {
					alias: { "cloudflare:workers": new URL("./test/simulation/durable-object.ts", import.meta.url).pathname },
				},
				test: {
					name: "unit",
					isolate: false,
					include: [
						"test/unit/**/*.test.ts",
						"test/vectors/**/*.test.ts",
						"test/simulation/**/*.test.ts",
						"test/linearizability/**/*.test.ts",
					],
				},
			},
			{
				plugins: [
					cloudflareTest({
						wrangler: { configPath: "./wrangler.toml" },
						miniflare: { bindings: { ...TEST_SECRETS, ISSUER: "https://updates.test", LOG_SAMPLE_RATE: "1" } },
					}),
				],
				test: {
					name: "workers",
					include: ["test/workers/**/*.test.ts"],
					// To start workerd takes longer than most files: they share one, which is emptied before each of them.
					isolate: false,
					setupFiles: ["test/workers/support/fresh-runtime.ts"],
					// Each package as one module, as in production, in place of the hundreds that some have.
					deps: { optimizer: { ssr: { enabled: true, include: importedPackages() } } },
					// The first request of a file loads the service, which takes seconds on a busy machine.
					testTimeout: 30_000,
					hookTimeout: 30_000,
				},
			},
			{
				test: {
					name: "e2e",
					include: ["test/e2e/**/*.test.ts"],
					testTimeout: 60_000,
					hookTimeout: 60_000,
					// They mostly wait: for servers to start, for stores to lag. After the others, which do not.
					maxWorkers: 3,
					sequence: { groupOrder: 1 },
					// The command line is started again and again; most of that is compiling.
					env: { NODE_COMPILE_CACHE: `${import.meta.dirname}/node_modules/.cache/node` },
				},
			},
		],
	},
});
