// `parapet demo` of the packed command line: what it starts is the repository's own service.
import type { Command } from "commander";
import { CliError } from "../../cli/errors.ts";

export function defineDemo(demo: Command): void {
	demo
		.allowUnknownOption()
		.allowExcessArguments()
		.action(() => {
			throw new CliError("the demo starts the service from its sources, which are not in this package", {
				code: "needs_sources",
				fix: "clone the repository, and run npm start there",
			});
		});
}
