// Lets plain Node load the Durable Object classes. (Under vitest an alias does: vitest.config.ts.)
import { registerHooks } from "node:module";

registerHooks({
	resolve: (specifier, context, next) =>
		specifier === "cloudflare:workers"
			? { url: new URL("./durable-object.ts", import.meta.url).href, shortCircuit: true }
			: next(specifier, context),
});
