// `parapet publisher …`: who is trusted by which words, and the numbers that are asked of GitHub and GitLab.
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "../../support/run-cli.ts";
import { NOW_MS, type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { refuse, type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

let operator: ScriptedOperator;
let provider: ScriptedServer;
let folder: string;
beforeEach(async () => {
	operator = await startScriptedOperator();
	provider = await startScriptedServer(() => ({ body: {} }));
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(async () => {
	await Promise.all([operator.close(), provider.close(), rm(folder, { recursive: true })]);
});

const PUBLISHER = { id: "pub-01234567", subject: "github:Acme/rules//release.yml" };
const runWith = (env: Record<string, string>, ...args: string[]) =>
	runCli(args, { PARAPET_URL: operator.server.url, ...env }, "/nonexistent", {
		nowMs: () => NOW_MS,
		sleep: async () => {},
	});
const add = (...args: string[]) =>
	runWith({ PARAPET_KEY: "pk_0", GITHUB_API_URL: provider.url }, "publisher", "add", "crs", ...args);
const TAGS = ["--workflow", "release.yml", "--ref", "refs/tags/v*"];

describe("publisher add", () => {
	it("asks GitHub for the numbers, and takes the name as GitHub writes it", async () => {
		provider.answer = () => ({ body: { full_name: "Acme/rules", id: 1296269, owner: { id: 583231 } } });
		operator.reply({ status: 201, body: PUBLISHER });
		const run = await add("--github", "acme/rules", ...TAGS, "--environment", "production");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toContain(
			"github:Acme/rules//release.yml may publish crs from refs/tags/v*, environment production",
		);
		expect(run.stdout).toContain(`${operator.server.url}/v1/products/crs`);
		expect(provider.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
			["/repos/acme/rules", undefined],
		]);
		expect(operator.asked()).toEqual([
			[
				"POST",
				"/v1/products/crs/publishers",
				{
					...{ provider: "github", repository: "Acme/rules", repository_id: "1296269", owner_id: "583231" },
					...{ workflow: "release.yml", ref: "refs/tags/v*", environment: "production" },
				},
			],
		]);
	});

	it("asks a GitLab of one's own, whose configuration is usually .gitlab-ci.yml", async () => {
		provider.answer = () => ({ body: { path_with_namespace: "acme/a/rules", id: 7, namespace: { id: 8 } } });
		operator.reply({ status: 201, body: PUBLISHER });
		const run = await add("--gitlab", "acme/a/rules", "--ref", "refs/heads/main", "--issuer", provider.url);
		expect(run.exitCode).toBe(0);
		expect(provider.seen.map(({ path }) => path)).toEqual(["/api/v4/projects/acme%2Fa%2Frules"]);
		expect(operator.asked()[0]?.[2]).toMatchObject({
			...{ provider: "gitlab", repository_id: "7", owner_id: "8", workflow: ".gitlab-ci.yml", issuer: provider.url },
		});
	});

	it("asks nobody where both numbers are given", async () => {
		operator.reply({ status: 201, body: PUBLISHER });
		await add("--github", "Acme/rules", ...TAGS, "--repository-id", "1", "--owner-id", "2");
		expect(provider.seen).toEqual([]);
		expect(operator.asked()[0]?.[2]).toMatchObject({ repository_id: "1", owner_id: "2" });
	});

	it("says how to find the numbers of a private repository, and adds nothing", async () => {
		provider.answer = () => ({ status: 404, body: { message: "Not Found" } });
		const run = await add("--github", "acme/private", ...TAGS);
		expect(run).toMatchObject({ exitCode: 1, stdout: "" });
		expect(run.stderr).toContain("gh api repos/acme/private --jq '.id, .owner.id'");
		expect(operator.asked()).toEqual([]);
	});

	it.each([
		[["--workflow", "release.yml", "--ref", "refs/tags/v*"], "--github"],
		[["--github", "a/b", "--gitlab", "a/b", ...TAGS], "--github"],
		[["--github", "a/b", "--ref", "refs/tags/v*"], "--workflow"],
		[["--github", "a/b", "--workflow", "release.yml"], "--environment"],
		[["--github", "a/b", "--workflow", "release.yml", "--ref", "v*"], "--ref"],
		[["--github", "a/b", ...TAGS, "--repository-id", "b"], "--repository-id"],
	])("refuses %j before anybody is asked, and says what to give", async (args, said) => {
		expect(await add(...args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
		expect([operator.asked(), provider.seen]).toEqual([[], []]);
	});

	it("asks nobody on github.com for the numbers of a repository on a server of one's own", async () => {
		const own = ["--github", "a/b", ...TAGS, "--issuer", "https://ghe.example.com/_services/token"];
		const run = await runWith({ PARAPET_KEY: "pk_0" }, "publisher", "add", "crs", ...own);
		expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("GITHUB_API_URL") });
		expect(operator.asked()).toEqual([]);
	});
});

it("publisher list and remove", async () => {
	const listed = {
		...PUBLISHER,
		repository_id: "1",
		owner_id: "2",
		ref: "refs/tags/v*",
		environment: null,
		created_by: "olivia",
	};
	operator.reply({ body: { publishers: [listed] } }, { status: 204 });
	expect((await operator.run("publisher", "list", "crs")).stdout).toMatch(
		/PUBLISHER +WHO.*\npub-01234567 +github:Acme\/rules\/\/release.yml +1 +2 +refs\/tags\/v\*/,
	);
	expect((await operator.run("publisher", "remove", "crs", "pub-01234567")).stdout).toBe("pub-01234567 is removed\n");
	expect(operator.asked().at(-1)).toEqual(["DELETE", "/v1/products/crs/publishers/pub-01234567"]);
	expect((await operator.run("publisher", "remove", "crs", "../x")).exitCode).toBe(2);
});

describe("in a job of CI", () => {
	const github = () => ({
		GITHUB_ACTIONS: "true",
		ACTIONS_ID_TOKEN_REQUEST_URL: `${provider.url}/idtoken?api-version=2.0`,
		ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-runner",
	});
	const made = { body: { access_token: "k1.secret.mac", expires_in: 900 } };

	it("publisher token keeps the token in a file of its own, and prints it nowhere", async () => {
		provider.answer = () => ({ body: { value: "id.to.ken" } });
		operator.reply(made);
		const out = join(folder, "token");
		const run = await runWith(github(), "publisher", "token", "crs", "--out", out);
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toContain("publishes crs until 2026-11-20T12:15:00Z");
		expect(run.stdout).not.toContain("secret");
		expect([await readFile(out, "utf8"), (await stat(out)).mode & 0o777]).toEqual(["k1.secret.mac", 0o600]);
		const audience = encodeURIComponent(`${operator.server.url}/v1/products/crs`);
		expect(provider.seen[0]?.path).toBe(`/idtoken?api-version=2.0&audience=${audience}`);
		expect(provider.seen[0]?.headers.authorization).toBe("Bearer of-the-runner");
		const [sent] = operator.server.seen;
		expect([sent?.path, sent?.headers.authorization]).toEqual(["/oauth2/products/crs/token", undefined]);
		expect(Object.fromEntries(new URLSearchParams(sent?.body))).toEqual({
			grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
			subject_token: "id.to.ken",
			subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
		});
		// What is there is not written over.
		expect((await runWith(github(), "publisher", "token", "crs", "--out", out)).exitCode).toBe(2);
	});

	it("waits while the service cannot have the issuer's keys, and shows the same token again", async () => {
		const busy = { status: 503, headers: { "retry-after": "10" }, body: { error: "temporarily_unavailable" } };
		operator.reply(busy, busy, made);
		const env = { PARAPET_ID_TOKEN: "of.git.lab" };
		const run = await runWith(env, "publisher", "token", "crs", "--out", join(folder, "token"));
		expect(run.exitCode).toBe(0);
		expect(operator.server.seen.map(({ body }) => new URLSearchParams(body).get("subject_token"))).toEqual(
			Array(3).fill("of.git.lab"),
		);
	});

	it("says what the service says of a run that is not trusted", async () => {
		operator.reply({
			status: 400,
			body: { error: "invalid_request", error_description: "crs trusts Acme/rules, but not this ref: refs/heads/main" },
		});
		const run = await runWith({ PARAPET_ID_TOKEN: "a.b.c" }, "publisher", "token", "crs", "--out", join(folder, "t"));
		expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("but not this ref: refs/heads/main") });
	});

	it.each([
		[{ GITHUB_ACTIONS: "true" }, "id-token: write"],
		[{ GITLAB_CI: "true" }, "id_tokens"],
	])("publish says what a job %j lacks", async (env, said) => {
		const file = join(folder, "crs-1.0.0.rules");
		await writeFile(file, "rules");
		const run = await runWith(env as Record<string, string>, "publish", file);
		expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
	});

	it("publish exchanges the ID token by itself, once for a product, unless there is an API key", async () => {
		provider.answer = () => ({ body: { value: "id.to.ken" } });
		const sha256 = "02e8d7fb93a1c3a4a8a5bb7a8ac75bd6b6d9f7a0b2f0c3d4e5f60718293a4b5c";
		operator.reply(made, refuse(409, "version_exists"));
		const file = join(folder, "crs-1.0.0.rules");
		await writeFile(file, sha256);
		expect((await runWith(github(), "publish", file)).exitCode).toBe(1);
		expect(operator.server.seen.map(({ path, headers }) => [path.split("?")[0], headers.authorization])).toEqual([
			["/oauth2/products/crs/token", undefined],
			["/v1/products/crs/releases/1.0.0/package", "Bearer k1.secret.mac"],
		]);
		operator.server.seen.length = 0;
		await runWith({ ...github(), PARAPET_KEY: "pk_0" }, "publish", file);
		expect(operator.server.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer pk_0"]);
	});
});
