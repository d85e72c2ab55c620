// Where the objects of accounts live: chosen when an account is made, and in every call of them that follows.
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import worker from "../../../../../src/worker.ts";
import { newAddress } from "../../../../support/fresh-names.ts";
import { ISSUER, operate, operatorRequest } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";

/** Only production takes jurisdictions, and none of the tests' secrets. */
const PRODUCTION = {
	...{ ENVIRONMENT: "production", MAC_KEYS: `k1:${"A".repeat(43)}`, LOOKUP_KEY: "A".repeat(43) },
	BOOTSTRAP_KEY: `operator-${"c".repeat(32)}`,
};

type Asked = readonly [namespace: string, place: string | null];
let asked: Asked[] = [];
beforeEach(() => {
	asked = [];
});

function watched<T extends DurableObjectNamespace>(name: string, namespace: T, within: string | null = null): T {
	return new Proxy(namespace, {
		get(target, property) {
			if (property === "getByName")
				return (object: string, options?: DurableObjectNamespaceGetDurableObjectOptions) => {
					asked.push([name, options?.locationHint ?? within]);
					return target.getByName(object, options);
				};
			// workerd has no jurisdictions: its objects stand in for those of the platform.
			if (property === "jurisdiction") return (which: DurableObjectJurisdiction) => watched(name, target, which);
			return Reflect.get(target, property);
		},
	});
}

const NAMESPACES = ["ACCOUNT", "PRODUCT", "DIRECTORY", "REPLAY_GUARD", "CENSUS", "TRUST"] as const;

/** The service with a watch on all its namespaces. */
function serviceIn(place: string) {
	const all = NAMESPACES.map((name) => [name, watched(name, env[name] as DurableObjectNamespace)]);
	const settings = { ...PRODUCTION, OBJECT_PLACE: place };
	const bindings = { ...env, ...Object.fromEntries(all), ...settings } as unknown as Env;
	return async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
		const context = createExecutionContext();
		const request = new Request(ISSUER + path, operatorRequest(method, body, PRODUCTION.BOOTSTRAP_KEY));
		request.headers.set("cf-connecting-ip", newAddress());
		const answer = await worker.fetch(request as Request<unknown, IncomingRequestCfProperties>, bindings, context);
		await waitOnExecutionContext(context);
		expect(answer.status).toBeLessThan(300);
		return answer.json();
	};
}

describe("an account", () => {
	it("that is made near a location is asked for there, by every request", async () => {
		const call = serviceIn("");
		const { account, place } = await call("POST", "/v1/accounts", { name: "a", same_name: true, place: "oc" });
		expect(place).toBe("oc");
		await call("GET", `/v1/accounts/${account}/licenses`);
		const places = asked.filter(([name]) => name === "ACCOUNT");
		expect(places.length).toBeGreaterThan(1);
		for (const one of places) expect(one).toEqual(["ACCOUNT", "oc"]);
		for (const [name, hint] of asked) if (name !== "ACCOUNT") expect([name, hint]).toEqual([name, null]);
	});

	it("that is made within a jurisdiction is asked for there, by every request", async () => {
		const call = serviceIn("");
		const { account, place } = await call("POST", "/v1/accounts", { name: "b", same_name: true, place: "eu" });
		expect(place).toBe("eu");
		await call("GET", `/v1/accounts/${account}/licenses`);
		for (const one of asked.filter(([name]) => name === "ACCOUNT")) expect(one).toEqual(["ACCOUNT", "eu"]);
		expect(asked.filter(([name]) => name === "DIRECTORY").map(([, within]) => within)).not.toContain("eu");
	});

	it("has the deployment's place where none is named, and keeps it under another one", async () => {
		const { account, place } = await serviceIn("eu")("POST", "/v1/accounts", { name: "c", same_name: true });
		expect(place).toBe("eu");
		expect(new Set(asked.map(([name]) => name))).toEqual(new Set(["ACCOUNT", "DIRECTORY"]));
		for (const [name, within] of asked) expect([name, within]).toEqual([name, "eu"]);
		asked = [];
		await serviceIn("sam")("GET", `/v1/accounts/${account}/licenses`);
		expect(asked).toContainEqual(["ACCOUNT", "eu"]);
		for (const [name, hint] of asked) expect([name, hint]).toEqual([name, name === "ACCOUNT" ? "eu" : "sam"]);
	});

	it.each(["mars", "eu"])("has no place that there is not on this machine: %s", async (place) => {
		await expectProblem(
			await operate("POST", "/v1/accounts", { name: "d", same_name: true, place }),
			"invalid_request",
		);
	});
});
