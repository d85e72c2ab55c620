// `npm start` where the bootstrap key is switched off in .dev.vars: in a copy of the tree, whose files it may use and change.
import { spawn } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findFreePort } from "../../../cli/worker/port.ts";

const ROOT = join(import.meta.dirname, "../../..");

let copy: string;
beforeAll(async () => {
	copy = await mkdtemp(join(tmpdir(), "parapet-demo-off-"));
	for (const part of ["bin", "cli", "dev", "examples", "scripts", "src", "package.json", "tsconfig.json"]) {
		await cp(join(ROOT, part), join(copy, part), { recursive: true });
	}
	await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
	await writeFile(join(copy, ".dev.vars"), "BOOTSTRAP_KEY='off'\n");
});
afterAll(() => rm(copy, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));

it("the service runs, the demo is left out, and what is said names BOOTSTRAP_KEY and deletes nothing", async () => {
	const port = await findFreePort();
	const child = spawn(process.execPath, [join(copy, "bin/parapet.mjs"), "demo", "--port", String(port)], { cwd: copy });
	let said = "";
	const tell = async (text: Buffer) => {
		said += String(text);
		if (!said.includes("which makes a new key") || child.killed) return;
		answered = (await fetch(`http://127.0.0.1:${port}/.well-known/parapet`)).status;
		child.kill("SIGINT");
	};
	let answered = 0;
	child.stdout.on("data", tell);
	child.stderr.on("data", tell);
	const code = await new Promise((resolve) => child.once("close", resolve));
	expect({ code, answered, said }).toMatchObject({ code: 0, answered: 200 });
	expect(said).toContain(`BOOTSTRAP_KEY is off in ${join(copy, ".dev.vars")}`);
	expect(said).not.toMatch(/rm -r|failed|PARAPET_KEY/);
});
