// Making and revoking API keys: who made which, until when, for what.
import { expect, test } from "vitest";
import { createProduct } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { serviceWith } from "../../support/fixtures.ts";

interface Made {
	readonly id: string;
	readonly key: string;
	readonly expires_at: string | null;
	readonly created_by: string;
}
async function make(by: string | undefined, body: Record<string, unknown> = {}): Promise<Made> {
	const answer = await operate("POST", "/v1/keys", { subject: "olivia", scopes: ["operate"], ...body }, by);
	expect(answer.status).toBe(201);
	return (await answer.json()) as Made;
}

test("a key says who made it, and ends no later than its maker", async () => {
	const ends = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000).toISOString().replace(".000Z", "Z");
	const parent = await make(undefined, { expires_at: ends });
	expect(parent).toMatchObject({ created_by: "bootstrap", expires_at: ends });
	expect(await make(parent.key)).toMatchObject({ created_by: parent.id, expires_at: ends });
	for (const later of [null, "2199-01-01T00:00:00Z"]) {
		const answer = await operate("POST", "/v1/keys", { subject: "a", scopes: ["read"], expires_at: later }, parent.key);
		expect((await expectProblem(answer, "invalid_request"))["detail"]).toContain(ends);
	}
	const { keys } = await operated<{ keys: Made[] }>("GET", "/v1/keys");
	expect(keys.filter((one) => one.created_by === parent.id)).toHaveLength(1);
});

test("revoking ends a key alone, or on request whatever came from it", async () => {
	const parent = await make(undefined);
	const child = await make(parent.key);
	const grandchild = await make(child.key);
	const other = await make(undefined);
	const revoked = async () => {
		const { keys } = await operated<{ keys: { id: string; revoked: boolean }[] }>("GET", "/v1/keys");
		return [parent, child, grandchild, other].map(({ id }) => keys.find((one) => one.id === id)?.revoked);
	};
	await operated("DELETE", `/v1/keys/${parent.id}`);
	expect(await revoked()).toEqual([true, false, false, false]);
	await operated("DELETE", `/v1/keys/${parent.id}?cascade=true`);
	expect(await revoked()).toEqual([true, true, true, false]);
});

test("a key that is revoked makes no other, not even where an edge has not heard of it", async () => {
	const parent = await make(undefined);
	// This edge remembers the key for ten seconds.
	const edge = serviceWith({ DEVICE_FRESH_SECONDS: "10" });
	const ask = (method: string, body?: string) =>
		edge("/v1/keys", {
			method,
			headers: {
				authorization: `Bearer ${parent.key}`,
				...(body !== undefined && { "content-type": "application/json", "content-length": String(body.length) }),
			},
			...(body !== undefined && { body }),
		});
	const child = JSON.stringify({ subject: "thief", scopes: ["operate"] });
	expect((await ask("POST", child)).status).toBe(201);
	await operated("DELETE", `/v1/keys/${parent.id}?cascade=true`);
	expect((await ask("GET")).status).toBe(200);
	await expectProblem(await ask("POST", child), "unauthenticated");
	const { keys } = await operated<{ keys: (Made & { revoked: boolean })[] }>("GET", "/v1/keys");
	expect(keys.filter((one) => one.created_by === parent.id).map(({ revoked }) => revoked)).toEqual([true]);
});

test("a scope for a product that does not exist is refused, with the one that was meant", async () => {
	await createProduct("key-scopes-of-rules");
	const scopes = ["operate", "release:key-scopes-of-rulez"];
	const body = await expectProblem(await operate("POST", "/v1/keys", { subject: "ci", scopes }), "invalid_request");
	expect(JSON.stringify(body["errors"])).toContain("did you mean key-scopes-of-rules?");
	expect(body["errors"]).toMatchObject([{ field: "scopes.1" }]);
});

test.each(["operate", "read", "lifecycle"])(
	"a scope %s for an id that no account has been given is refused",
	async (kind) => {
		const scopes = ["read", `${kind}:acct-0000000000000000`];
		const body = await expectProblem(await operate("POST", "/v1/keys", { subject: "ci", scopes }), "invalid_request");
		expect(body["errors"]).toEqual([{ field: "scopes.1", message: "is no account's id" }]);
	},
);

test.each(["bootstrap", "Service", "dev-ops", "acct-1", "key-1"])("nobody is called %s", async (subject) => {
	await expectProblem(await operate("POST", "/v1/keys", { subject, scopes: ["read"] }), "invalid_request");
});

test("a bootstrap key that is switched off opens nothing; keys that were made before go on, and the status says so", async () => {
	const { key } = await make(undefined);
	const withoutBootstrap = serviceWith({ BOOTSTRAP_KEY: "off" });
	const as = (credentials: string) =>
		withoutBootstrap("/v1/status", { headers: { authorization: `Bearer ${credentials}` } });
	for (const tried of [TEST_SECRETS.BOOTSTRAP_KEY, "off", "null"])
		await expectProblem(await as(tried), "unauthenticated");
	const { keys } = (await (await as(key)).json()) as { keys: { bootstrap: string; operate: number } };
	expect(keys.bootstrap).toBe("off");

	const on = async () => (await operated<{ keys: unknown }>("GET", "/v1/status")).keys;
	expect(await on()).toEqual({ bootstrap: "on", operate: keys.operate });
	const ended = await make(undefined);
	await make(undefined, { scopes: ["read"] });
	expect(await on()).toEqual({ bootstrap: "on", operate: keys.operate + 1 });
	await operated("DELETE", `/v1/keys/${ended.id}`);
	expect(await on()).toEqual({ bootstrap: "on", operate: keys.operate });
});
