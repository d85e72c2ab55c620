// Pulses: what a check says of them, and that each changes with every change that a device should ask about.
import { beforeEach, describe, expect, test } from "vitest";
import { createFleet, createProduct, publish } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { ISSUER, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import {
	type CheckBody,
	check,
	DEPLOYED,
	newFirewall,
	newScene,
	type Scene,
	serviceWith,
	setStatus,
} from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

interface QuietBody extends CheckBody {
	readonly pulse?: readonly { readonly url: string; readonly value: string }[];
	readonly until?: string;
	readonly once_installed_until?: string;
}
interface PulseBody {
	readonly value: string;
	readonly spread: number;
	readonly emergency: boolean;
}

const { timeAfter, moveTo } = useFrozenClock();
let scene: Scene;
let quiet: QuietBody;
beforeEach(async () => {
	scene = await newScene({ ends_at: timeAfter(20 * DAY) });
	quiet = await ask(`${scene.product}@1.0.0`);
});

async function ask(installed: string): Promise<QuietBody> {
	return check(scene.firewall, `?installed=${installed}`);
}

async function read(url: string): Promise<PulseBody> {
	const answer = await send(url.slice(ISSUER.length));
	expect(answer.status).toBe(200);
	expect(answer.headers.get("cache-control")).toBe("public, max-age=15");
	return answer.json();
}

/** What a device would see: whether a pulse says another value than its check did. */
async function hasChanged({ pulse = [] }: QuietBody): Promise<boolean> {
	expect(pulse.length).toBeGreaterThan(0);
	const seen = await Promise.all(pulse.map(async ({ url, value }) => (await read(url)).value !== value));
	return seen.includes(true);
}

/** @param most which a device leaves out a fifth of at most, by its place in the fleet */
function expectQuiet({ until = "" }: QuietBody, most: number): void {
	expect(Date.parse(until)).toBeLessThanOrEqual(Date.parse(timeAfter(most)));
	expect(Date.parse(until)).toBeGreaterThanOrEqual(Date.parse(timeAfter(0.8 * most)));
}

test("a firewall that has all there is gets a pulse per product and one of the messages, for six hours", async () => {
	expect(quiet.pulse).toHaveLength(2);
	expectQuiet(quiet, 6 * HOUR);
	expect(await hasChanged(quiet)).toBe(false);
});

test("the address of a pulse does not tell the product", () => {
	for (const { url } of quiet.pulse ?? []) expect(url).not.toContain(scene.product);
});

describe.each<[string, () => Promise<unknown>]>([
	["a new release", () => publish(scene.product, "1.1.0", "new rules")],
	[
		"a withdrawn release",
		() => operated("POST", `/v1/products/${scene.product}/releases/1.0.0/withdraw`, { reason: "a test" }),
	],
	[
		"a message",
		() => operated("POST", "/v1/messages", { severity: "info", title: "News", body: "Read", ends_at: timeAfter(DAY) }),
	],
])("%s", (_, change) => {
	test("changes a pulse, and the check then names the new value", async () => {
		await change();
		moveTo(40 * SECOND);
		expect(await hasChanged(quiet)).toBe(true);
		const { pulse } = await ask(`${scene.product}@1.0.0`);
		if (pulse !== undefined) expect(await hasChanged({ ...quiet, pulse })).toBe(false);
	});
});

test("an emergency release says so, and calls the fleet within a minute", async () => {
	const { name: product } = freshProduct();
	await createProduct(product);
	await publish(product, "1.0.0", "rules", { urgency: "emergency" });
	const fleet = await createFleet({ products: [product], license: { ends_at: timeAfter(20 * DAY) } });
	const answer = (await check(await newFirewall(fleet.code), `?installed=${product}@1.0.0`)) as QuietBody;
	const [link] = answer.pulse ?? [];
	expect(await read(link?.url ?? "")).toMatchObject({ emergency: true });
});

test("a release of another product changes none", async () => {
	const other = await newScene({ ends_at: timeAfter(20 * DAY) });
	await publish(other.product, "1.1.0", "new rules");
	moveTo(40 * SECOND);
	expect(await hasChanged(quiet)).toBe(false);
});

test("while something is offered there is no quiet, but the time until which there is once that is installed", async () => {
	const offered = await ask(scene.product);
	expect(offered).not.toHaveProperty("until");
	expect(offered.once_installed_until).toBe(quiet.until);
	expect(offered.pulse).toEqual(quiet.pulse);
	expect(quiet).not.toHaveProperty("once_installed_until");
});

test("what comes out after the offer changes a pulse of that answer", async () => {
	const offered = await ask(scene.product);
	await publish(scene.product, "1.1.0", "new rules");
	expect(await hasChanged(offered)).toBe(true);
});

test("where a second product is refused, nothing is said of the time after the update", async () => {
	const answer = await ask(`${scene.product},not-licensed@1.0.0`);
	expect(answer).not.toHaveProperty("pulse");
	expect(answer).not.toHaveProperty("once_installed_until");
});

test("a device whose account lost the product asks at its interval", async () => {
	expect(await ask("not-licensed@1.0.0")).not.toHaveProperty("pulse");
});

test("under an elastic license it is heard of within a third of the lease", async () => {
	const fleet = await createFleet({
		products: [scene.product],
		license: { ends_at: timeAfter(20 * DAY), kind: "elastic", seats: 1, lease_minutes: 60 },
	});
	const answer = (await check(await newFirewall(fleet.code), `?installed=${scene.product}@1.0.0`)) as QuietBody;
	expectQuiet(answer, 1_200 * SECOND);
});

test("after `until` an ETag is worth nothing: the answer comes in full, with a new time", async () => {
	const query = `/v1/check?installed=${scene.product}@1.0.0`;
	const first = await scene.firewall.call("GET", query);
	const etag = first.headers.get("etag") ?? "";
	moveTo(6 * HOUR);
	await scene.firewall.authenticate();
	const answer = await scene.firewall.call("GET", query, undefined, { "if-none-match": etag });
	expect(answer.status).toBe(200);
});

test("a suspended device reads pulses like anybody, and they tell it nothing of itself", async () => {
	await setStatus(scene.firewall, "suspend");
	expect(await hasChanged(quiet)).toBe(false);
});

test.each<[string, string, "not_found" | "invalid_identifier"]>([
	["unknown", "A".repeat(22), "not_found"],
	["no name at all", "x", "invalid_identifier"],
	["a product's own name", "messages", "invalid_identifier"],
])("a pulse that is %s is refused", async (_, name, code) => {
	await expectProblem(await send(`/p/${name}`), code);
});

/** @param variables other than in dev/wrangler.toml */
async function askOf(variables: Record<string, string>): Promise<QuietBody> {
	const path = "/v1/check";
	const { firewall } = scene;
	const headers = {
		authorization: `DPoP ${firewall.accessToken}`,
		dpop: await firewall.proof("GET", ISSUER + path, firewall.accessToken),
	};
	const answer = await serviceWith(variables)(`${path}?installed=${scene.product}@1.0.0`, { headers });
	expect(answer.status).toBe(200);
	return answer.json();
}

test("with a host of their own pulses are named there, and lie in the bucket under the same path", async () => {
	const { pulse = [] } = await askOf({ PULSE_ORIGIN: "https://pulse.test" });
	expect(pulse).toHaveLength(2);
	for (const [index, { url, value }] of pulse.entries()) {
		expect(url).toMatch(/^https:\/\/pulse\.test\/p\//);
		const object = await bindings.PULSES.get(new URL(url).pathname.slice(1));
		expect(await object?.json()).toEqual(await read(quiet.pulse?.[index]?.url ?? ""));
		expect((await read(`${ISSUER}${new URL(url).pathname}`)).value).toBe(value);
	}
});

test("a deployment without a host for them names none, since reading them would cost what a check costs", async () => {
	const headers = { authorization: `Bearer ${DEPLOYED.BOOTSTRAP_KEY}` };
	const status = await serviceWith({ ...DEPLOYED, ISSUER: "https://updates.test" }, "https://updates.test")(
		"/v1/status",
		{
			headers,
		},
	);
	expect(await status.json()).toMatchObject({ pulse: null });
});
