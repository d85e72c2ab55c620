// A thief who may write to the stores puts a device's record from before its refusal back, sealed right as it is. A denial
// stands until that record has ended and every token that it could still have bought, so it never buys anything.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { RECORD_LIFE_SECONDS } from "../../../../src/storage/sealed-records.ts";
import { TOKENS_END_AFTER } from "../../../support/accounts/account-fixture.ts";
import { operated } from "../../../support/service.ts";
import { Edge } from "../../support/edge.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { newFirewall, newScene, setStatus } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
const LIFE_MS = RECORD_LIFE_SECONDS * SECOND;
const TOKENS_MS = TOKENS_END_AFTER * SECOND;

test.each(["suspend", "revoke"] as const)(
	"of a device that an operator chose to %s: it stays refused",
	async (action) => {
		const scene = await newScene({ ends_at: timeAfter(90 * DAY) }, false);
		const { firewall, product } = scene;
		const bystander = await newFirewall(scene.code, false);
		const key = `device:${firewall.clientId}`;
		const before = await env.RECORDS.get(key);
		expect(before).not.toBeNull();

		const nextEdge = () => newLocation(key, before ?? "");
		const offered = await nextEdge().check(firewall, `?installed=${product}`);
		const offer = offered.products[0]?.offer?.capability ?? "";
		// The record is as young as can be, or it would end sooner.
		await setStatus(firewall, action);

		moveTo(600 * SECOND);
		await expectProblem(await nextEdge().get(firewall, "/v1/check"), "device_refused");
		await expectProblem(await nextEdge().permit(firewall, offer), "device_refused");

		for (const atMs of [
			600 * SECOND,
			DAY,
			LIFE_MS - SECOND,
			LIFE_MS,
			LIFE_MS + TOKENS_MS - SECOND,
			LIFE_MS + TOKENS_MS,
			30 * DAY,
		]) {
			moveTo(atMs);
			// Each denial drops those that have ended.
			await setStatus(bystander, "suspend");
			await setStatus(bystander, "reinstate");
			await expectOAuthError(await nextEdge().token(firewall), 400, "unauthorized_client");
		}
		expect(JSON.stringify(await env.RECORDS.get(await presentList()))).not.toContain(firewall.clientId);
	},
);

test.each(["suspend", "revoke"] as const)(
	"of a device under an elastic license that an operator chose to %s: its denial ends with its tokens, for its Account is asked",
	async (action) => {
		const elastic = { kind: "elastic", seats: 5, lease_minutes: 60, ends_at: timeAfter(90 * DAY) };
		const scene = await newScene(elastic, false);
		const { firewall } = scene;
		const bystander = await newFirewall(scene.code, false);
		const key = `device:${firewall.clientId}`;
		const before = (await env.RECORDS.get(key)) ?? "";
		await setStatus(firewall, action);
		for (const atMs of [600 * SECOND, TOKENS_MS, DAY, LIFE_MS - SECOND]) {
			moveTo(atMs);
			await setStatus(bystander, "suspend");
			await setStatus(bystander, "reinstate");
			await expectOAuthError(await newLocation(key, before).token(firewall), 400, "unauthorized_client");
		}
		expect(JSON.stringify(await env.RECORDS.get(await presentList()))).not.toContain(firewall.clientId);
	},
);

test.each(["suspend", "revoke"] as const)(
	"of a device from under its fixed license, which it left for an elastic one before an operator chose to %s: it stays refused",
	async (action) => {
		const scene = await newScene({ ends_at: timeAfter(90 * DAY) }, false);
		const { firewall, account, product } = scene;
		const key = `device:${firewall.clientId}`;
		const before = (await env.RECORDS.get(key)) ?? "";
		const terms = { products: [product], seats: 5, kind: "elastic", lease_minutes: 60, ends_at: timeAfter(90 * DAY) };
		const { license } = await operated<{ license: string }>("POST", `/v1/accounts/${account}/licenses`, terms);
		const { code } = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, { license, uses: 5 });
		await firewall.activate(code);
		const bystander = await newFirewall(code, false);
		await setStatus(firewall, action);
		for (const atMs of [600 * SECOND, TOKENS_MS, DAY, LIFE_MS - SECOND, LIFE_MS + TOKENS_MS]) {
			moveTo(atMs);
			await setStatus(bystander, "suspend");
			await setStatus(bystander, "reinstate");
			await expectOAuthError(await newLocation(key, before).token(firewall), 400, "unauthorized_client");
		}
		expect(JSON.stringify(await env.RECORDS.get(await presentList()))).not.toContain(firewall.clientId);
	},
);

/** A location that has never heard of the device, where the stores show the record from before. */
function newLocation(key: string, before: string): Edge {
	const edge = new Edge("kv,redis");
	edge.kv.tell = (asked, real) => (asked === key ? before : real);
	edge.redis.tell = edge.kv.tell;
	return edge;
}

/** The key of the deny list that `heads` names. */
async function presentList(): Promise<string> {
	const heads: { body: { content: { denied: number } } } = JSON.parse((await env.RECORDS.get("heads")) ?? "");
	return `denied@${heads.body.content.denied}`;
}
