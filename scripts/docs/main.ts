// Generates the reference documents from what the service validates with and answers from. `--check` writes nothing and
// fails where a document differs. Either way it fails where a link of any document leads nowhere.
import { readFile, writeFile } from "node:fs/promises";
import { entitlementCodes, errors, events, history, streamSchema } from "./catalogues.ts";
import { httpApi } from "./http-api.ts";
import { findBrokenLinks } from "./links.ts";
import { fillTables } from "./protocol-tables.ts";

const PROTOCOL = "docs/protocol.md";

const documents = {
	"docs/http-api.md": httpApi(),
	"docs/errors.md": errors(),
	"docs/entitlement-codes.md": entitlementCodes(),
	"docs/events.md": events(),
	"docs/history.md": history(),
	"infra/pipelines/stream-schema.json": streamSchema(),
	[PROTOCOL]: fillTables(await readFile(PROTOCOL, "utf8")),
};

const isCheck = process.argv.includes("--check");
let stale = 0;
for (const [path, text] of Object.entries(documents)) {
	const present = await readFile(path, "utf8").catch(() => "");
	if (present === text) continue;
	stale += 1;
	if (isCheck) console.error(`${path} is not in sync with the source: run \`npm run docs\``);
	else await writeFile(path, text);
}
console.log(isCheck ? `docs: ${stale === 0 ? "in sync" : `${stale} out of sync`}` : `docs: ${stale} written`);
const broken = await findBrokenLinks();
for (const line of broken) console.error(line);
process.exitCode = (isCheck && stale > 0) || broken.length > 0 ? 1 : 0;
