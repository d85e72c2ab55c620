// Has redocly's linter read the API's description by its recommended rules. Fails at a warning too. Nothing goes over the network.
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../../src/app.ts";
import { describeApi } from "../../src/routes/description/describe-api.ts";

const LINTER = join(import.meta.dirname, "../../node_modules/@redocly/cli/bin/cli.js");

const folder = await mkdtemp(join(tmpdir(), "parapet-api-"));
try {
	const document = join(folder, "openapi.json");
	await writeFile(document, JSON.stringify(describeApi(createApp()), null, 1));
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		[LINTER, "lint", document, "--extends=recommended", "--format=stylish"],
		{
			cwd: folder,
			encoding: "utf8",
			env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true", NO_COLOR: "1" },
		},
	);
	const output = stdout + stderr;
	const isClean = status === 0 && /is valid/.test(output) && !/warning/i.test(output);
	if (isClean) console.log("api description: redocly finds nothing");
	else console.error(output);
	process.exitCode = isClean ? 0 : 1;
} finally {
	await rm(folder, { recursive: true, force: true });
}
