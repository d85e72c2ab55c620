// While a version is deployed, a Worker meets objects of the version before or after. What it calls may not be there: then
// the caller is told to come back, and nothing else of the service suffers.
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { operated } from "../../../support/service.ts";
import { Edge } from "../../support/edge.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newScene } from "../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../support/frozen-clock.ts";

const { timeAfter } = useFrozenClock();

/** An object that has none of the methods that this Worker calls stands for one of another version. */
const OTHER_VERSION = env.REPLAY_GUARD;

test("a method that an object of another version lacks is a 503 with Retry-After, no fault", async () => {
	vi.spyOn(console, "log").mockImplementation(() => {});
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes: ["operate"] });
	const edge = new Edge("kv", { PRODUCT: OTHER_VERSION });
	const answer = await edge.sendJson("PUT", "/v1/products/crs/releases/1.0.0", key, {});
	expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
	await expectProblem(answer, "unavailable");
});

test("devices whose records stores have go on with objects of another version", async () => {
	const { firewall, product } = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
	const edge = new Edge("kv", { PRODUCT: OTHER_VERSION, DIRECTORY: OTHER_VERSION });
	await edge.authenticate(firewall);
	expect(await edge.permitted(firewall, product)).not.toHaveProperty("degraded");
});

test("a Worker of another version that calls what this object lacks is told so in the words that are known", async () => {
	const account = env.ACCOUNT.getByName("aaaaaaaaaa") as unknown as Record<string, () => Promise<unknown>>;
	// Caught in the same turn: handed on to `expect`, the stub's promise is a second one, whose refusal nobody would hear.
	const told = await account["ofALaterVersion"]?.().catch((error: unknown) => String(error));
	expect(told).toMatch(/The RPC receiver does not implement/);
});
