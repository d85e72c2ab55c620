// Trusted publishing from outside: the real service, the real command line as it runs in a job of CI, and an issuer behind HTTP.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type CiSigner, createCiSigner, githubClaims, gitlabClaims } from "../support/ci-tokens.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "./support/service.ts";

let signer: CiSigner;
let origin: string;
/** What the runner was asked for, and paths of which keys were asked. */
const audiences: string[] = [];
const asked: string[] = [];
let claims: Readonly<Record<string, unknown>> = githubClaims();

const nowSeconds = () => Math.floor(Date.now() / 1_000);
const keysOf: Readonly<Record<string, (response: ServerResponse) => void>> = {
	"/github": (response) => response.end(JSON.stringify(signer.jwks)),
	"/gitlab": (response) => response.end(JSON.stringify(signer.jwks)),
	"/redirects": (response) => response.writeHead(302, { location: `${origin}/github/.well-known/jwks` }).end(),
	"/large": (response) => response.end(JSON.stringify({ ...signer.jwks, padding: "x".repeat(10_000_000) })),
	"/silent": () => {},
	"/down": (response) => response.destroy(),
};

const server = createServer(async (request, response) => {
	const url = new URL(request.url ?? "/", origin);
	if (url.pathname === "/id-token") {
		const aud = url.searchParams.get("audience") ?? "";
		audiences.push(aud);
		const value = await signer.sign({ iss: `${origin}/github`, aud, now: nowSeconds(), claims });
		return void response.end(JSON.stringify({ count: value.length, value }));
	}
	asked.push(url.pathname);
	const issuer = /^\/[a-z]+/.exec(url.pathname)?.[0] ?? "";
	keysOf[issuer]?.(response);
});

let folder: string;
let service: RunningService;
beforeAll(async () => {
	await once(server.listen(0, "127.0.0.1"), "listening");
	origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	signer = await createCiSigner();
	folder = await mkdtemp(join(tmpdir(), "parapet-ci-"));
	const issuers = Object.keys(keysOf).map((path) => `${path === "/gitlab" ? "gitlab" : "github"}:${origin}${path}`);
	service = await startService({ variables: { CI_ISSUERS: issuers.join(",") } });
});
afterAll(async () => {
	await service?.close();
	server.closeAllConnections();
	server.close();
	await rm(folder, { recursive: true, force: true });
});

async function operator(...args: string[]) {
	const env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
	const { exitCode, stdout, stderr } = await runCli([...args, "--json"], env);
	if (exitCode !== 0) throw new Error(stderr);
	return JSON.parse(stdout);
}

/** The command line in a job of GitHub Actions, which has no API key. */
const inCi = (...args: string[]) =>
	runCli([...args, "--json"], {
		...{ PARAPET_URL: service.url, GITHUB_ACTIONS: "true", PARAPET_KEY_PASSPHRASE: "a passphrase of the test" },
		...{ ACTIONS_ID_TOKEN_REQUEST_URL: `${origin}/id-token?v=2`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-runner" },
	});

const NUMBERS = ["--repository-id", "1296269", "--owner-id", "583231"];
const trust = (product: string) =>
	operator(
		...["publisher", "add", product, "--github", "Acme/rules", "--workflow", "release.yml", "--ref", "refs/tags/v*"],
		...[...NUMBERS, "--issuer", `${origin}/github`],
	);

async function packageOf(product: string, version: string): Promise<string> {
	const file = join(folder, `${product}-${version}.rules`);
	await writeFile(file, `rules ${version}\n`.repeat(100));
	return file;
}

it("a job without an API key publishes, and its product's trail names the run", async () => {
	await operator("product", "create", "crs", "--plan", "immediate");
	const { id, subject } = await trust("crs");
	const file = await packageOf("crs", "1.0.0");
	const run = await inCi("publish", file);
	expect(run).toMatchObject({ exitCode: 0 });
	expect(JSON.parse(run.stdout)).toMatchObject({ version: "1.0.0", status: "current" });
	expect(audiences).toEqual([`${service.url}/v1/products/crs`]);
	const { events } = (await (
		await fetch(`${service.url}/v1/products/crs/events`, {
			headers: { authorization: `Bearer ${service.bootstrapKey}` },
		})
	).json()) as { events: Record<string, unknown>[] };
	const told = events.filter(({ actor }) => actor === subject);
	expect(told.map(({ type }) => type)).toEqual(
		expect.arrayContaining(["publisher.token", "package.add", "release.publish"]),
	);
	for (const { key, run: ofRun } of told)
		expect([key, ofRun]).toEqual([id, expect.stringContaining("run 30433642 of refs/tags/v4.27.0 at 7fd1a60b")]);
	// Once it is removed the next run has nothing.
	await operator("publisher", "remove", "crs", id, "--yes");
	expect(await inCi("publish", await packageOf("crs", "1.0.1"))).toMatchObject({
		exitCode: 1,
		stderr: expect.stringContaining("no trusted publisher"),
	});
});

it("a product whose releases must be signed takes none from CI that its publisher's key has not signed", async () => {
	const [root, key] = [join(folder, "trust"), join(folder, "ci.key")];
	const env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
	const passphrase = { ...env, PARAPET_KEY_PASSPHRASE: "a passphrase of the test" };
	const run = async (...args: string[]) => {
		const { exitCode, stderr } = await runCli(args, passphrase, folder);
		expect([exitCode, exitCode === 0 ? "" : stderr]).toEqual([0, ""]);
	};
	await operator("product", "create", "urls", "--plan", "immediate");
	await trust("urls");
	await run("trust", "init", "--dir", root);
	await run("trust", "key", key);
	await run("trust", "delegate", "urls", "--signer", key, "--dir", root);
	await run("product", "change", "urls", "--signing", "required");
	const file = await packageOf("urls", "1.0.0");
	expect(await inCi("publish", file)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("sign") });
	expect(await inCi("publish", file, "--sign-key", key)).toMatchObject({ exitCode: 0 });
	expect(await operator("release", "list", "urls")).toMatchObject({
		releases: [{ version: "1.0.0", status: "current" }],
	});
});

it("a run of a branch is told what is not trusted, and uploads nothing", async () => {
	await operator("product", "create", "av", "--plan", "immediate");
	await trust("av");
	const ref = "refs/heads/tags/v1";
	const workflow = `Acme/rules/.github/workflows/release.yml@${ref}`;
	claims = githubClaims({ ref, workflow_ref: workflow, job_workflow_ref: workflow });
	try {
		const run = await inCi("publish", await packageOf("av", "1.0.0"));
		expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`not this ref: ${ref}`) });
	} finally {
		claims = githubClaims();
	}
	expect(await operator("release", "list", "av")).toMatchObject({ releases: [] });
});

it("a job of a GitLab of one's own publishes with the ID token in its variable", async () => {
	await operator("product", "create", "lists", "--plan", "immediate");
	await operator(
		...["publisher", "add", "lists", "--gitlab", "acme/content/rules", "--ref", "refs/tags/v*"],
		...["--repository-id", "278964", "--owner-id", "9970", "--issuer", `${origin}/gitlab`],
	);
	const config = `${origin.slice("http://".length)}/gitlab/acme/content/rules//.gitlab-ci.yml@refs/tags/v4.27.0`;
	const token = await signer.sign({
		...{ iss: `${origin}/gitlab`, aud: `${service.url}/v1/products/lists`, now: nowSeconds() },
		claims: gitlabClaims({ ci_config_ref_uri: config }),
	});
	const env = { PARAPET_URL: service.url, GITLAB_CI: "true", PARAPET_ID_TOKEN: token };
	expect(await runCli(["publish", await packageOf("lists", "1.0.0")], env)).toMatchObject({ exitCode: 0 });
	expect(asked).toContain("/gitlab/oauth/discovery/keys");
});

it.each(["redirects", "large", "silent", "down"])("keys of an issuer that %s are none: come again", async (issuer) => {
	const before = asked.length;
	const token = await signer.sign({
		iss: `${origin}/${issuer}`,
		aud: `${service.url}/v1/products/crs`,
		now: nowSeconds(),
	});
	const form = {
		grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
		subject_token: token,
		subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
	};
	const answer = await fetch(`${service.url}/oauth2/products/crs/token`, {
		method: "POST",
		body: new URLSearchParams(form),
	});
	expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
	expect(await answer.json()).toMatchObject({ error: "temporarily_unavailable" });
	expect(asked.slice(before)).toEqual([`/${issuer}/.well-known/jwks`]);
});
