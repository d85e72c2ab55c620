// Trusted publishers of a product: added, listed and removed by who operates, and refused where they would trust more than they say.
import { beforeEach, describe, expect, test } from "vitest";
import { GITHUB, GITHUB_PUBLISHER, GITLAB } from "../../../support/ci-tokens.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newProduct } from "../../support/fixtures.ts";
import { useFrozenClock } from "../../support/frozen-clock.ts";

const clock = useFrozenClock();

let product: string;
beforeEach(async () => {
	product = await newProduct();
});

const trust = (publisher: object = GITHUB_PUBLISHER) =>
	operated<{ id: string }>("POST", `/v1/products/${product}/publishers`, publisher);
const eventsOf = async (type: string) =>
	(await operated<{ events: Record<string, unknown>[] }>("GET", `/v1/products/${product}/events?type=${type}`)).events;

describe("publishers of a product", () => {
	const path = () => `/v1/products/${product}/publishers`;

	test("are added once, listed, and removed, and the trail has it", async () => {
		const { id } = await trust();
		const again = await operate("POST", path(), GITHUB_PUBLISHER);
		expect([again.status, (await again.json<{ id: string }>()).id]).toEqual([200, id]);
		const { publishers } = await operated<{ publishers: object[] }>("GET", path());
		expect(publishers).toEqual([
			{
				...{ ...GITHUB_PUBLISHER, id, issuer: GITHUB, subject: "github:Acme/rules//release.yml" },
				...{ created_at: clock.timeAfter(0), created_by: "bootstrap" },
			},
		]);
		await operated("DELETE", `${path()}/${id}`);
		await expectProblem(await operate("DELETE", `${path()}/${id}`), "not_found");
		expect(await operated("GET", path())).toEqual({ publishers: [] });
		const events = await eventsOf("publisher");
		expect(events.map(({ type, subject }) => [type, subject])).toEqual([
			["publisher.add", id],
			["publisher.remove", id],
		]);
		expect(events[0]?.["detail"]).toBe(
			"github:Acme/rules//release.yml, repository 1296269 of 583231, refs/tags/v*, environment production",
		);
	});

	test.each<[string, object, string]>([
		["neither ref nor environment", { ref: undefined, environment: undefined }, "ref"],
		["a short ref", { ref: "v*" }, "ref"],
		["an issuer that is not trusted", { issuer: "https://evil.example" }, "issuer"],
		["the other provider's issuer", { issuer: GITLAB }, "issuer"],
		["a repository without its number", { repository_id: undefined }, "repository_id"],
		["a number that is a name", { owner_id: "Acme" }, "owner_id"],
		["a repository that is a pattern", { repository: "Acme/*" }, "repository"],
		["a workflow that is a path", { workflow: "../x.yml" }, "workflow"],
		["a member that there is not", { audience: "x" }, ""],
	])("are not added with %s", async (_, changed, field) => {
		const body = await expectProblem(
			await operate("POST", path(), { ...GITHUB_PUBLISHER, ...changed }),
			"invalid_request",
		);
		expect(JSON.stringify(body["errors"])).toContain(`"field":"${field}"`);
		expect(await operated("GET", path())).toEqual({ publishers: [] });
	});

	test("are twenty at most", async () => {
		for (let number = 0; number < 20; number++) await trust({ ...GITHUB_PUBLISHER, workflow: `r${number}.yml` });
		await expectProblem(await operate("POST", path(), GITHUB_PUBLISHER), "conflict");
		expect((await operate("POST", path(), { ...GITHUB_PUBLISHER, workflow: "r0.yml" })).status).toBe(200);
	});

	test("of no product there are none", async () => {
		product = "none-of-it";
		await expectProblem(await operate("GET", path()), "not_found");
		await expectProblem(await operate("POST", path(), GITHUB_PUBLISHER), "not_found");
		await expectProblem(await operate("DELETE", `${path()}/pub-00000000`), "not_found");
	});
});
