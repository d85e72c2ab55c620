// Whose run a run is: all of what a publisher says must hold.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	type CiRun,
	DEFAULT_ISSUERS,
	faultsOfPublisher,
	isOwnRepository,
	judgeRun,
	mismatchOf,
	publisherSubject,
	type TrustedPublisher,
} from "../../../../src/entitlement/publishers/trusted-publisher.ts";

const PUBLISHER: TrustedPublisher = {
	...{ provider: "github", issuer: DEFAULT_ISSUERS.github, repository: "Acme/rules", repositoryId: "1296269" },
	...{ ownerId: "583231", workflow: "release.yml", ref: "refs/tags/v*", environment: "production" },
};
const RUN: CiRun = {
	...{ provider: "github", issuer: DEFAULT_ISSUERS.github, repository: "Acme/rules", repositoryId: "1296269" },
	...{ ownerId: "583231", workflow: "release.yml", ref: "refs/tags/v1", environment: "production" },
	...{ runId: "7", sha: "a".repeat(40) },
};

it("takes a run that is all of it", () => {
	expect(mismatchOf(PUBLISHER, RUN)).toBeNull();
});

it.each<[keyof TrustedPublisher, Partial<CiRun>]>([
	["issuer", { issuer: DEFAULT_ISSUERS.gitlab }],
	["repositoryId", { repositoryId: "1296270" }],
	["repositoryId", { repositoryId: "01296269" }],
	["repository", { repository: "Acme/ru\u017fes" }],
	["repository", { repository: "Acme/rules2" }],
	["repository", { repository: "\u212acme/rules" }],
	["ownerId", { ownerId: "583232" }],
	["workflow", { workflow: "Release.yml" }],
	["workflow", { workflow: "release.yaml" }],
	["ref", { ref: "refs/heads/main" }],
	["ref", { ref: "refs/heads/tags/v1" }],
	["environment", { environment: "pr\u03bfduction" }],
	["environment", { environment: "production " }],
	["environment", { environment: null }],
])("refuses another %s: %j", (part, changed) => {
	expect(mismatchOf(PUBLISHER, { ...RUN, ...changed })).toBe(part);
});

it("takes a repository and an environment of GitHub in other capitals: it knows one of either", () => {
	for (const changed of [{ repository: "acme/Rules" }, { environment: "Production" }])
		expect(mismatchOf(PUBLISHER, { ...RUN, ...changed })).toBeNull();
});

it("takes a project of GitLab in other capitals, and no environment: it has both", () => {
	const publisher: TrustedPublisher = { ...PUBLISHER, provider: "gitlab" };
	const run: CiRun = { ...RUN, provider: "gitlab" };
	expect(mismatchOf(publisher, { ...run, repository: "acme/rules" })).toBeNull();
	expect(mismatchOf(publisher, { ...run, environment: "Production" })).toBe("environment");
});

it("asks for neither ref nor environment where the publisher names none", () => {
	const open = { ...PUBLISHER, ref: null };
	expect(mismatchOf(open, { ...RUN, ref: "refs/heads/any" })).toBeNull();
	expect(mismatchOf({ ...PUBLISHER, environment: null }, { ...RUN, environment: null })).toBeNull();
});

it("of several it finds the one, and of none it says in what the nearest differs", () => {
	const other = { ...PUBLISHER, repositoryId: "1" };
	expect(judgeRun([other, PUBLISHER], RUN)).toEqual({ ok: true, publisher: PUBLISHER });
	expect(judgeRun([other, { ...PUBLISHER, ref: "refs/tags/w*" }], RUN)).toEqual({ ok: false, part: "ref" });
	expect(judgeRun([other], RUN)).toEqual({ ok: false, part: "repositoryId" });
	expect(judgeRun([], RUN)).toEqual({ ok: false, part: null });
	expect([null, "repositoryId", "repository", "ownerId"].map((part) => isOwnRepository(part as never))).not.toContain(
		true,
	);
});

it("a run is a publisher's only where every part that is named is the same: whichever is changed, it is nobody's", () => {
	const part = fc.constantFrom(...(["issuer", "repositoryId", "repository", "ownerId", "workflow"] as const));
	fc.assert(
		fc.property(part, fc.string(), (changed, value) => {
			fc.pre(value !== PUBLISHER[changed]);
			expect(judgeRun([PUBLISHER], { ...RUN, [changed]: value }).ok).toBe(false);
		}),
	);
});

describe("what may be trusted", () => {
	const { issuer: _, ...whole } = PUBLISHER;
	it.each<[string, Partial<TrustedPublisher>, string[]]>([
		["all of it", {}, []],
		["an environment alone", { ref: null }, []],
		["a ref alone", { environment: null }, []],
		["neither ref nor environment", { ref: null, environment: null }, ["ref"]],
		["a repository without its owner", { repository: "rules" }, ["repository"]],
		["a repository in a folder", { repository: "acme/a/b" }, ["repository"]],
		["a pattern for a repository", { repository: "acme/*" }, ["repository"]],
		["a path for a workflow", { workflow: ".github/workflows/release.yml" }, ["workflow"]],
		["a workflow with a ref", { workflow: "release.yml@refs/heads/main" }, ["workflow"]],
	])("%s", (_, changed, fields) => {
		expect(faultsOfPublisher({ ...whole, ...changed }).map(({ field }) => field)).toEqual(fields);
	});

	it.each<[Partial<TrustedPublisher>, string[]]>([
		[{ repository: "acme/content/rules", workflow: ".gitlab-ci.yml" }, []],
		[{ repository: "acme/rules", workflow: "ci/release.yml" }, []],
		[{ repository: "rules", workflow: ".gitlab-ci.yml" }, ["repository"]],
		[{ repository: "acme//rules", workflow: ".gitlab-ci.yml" }, ["repository"]],
		[{ repository: "acme/rules", workflow: "../release.yml" }, ["workflow"]],
	])("on GitLab %j", (changed, fields) => {
		expect(faultsOfPublisher({ ...whole, provider: "gitlab", ...changed }).map(({ field }) => field)).toEqual(fields);
	});
});

it("the trail calls it by provider, repository and workflow, and by the server where that is not the provider's own", () => {
	expect(publisherSubject(PUBLISHER)).toBe("github:Acme/rules//release.yml");
	const own = { ...PUBLISHER, issuer: "https://ghe.example.com/_services/token" };
	expect(publisherSubject(own)).toBe("github@ghe.example.com:Acme/rules//release.yml");
	const gitlab = (repository: string, workflow: string) =>
		publisherSubject({ ...PUBLISHER, provider: "gitlab", issuer: "https://gitlab.com", repository, workflow });
	expect(gitlab("a/b", "c/d.yml")).not.toBe(gitlab("a/b/c", "d.yml"));
	const elsewhere = {
		...PUBLISHER,
		provider: "gitlab" as const,
		issuer: "https://gitlab.example.com",
		workflow: "d.yml",
	};
	expect(publisherSubject({ ...elsewhere, repository: "a/b" })).not.toBe(gitlab("gitlab.example.com/a/b", "d.yml"));
});
