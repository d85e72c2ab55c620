// A request sees one state of what all devices share: `heads` is read once, and every decision of the answer rests on it.
// Here a newer head lands in mid-request: the store tells the head from before to the first readings, then the present one.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { HEADS_KEY } from "../../../../../src/storage/keys.ts";
import { operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter } = useFrozenClock();

/** An edge that holds no shared record: each reading of `heads` asks the store. */
function forgetfulEdge(): Edge {
	return new Edge("kv", { HEADS_FRESH_SECONDS: "0", DEVICE_FRESH_SECONDS: "0" });
}

let scene: Scene;
let query: string;
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
	query = `?installed=${scene.product}`;
});

describe("a license that changes while a check is answered", () => {
	test.each([1, 2, 3])("after reading %i of heads: no ETag passes the old token for a new one", async (readings) => {
		const before = await env.RECORDS.get(HEADS_KEY);
		await operated("PATCH", `/v1/accounts/${scene.account}/licenses/${scene.license}`, { ends_at: timeAfter(5 * DAY) });
		const edge = forgetfulEdge();
		let reading = 0;
		edge.kv.tell = (key, text) => (key === HEADS_KEY && reading++ < readings ? before : text);
		const answer = await edge.get(scene.firewall, `/v1/check${query}`);
		expect(answer.status).toBe(200);

		// This one holds the newer head and knows the question, so an ETag that is right needs no token.
		const elsewhere = new Edge();
		const other = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
		await elsewhere.check(other.firewall, query);
		const headers = { "if-none-match": answer.headers.get("etag") ?? "" };
		expect((await elsewhere.get(scene.firewall, `/v1/check${query}`, headers)).status).toBe(401);
	});
});

describe("heads is read once for", () => {
	const requests: [string, (edge: Edge, offer: string) => Promise<Response>][] = [
		["a check", (edge) => edge.get(scene.firewall, `/v1/check${query}`)],
		["a check with an ETag", (edge) => edge.get(scene.firewall, `/v1/check${query}`, { "if-none-match": '"x"' })],
		["a permit", (edge, offer) => edge.permit(scene.firewall, offer)],
		["a token", (edge) => edge.token(scene.firewall)],
		["messages", (edge) => edge.get(scene.firewall, "/v1/messages")],
		["entitlements", (edge) => edge.get(scene.firewall, "/v1/entitlements")],
		[
			"an explanation",
			(edge) => edge.get(scene.firewall, `/v1/devices/${scene.firewall.clientId}/explain?product=${scene.product}`),
		],
	];
	test.each(requests)("%s", async (_, send) => {
		const edge = forgetfulEdge();
		const { products } = await edge.check(scene.firewall, query);
		edge.kv.reads.length = 0;
		const answer = await send(edge, products[0]?.offer?.capability ?? "");
		expect(answer.ok).toBe(true);
		expect(edge.kv.reads.filter((key) => key === HEADS_KEY)).toHaveLength(1);
	});
});
