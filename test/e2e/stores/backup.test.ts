// A backup as an operator makes and restores it: the real command line, two real services. What the first one decided, explained and
// counted, the second does; what is cut off, altered or of another deployment is refused.
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli } from "../../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "../support/service.ts";

let folder: string;
let here: RunningService;
let account: string;
let license: string;
let code: string;
const devices: string[] = [];

interface Run {
	readonly exitCode: number;
	readonly answer: Record<string, unknown>;
	readonly error: { readonly code?: string; readonly message?: string };
}

function raw(service: RunningService, ...args: string[]) {
	return runCli([...args, "--json"], { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey }, folder);
}

async function ask(service: RunningService, ...args: string[]): Promise<Run> {
	const { exitCode, stdout, stderr } = await raw(service, ...args);
	const last = stderr.trim().split("\n").at(-1) ?? "";
	return {
		exitCode,
		answer: stdout === "" ? {} : JSON.parse(stdout),
		error: last.startsWith("{") ? JSON.parse(last).error : {},
	};
}

async function parapet(service: RunningService, ...args: string[]): Promise<Record<string, unknown>> {
	const run = await ask(service, ...args);
	expect({ args, exitCode: run.exitCode, error: run.error }).toEqual({ args, exitCode: 0, error: {} });
	return run.answer;
}

/** What operators and devices are told, without the time at which they are. */
async function told(service: RunningService): Promise<unknown> {
	const say = (...args: string[]) => parapet(service, ...args);
	// All but the seconds in which it is asked.
	const explained = async (device: string) => {
		const { at: _, install, ...rest } = await say("device", "explain", device, "--product", "crs");
		return { ...rest, install: { ...Object(install), at: null } };
	};
	const said = [
		await say("account", "list"),
		await say("license", "list", account),
		await say("license", "usage", account),
		await say("ha", "list", account),
		await say("policy", "show", account),
		await say("device", "list", account),
		await say("release", "list", "crs"),
		await say("rollout", "status", "crs", "1.1.0"),
		(await raw(service, "rollout", "log", "crs", "1.1.0")).stdout,
		await say("product", "show", "crs"),
		await say("key", "list"),
		await say("message", "list"),
		(await raw(service, "account", "events", account)).stdout,
		...(await Promise.all(devices.map((device) => explained(device)))),
	];
	const text = JSON.stringify(said, (key, value) =>
		/^(as_of|time|now|next_check_at|checked_at|generated_at)$/.test(key) ? null : value,
	);
	return JSON.parse(text.replaceAll(service.url, "https://updates.example.com"));
}

beforeAll(async () => {
	[here, folder] = await Promise.all([startService(), mkdtemp(join(tmpdir(), "parapet-backup-"))]);
	const say = (...args: string[]) => parapet(here, ...args);
	await say("product", "create", "crs", "--plan", "standard");
	for (const version of ["1.0.0", "1.1.0"]) await writeFile(join(folder, `crs-${version}.rules`), `rules ${version}`);
	await say("publish", join(folder, "crs-1.0.0.rules"), "--plan", "immediate");
	account = String((await say("account", "create", "Example"))["account"]);
	license = String(
		(await say("license", "create", account, "--products", "crs", "--seats", "3", "--ends", "30d"))["license"],
	);
	code = String((await say("code", "create", account, "--license", license, "--uses", "9"))["code"]);
	for (const name of ["one", "two", "three"]) {
		const made = await say("device", "activate", code, "--serial", `FW-${name}`, "--home", join(folder, name));
		devices.push(String(made["device"] ?? made["client_id"]));
	}
	await say("device", "update", "--home", join(folder, "one"));
	await say("device", "suspend", devices[1] ?? "", "--reason", "lost");
	await say("publish", join(folder, "crs-1.1.0.rules"));
	await say("key", "create", "ci", "--scopes", "publish:crs");
	await say("policy", "pin", account, "crs", "1.0.0");
}, 120_000);
afterAll(async () => {
	await here?.close();
	await rm(folder, { recursive: true, force: true });
});

describe("a backup", () => {
	it("makes of an empty deployment one that answers the same", async () => {
		const made = await parapet(here, "backup", "export", join(folder, "kept"));
		expect(made).toMatchObject({ format: "parapet-backup/1", issuer: here.url, moved: [] });
		const there = await startService();
		try {
			await parapet(there, "backup", "restore", join(folder, "kept"), "--dry-run");
			expect((await parapet(there, "account", "list"))["accounts"]).toEqual([]);
			await parapet(there, "backup", "restore", join(folder, "kept"));
			expect(await told(there)).toEqual(await told(here));
			const again = await ask(there, "backup", "restore", join(folder, "kept"));
			expect(again, "again").toMatchObject({ exitCode: 1, error: { code: "restored_before" } });
			await parapet(there, "record", "verify");
			// A firewall goes on where its service is now.
			await cp(join(folder, "one"), join(folder, "moved"), { recursive: true });
			for (const name of await readdir(join(folder, "moved"))) {
				const path = join(folder, "moved", name);
				if (name.endsWith(".json"))
					await writeFile(path, (await readFile(path, "utf8")).replaceAll(here.url, there.url));
			}
			expect(await parapet(there, "device", "check", "--home", join(folder, "moved"))).toBeTruthy();
			expect(
				await ask(there, "device", "activate", code, "--serial", "FW-four", "--home", join(folder, "four")),
			).toMatchObject({
				exitCode: 1,
				error: { code: "access_denied", message: expect.stringMatching(/seat/) },
			});
		} finally {
			await there.close();
		}
	}, 120_000);

	it("goes on where it was cut off, in making and in restoring", async () => {
		const [whole, cut] = [join(folder, "whole"), join(folder, "cut")];
		await parapet(here, "backup", "export", whole);
		await cp(whole, cut, { recursive: true });
		await rm(join(cut, "manifest.json"));
		const lines = (await readFile(join(cut, "objects.ndjson"), "utf8")).split("\n");
		await writeFile(join(cut, "objects.ndjson"), `${lines.slice(0, 2).join("\n")}\n${lines[2]?.slice(0, 30)}`);
		expect(await ask(here, "backup", "verify", cut, "--offline")).toMatchObject({
			exitCode: 2,
			error: { code: "usage" },
		});
		let answers = 0;
		const losing = (path: string) => path.startsWith("/v1/backup/") && ++answers % 2 === 1;
		here.lose(losing);
		expect(await parapet(here, "backup", "export", cut)).toMatchObject({ objects: lines.length - 1 });
		here.lose(undefined);
		expect(await parapet(here, "backup", "verify", cut)).toMatchObject({ differences: [] });
		const there = await startService();
		try {
			there.lose(losing);
			await parapet(there, "backup", "restore", cut);
			there.lose(undefined);
			expect(answers).toBeGreaterThan(20);
			expect(await told(there)).toEqual(await told(here));
		} finally {
			await there.close();
		}
	}, 120_000);

	it("begins anew where the deployment has gone on since it was cut off", async () => {
		const cut = join(folder, "overtaken");
		await parapet(here, "backup", "export", cut);
		await rm(join(cut, "manifest.json"));
		const { id } = await parapet(here, "key", "create", "late", "--scopes", "read");
		await parapet(here, "backup", "export", cut);
		expect(await readFile(join(cut, "directory.ndjson"), "utf8")).toContain(String(id));
		expect(await parapet(here, "backup", "verify", cut)).toMatchObject({ differences: [] });
	});

	it("is not gone on with by another deployment", async () => {
		const cut = join(folder, "of-another");
		await parapet(here, "backup", "export", cut);
		await rm(join(cut, "manifest.json"));
		await writeFile(
			join(cut, "begun.json"),
			JSON.stringify({ issuer: "https://updates.acme.net", at: new Date().toISOString() }),
		);
		expect(await ask(here, "backup", "export", cut)).toMatchObject({ exitCode: 2, error: { code: "usage" } });
	});

	describe("is refused, and nothing is restored,", () => {
		let there: RunningService;
		let kept: string;
		const alter = (file: string, from: RegExp, to: string) => async () => {
			const path = join(kept, file);
			const text = await readFile(path, "utf8");
			expect(text).toMatch(from);
			await writeFile(path, text.replace(from, to));
		};
		beforeAll(async () => {
			there = await startService();
			await parapet(here, "backup", "export", join(folder, "sound"));
		}, 60_000);
		afterAll(() => there?.close());
		it.each([
			[
				"with a byte that was changed",
				"backup_damaged",
				() => alter(join("accounts", `${account}.ndjson`), /"seats":3/, '"seats":4')(),
			],
			["without a file", "backup_damaged", () => rm(join(kept, "products", "crs.ndjson"))],
			["with a line too much", "backup_damaged", () => appendFile(join(kept, "directory.ndjson"), "{}\n")],
			["with another list of objects", "backup_damaged", alter("objects.ndjson", /"rows":/, '"rows":1')],
			["with another time", "backup_of_another", alter("manifest.json", /"made_at": "2/, '"made_at": "3')],
			["with another count", "backup_damaged", alter("manifest.json", /"rows": /, '"rows": 1')],
			["with another seal", "backup_of_another", alter("manifest.json", /"seal": "./, '"seal": "_')],
			["of a form to come", "backup_other_form", alter("manifest.json", /parapet-backup\/1/, "parapet-backup/2")],
			["without its manifest", "usage", () => rm(join(kept, "manifest.json"))],
			["that is none", "usage", () => rm(kept, { recursive: true })],
		])("%s", async (_, code, spoil) => {
			kept = join(folder, "spoilt");
			await rm(kept, { recursive: true, force: true });
			await cp(join(folder, "sound"), kept, { recursive: true });
			await spoil();
			for (const verb of [["restore"], ["verify"]]) {
				const run = await ask(there, "backup", ...verb, kept);
				expect(run).toMatchObject({ error: { code } });
				expect(run.exitCode).toBeGreaterThan(0);
			}
			expect((await parapet(there, "account", "list"))["accounts"]).toEqual([]);
		});

		it("where LOOKUP_KEY is another one", async () => {
			const other = await startService({ secrets: { LOOKUP_KEY: Buffer.alloc(32, 7).toString("base64url") } });
			try {
				const run = await ask(other, "backup", "restore", join(folder, "sound"));
				expect(run).toMatchObject({ exitCode: 1, error: { code: "backup_of_another" } });
			} finally {
				await other.close();
			}
		});

		it("where the deployment is in use", async () => {
			for (const dryRun of [[], ["--dry-run"]]) {
				const run = await ask(here, "backup", "restore", join(folder, "sound"), ...dryRun);
				expect(run).toMatchObject({ exitCode: 1, error: { code: "backup_not_empty" } });
			}
		});
	});

	it("shows what a deployment has that it has not", async () => {
		const kept = join(folder, "before");
		await parapet(here, "backup", "export", kept);
		await parapet(here, "code", "create", account, "--license", license, "--uses", "1");
		const run = await ask(here, "backup", "verify", kept);
		expect(run).toMatchObject({ exitCode: 1, error: { code: "differs" } });
		expect(run.answer["differences"]).toEqual(
			expect.arrayContaining([{ object: account, table: "codes", rows_here: 1, rows_there: 2 }]),
		);
	});
});
