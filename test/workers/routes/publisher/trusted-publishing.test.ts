// Publishing from CI without an API key: who may be trusted, what a run gets for its ID token, what it can do with that, and until when.
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { PUBLISH_TOKEN_SECONDS } from "../../../../src/signing/sealed/publish-token.ts";
import {
	type CiSigner,
	createCiSigner,
	GITHUB,
	GITHUB_PUBLISHER,
	GITLAB,
	GITLAB_PUBLISHER,
	githubClaims,
	gitlabClaims,
	type TokenOptions,
} from "../../../support/ci-tokens.ts";
import { makePackage } from "../../../support/fleet.ts";
import { newAddress } from "../../../support/fresh-names.ts";
import { ISSUER, operate, operated } from "../../../support/service.ts";
import { Edge } from "../../support/edge.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newProduct, tampered } from "../../support/fixtures.ts";
import { SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const clock = useFrozenClock();
const now = () => Math.floor(Date.now() / 1_000);

let signer: CiSigner;
beforeAll(async () => {
	signer = await createCiSigner();
});

let product: string;
let edge: Edge;
/** URLs that the service has asked */
let asked: string[];
let keys: () => Response;
beforeEach(async () => {
	asked = [];
	keys = () => Response.json(signer.jwks);
	vi.restoreAllMocks();
	vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
		asked.push(new Request(input, init).url);
		return keys();
	});
	product = await newProduct();
	edge = new Edge();
});

const trust = (publisher: object = GITHUB_PUBLISHER) =>
	operated<{ id: string; subject: string }>("POST", `/v1/products/${product}/publishers`, publisher);
const idToken = (options: Partial<TokenOptions> = {}) =>
	signer.sign({ aud: `${ISSUER}/v1/products/${product}`, now: now(), ...options });

function exchange(token: string, more: Record<string, string> = {}, of = product): Promise<Response> {
	const form = {
		grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
		subject_token: token,
		subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
		...more,
	};
	const body = new URLSearchParams(form).toString();
	const headers = {
		...{ "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) },
		"cf-connecting-ip": newAddress(),
	};
	return edge.send(`/oauth2/products/${of}/token`, { method: "POST", headers, body });
}

async function tokenOf(options: Partial<TokenOptions> = {}): Promise<string> {
	const answer = await exchange(await idToken(options));
	expect(answer.status).toBe(200);
	return (await answer.json<{ access_token: string }>()).access_token;
}

async function put(token: string, version: string, of = product): Promise<Response> {
	const { bytes, digest } = await makePackage(`rules ${version}`);
	const headers = { authorization: `Bearer ${token}`, "content-length": String(bytes.length), "repr-digest": digest };
	return edge.send(`/v1/products/${of}/releases/${version}/package`, { method: "PUT", headers, body: bytes });
}

const release = (token: string, version: string, body: object = {}, of = product) =>
	edge.sendJson("PUT", `/v1/products/${of}/releases/${version}`, token, body);
const eventsOf = async (type: string) =>
	(await operated<{ events: Record<string, unknown>[] }>("GET", `/v1/products/${product}/events?type=${type}`)).events;

describe("a run of a trusted publisher", () => {
	test("uploads and releases with what it gets for its ID token, and the trail says who and which run", async () => {
		const { id, subject } = await trust();
		const answer = await exchange(await idToken());
		expect(await answer.json()).toEqual({
			access_token: expect.stringMatching(/^[\w.-]+$/),
			issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
			token_type: "Bearer",
			expires_in: 900,
			scope: `publish:${product} propose:${product}`,
		});
		expect(answer.headers.get("cache-control")).toBe("no-store");
		expect(asked).toEqual([`${GITHUB}/.well-known/jwks`]);
		const token = await tokenOf();
		expect((await put(token, "4.27.0")).status).toBe(201);
		expect((await release(token, "4.27.0")).status).toBe(201);
		const run = "run 30433642 of refs/tags/v4.27.0 at 7fd1a60b01f91b314f59955a4e4d4e80d8edf11d, environment production";
		expect(subject).toBe("github:Acme/rules//release.yml");
		expect((await eventsOf("publisher.token"))[0]).toMatchObject({ actor: subject, subject: id, detail: run, key: id });
		for (const type of ["package.add", "release.publish"])
			expect(await eventsOf(type)).toMatchObject([{ actor: subject, key: id, run, subject: "4.27.0" }]);
	});

	test("of GitLab likewise, by GitLab's keys", async () => {
		await trust(GITLAB_PUBLISHER);
		const token = await tokenOf({ iss: GITLAB, claims: gitlabClaims() });
		expect((await put(token, "1.0.0")).status).toBe(201);
		expect(asked).toEqual([`${GITLAB}/oauth/discovery/keys`]);
	});

	test("keeps its token for 900 seconds, also while it uploads", async () => {
		await trust();
		const token = await tokenOf();
		clock.moveTo((PUBLISH_TOKEN_SECONDS - 1) * SECOND);
		expect((await put(token, "1.0.0")).status).toBe(201);
		clock.moveTo(PUBLISH_TOKEN_SECONDS * SECOND);
		await expectProblem(await put(token, "1.0.1"), "unauthenticated");
	});

	test("has nothing any more once its publisher is removed, and nothing again when it is added anew", async () => {
		const { id } = await trust();
		const [token, unused] = [await tokenOf(), await idToken()];
		expect((await operate("DELETE", `/v1/products/${product}/publishers/${id}`)).status).toBe(204);
		await expectProblem(await put(token, "1.0.0"), "unauthenticated");
		await expectOAuthError(await exchange(unused), 400, "invalid_request");
		await trust();
		await expectProblem(await put(token, "1.0.0"), "unauthenticated");
		expect((await put(await tokenOf(), "1.0.0")).status).toBe(201);
	});

	test("touches no other product", async () => {
		const own = product;
		await trust();
		const token = await tokenOf();
		product = await newProduct();
		await trust();
		await expectProblem(await put(token, "1.0.0"), "insufficient_scope");
		await expectProblem(await release(token, "1.0.0"), "insufficient_scope");
		// Nor does its ID token, which names the product that it is for.
		const answer = await exchange(await idToken({ aud: `${ISSUER}/v1/products/${own}` }));
		const { error_description: said } = await expectOAuthError(answer, 400, "invalid_request");
		expect(said).toBe(`aud of the ID token must be ${ISSUER}/v1/products/${product} alone`);
	});

	test("gives no word on what it has released, nor on anything else, and chooses no plan", async () => {
		await operate("PATCH", `/v1/products/${product}`, { plan: "standard", two_people: true });
		await trust();
		const token = await tokenOf();
		await put(token, "1.0.0");
		await expectProblem(await release(token, "1.0.0", { plan: "immediate" }), "insufficient_scope");
		for (const unusual of [{ allow_older: true }, { allow_size: "it is meant" }]) {
			const body = await expectProblem(await release(token, "1.0.0", unusual), "insufficient_scope");
			expect(body["required_scope"]).toBe(`release:${product}`);
		}
		const reused = await edge.send(`/v1/products/${product}/releases/1.0.0/rule-index?allow_reused=true`, {
			method: "PUT",
			headers: {
				authorization: `Bearer ${token}`,
				"content-length": "2",
				"repr-digest": (await makePackage("{}")).digest,
			},
			body: "{}",
		});
		await expectProblem(reused, "insufficient_scope");
		const made = await (await release(token, "1.0.0")).json<{ rollout: { phase: string; evidence: string } }>();
		expect(made.rollout.phase).toBe("waiting");
		const path = `/v1/products/${product}/releases/1.0.0`;
		const { sha256 } = await makePackage("rules 1.0.0");
		const word = { kind: "approve", evidence: made.rollout.evidence, sha256 };
		await expectProblem(await edge.sendJson("POST", `${path}/rollout/words`, token, word), "insufficient_scope");
		for (const path of ["rollout/halt", "withdraw", "promote"])
			await expectProblem(
				await edge.sendJson("POST", `/v1/products/${product}/releases/1.0.0/${path}`, token, {}),
				"insufficient_scope",
			);
		// A person's is another's.
		const evidence = (await operated<{ evidence: string }>("GET", `${path}/rollout`)).evidence;
		expect((await operate("POST", `${path}/rollout/words`, { ...word, evidence })).status).toBe(200);
	});

	test("opens what publishing takes, and of all other routes none", async () => {
		await trust();
		const token = await tokenOf();
		const { paths } = await (await edge.send("/openapi.json")).json<{
			paths: Record<string, Record<string, { operationId: string; "x-scopes"?: string[] }>>;
		}>();
		const opened: string[] = [];
		const named: string[] = [];
		for (const [path, operations] of Object.entries(paths)) {
			for (const [method, { operationId, "x-scopes": scopes }] of Object.entries(operations)) {
				if (scopes === undefined) continue;
				if (scopes.some((scope) => /^(publish|propose):/.test(scope))) named.push(operationId);
				const filled = path.replace("{product}", product).replaceAll(/\{\w+\}/g, "1.0.0");
				const body = method === "get" || method === "delete" ? undefined : {};
				const { status } = await edge.sendJson(method.toUpperCase(), filled, token, body);
				if (status !== 401 && status !== 403) opened.push(operationId);
			}
		}
		expect(opened).toEqual(named);
		expect(opened).toEqual(expect.arrayContaining(["uploadPackage", "uploadDelta", "publishRole", "publishRelease"]));
		for (const persons of ["approveRollout", "haltRollout", "promoteRelease", "withdrawRelease", "disableRules"])
			expect(opened).not.toContain(persons);
	});
});

describe("an ID token is worth nothing", () => {
	test("a second time, nor of fifty at the same moment more than once", async () => {
		await trust();
		const token = await idToken();
		expect((await exchange(token)).status).toBe(200);
		const { error_description: said } = await expectOAuthError(await exchange(token), 400, "invalid_request");
		expect(said).toContain("used before");
		const other = await idToken();
		const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(other)));
		expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
		expect(await eventsOf("publisher.token")).toHaveLength(2);
	});

	test("a second time for as long as it would be taken, whatever came in between", async () => {
		await trust();
		const token = await idToken();
		expect((await exchange(token)).status).toBe(200);
		clock.moveTo(355 * SECOND);
		expect((await exchange(await idToken())).status).toBe(200);
		await expectOAuthError(await exchange(token), 400, "invalid_request");
		clock.moveTo(361 * SECOND);
		const { error_description: said } = await expectOAuthError(await exchange(token), 400, "invalid_request");
		expect(said).toContain("too old");
	});

	test("of a time to come is told that its issuer's clock is ahead", async () => {
		await trust();
		const token = await idToken({ claims: { ...githubClaims(), iat: now() + 120, nbf: now() + 115 } });
		const { error_description: said } = await expectOAuthError(await exchange(token), 400, "invalid_request");
		expect(said).toContain("clock is ahead");
	});

	test.each([
		["workflow", "workflow: other.yml", { workflow: "other.yml" }],
		["ref", "ref: refs/heads/tags/v1", { ref: "refs/heads/tags/v1" }],
		["environment", "environment: none", { environment: undefined }],
	])("from the own repository, of another %s, and is told so", async (_, told, changed) => {
		await trust();
		const { workflow = "release.yml", ref = "refs/tags/v4.27.0" } = changed as Record<string, string>;
		const workflow_ref = `Acme/rules/.github/workflows/${workflow}@${ref}`;
		const claims = githubClaims({ ref, workflow_ref, job_workflow_ref: workflow_ref, ...changed, workflow: "release" });
		const answer = await exchange(await idToken({ claims }));
		const { error_description: said } = await expectOAuthError(answer, 400, "invalid_request");
		expect(said).toBe(`${product} trusts Acme/rules, but not this ${told}`);
	});

	test.each([
		["repository of that name with another number", { repository_id: "5" }],
		["owner", { repository_owner_id: "5" }],
	])("of another %s, who learns nothing of the publishers", async (_, changed) => {
		const said = async () => {
			const answer = await exchange(await idToken({ claims: githubClaims(changed) }));
			return (await expectOAuthError(answer, 400, "invalid_request")).error_description;
		};
		const before = await said();
		expect(before).toContain(`${product} has no trusted publisher for the repository Acme/rules (`);
		await trust();
		expect(await said()).toBe(before);
	});

	test("of a fork's pull request, whoever's workflow it is", async () => {
		await trust();
		const claims = githubClaims({
			event_name: "pull_request",
			ref: "refs/pull/7/merge",
			head_ref: "x",
			base_ref: "main",
		});
		const answer = await exchange(await idToken({ claims }));
		expect((await expectOAuthError(answer, 400, "invalid_request")).error_description).toContain("pull_request");
	});

	test("of an issuer that nobody trusts, which is asked for nothing", async () => {
		await trust();
		for (const iss of [
			"https://evil.example",
			`${GITHUB}.evil.example`,
			"http://169.254.169.254",
			GITHUB.toUpperCase(),
		])
			await expectOAuthError(await exchange(await idToken({ iss })), 400, "invalid_request");
		const header = { kid: "k2", jku: "https://evil.example/keys" };
		await expectOAuthError(await exchange(await idToken({ header })), 400, "invalid_request");
		expect(asked.filter((url) => !url.startsWith(`${GITHUB}/`))).toEqual([]);
	});

	test("for a product that does not exist, or that trusts nobody", async () => {
		await expectOAuthError(await exchange(await idToken()), 400, "invalid_request");
		const aud = `${ISSUER}/v1/products/none-of-it`;
		await expectOAuthError(await exchange(await idToken({ aud }), {}, "none-of-it"), 400, "invalid_request");
	});
});

test("while the issuer's keys cannot be had it is asked for later, and the same token is good then", async () => {
	await trust();
	const token = await idToken();
	const well = keys;
	keys = () => new Response("", { status: 500 });
	for (let round = 0; round < 3; round++) {
		const answer = await exchange(token);
		await expectOAuthError(answer, 503, "temporarily_unavailable");
		expect(answer.headers.get("retry-after")).toBe("10");
	}
	expect(asked).toHaveLength(1);
	keys = well;
	clock.moveTo(10 * SECOND);
	expect((await exchange(token)).status).toBe(200);
});

describe("the form", () => {
	test.each<[string, Record<string, string>, string]>([
		["another grant", { grant_type: "client_credentials" }, "unsupported_grant_type"],
		["no grant", { grant_type: "" }, "invalid_request"],
		["no token", { subject_token: "" }, "invalid_request"],
		["a token of another type", { subject_token_type: "urn:ietf:params:oauth:token-type:jwt" }, "invalid_request"],
		[
			"another type wanted",
			{ requested_token_type: "urn:ietf:params:oauth:token-type:refresh_token" },
			"invalid_request",
		],
		["a secret beside it", { client_secret: "x" }, "invalid_request"],
		["an actor", { actor_token: "x" }, "invalid_request"],
		["garbage", { subject_token: "garbage" }, "invalid_request"],
		["a token in another script", { subject_token: "\u0430.\u0430.\u0430" }, "invalid_request"],
		["a long token", { subject_token: "a".repeat(8_193) }, "invalid_request"],
	])("with %s is refused, and nobody is asked", async (_, more, error) => {
		await expectOAuthError(await exchange(await idToken(), more), 400, error);
		expect(asked).toEqual([]);
	});
});

describe("a token to publish with", () => {
	test("that was changed, or is of another kind, opens nothing", async () => {
		await trust();
		const token = await tokenOf();
		for (const text of [tampered(token), `${token}x`, token.slice(0, -1), tampered(token, 2), tampered(token, 12)])
			await expectProblem(await put(text, "1.0.0"), "unauthenticated");
		await expectProblem(await put(await idToken(), "1.0.0"), "unauthenticated");
	});

	test("is no device's, and signs nobody in to the console", async () => {
		await trust();
		const token = await tokenOf();
		await expectProblem(await edge.sendJson("GET", "/v1/check", token), "unauthenticated");
		await expectProblem(await edge.sendJson("POST", "/console/links", token, {}), "unauthenticated");
	});
});
