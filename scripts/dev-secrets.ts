// Makes the secrets of the local Worker in .dev.vars, once. `npm start` does this by itself.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDevSecrets } from "../cli/dev-secrets.ts";

const path = join(dirname(dirname(fileURLToPath(import.meta.url))), ".dev.vars");
const { added } = await ensureDevSecrets(path, Date.now());
if (added.length > 0) console.error(`made ${added.join(", ")} in ${path}`);
