// A release on its way, as devices and persons meet it: who is offered it, who gets a permit, what a report does, and the words and
// the halt of people.
import { runDurableObjectAlarm } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import type { Plan } from "../../../../src/rollout/plan.ts";
import { type LogEntry, verifyLog } from "../../../../src/rollout/rollout-log.ts";
import type { Firewall } from "../../../support/firewall.ts";
import { createFleet, makePackage, publish, upload } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { checkProduct, newFirewall, offerOf } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
/** Past what isolates take without asking. */
const SEEN = 60 * SECOND;

/** One unit, then everybody; each step by one person's word. The first has no time to fill, so it is offered to all at once. */
const PLAN: Plan = {
	name: "own",
	overrides: 1,
	steps: [
		{
			...{ name: "one", cohort: { units: 1 }, bake: 60, fillWithin: null, expect: 60, lease: 600 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
			approvals: { team: null, count: 1 },
		},
		{
			...{ name: "all", cohort: { fraction: 1 }, bake: 0, fillWithin: null, expect: 60, lease: 600 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 0 },
			approvals: { team: null, count: 1 },
		},
	],
};

const ofTeam = (team: string) => (step: Plan["steps"][number]) => ({ ...step, approvals: { team, count: 1 } });

interface Rollout {
	readonly phase: string;
	readonly step: string;
	readonly evidence: string;
	readonly changed?: boolean;
}

let product: string;
let first: Firewall;
let second: Firewall;
let olivia: string;
let account: string;
/** Two firewalls that run 1.0.0, and 2.0.0 that waits for a word. */
beforeEach(async () => {
	product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "immediate" });
	const { account: made, code } = await createFleet({
		products: [product],
		license: { ends_at: timeAfter(100 * DAY) },
	});
	account = made;
	first = await newFirewall(code);
	second = await newFirewall(code);
	await publish(product, "1.0.0", "old rules");
	await operated("PATCH", `/v1/products/${product}`, { plan: PLAN });
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
		subject: "olivia",
		scopes: [`release:${product}`],
	});
	olivia = key;
	await publish(product, "2.0.0", "new rules");
	moveTo(SEEN);
});

const path = () => `/v1/products/${product}/releases/2.0.0/rollout`;
const show = () => operated<Rollout>("GET", path());
const sayPolicy = (rule: object) => operated("PUT", `/v1/accounts/${account}/policy`, { rules: [rule] });
const say = async (kind = "approve", key = olivia) =>
	operate("POST", `${path()}/words`, { kind, evidence: (await show()).evidence }, key);
const take = (firewall: Firewall, capability: string) => firewall.call("POST", "/v1/permits", { offer: capability });
const report = async (firewall: Firewall, permit: Response, outcome: string) =>
	firewall.call("POST", "/v1/reports", { permit: ((await permit.json()) as { permit: string }).permit, outcome });

describe("before anybody has said yes", () => {
	test("the release is offered to nobody, and the answer to its publication says what it waits for", async () => {
		expect(await checkProduct(first, product, "1.0.0")).toMatchObject({ status: "current", reason: "up_to_date" });
		const again = await operated("PUT", `/v1/products/${product}/releases/2.0.0`, {});
		expect(again).toMatchObject({
			status: "waiting",
			out_at: null,
			rollout: { phase: "waiting", plan: "own", step: "one" },
		});
	});

	test("it is approved, and waits for its time alone, once the words are there or none are needed", async () => {
		const status = async (version: string) => {
			const found = await operated<{ releases: { version: string; status: string }[] }>(
				"GET",
				`/v1/products/${product}/releases`,
			);
			return found.releases.find((one) => one.version === version)?.status;
		};
		await upload(product, "3.0.0", await makePackage("later rules"));
		const later = await operated("PUT", `/v1/products/${product}/releases/3.0.0`, { starts_at: timeAfter(DAY) });
		expect(later).toMatchObject({ status: "waiting" });
		expect(await status("3.0.0")).toBe("waiting");
		const its = `/v1/products/${product}/releases/3.0.0/rollout`;
		const { evidence } = await operated<Rollout>("GET", its);
		for (const [key, expected] of [
			[TEST_SECRETS.BOOTSTRAP_KEY, "waiting"],
			[olivia, "approved"],
		] as const) {
			expect((await operate("POST", `${its}/words`, { kind: "approve", evidence }, key)).status).toBe(200);
			expect(await status("3.0.0")).toBe(expected);
		}
		expect(await status("2.0.0")).toBe("waiting");
		await say();
		expect(await status("2.0.0")).toBe("rolling_out");
		await upload(product, "4.0.0", await makePackage("without a word"));
		const alone = { starts_at: timeAfter(DAY), plan: "immediate" };
		expect(await operated("PUT", `/v1/products/${product}/releases/4.0.0`, alone)).toMatchObject({
			status: "approved",
		});
	});

	test("it may be given another start, again and again, until a step has begun: words for the other one count no more", async () => {
		const again = (starts_at?: string) =>
			operated<{ rescheduled: boolean; rollout: { phase: string } }>(
				"PUT",
				`/v1/products/${product}/releases/2.0.0`,
				starts_at === undefined ? {} : { starts_at },
			);
		expect(await again(timeAfter(DAY))).toMatchObject({
			rescheduled: true,
			rollout: { phase: "waiting", waits_for: [{ kind: "start", at: timeAfter(DAY) }, { kind: "words" }] },
		});
		expect(await (await say()).json()).toMatchObject({ phase: "waiting", waits_for: [{ kind: "start" }] });
		for (const same of [timeAfter(DAY), undefined]) expect(await again(same)).toMatchObject({ rescheduled: false });
		expect(await show()).toMatchObject({ waits_for: [{ kind: "start" }] });
		moveTo(SEEN + 5 * SECOND);
		const now = timeAfter(SEEN + 5 * SECOND);
		expect(await again(now)).toMatchObject({ rescheduled: true, rollout: { phase: "waiting" } });
		expect(await show()).toMatchObject({ waits_for: [{ kind: "words", of: "approve" }] });
		expect(await again(now)).toMatchObject({ rescheduled: false });
		expect(await (await say()).json()).toMatchObject({ phase: "running" });
		expect(await again(timeAfter(2 * DAY))).toMatchObject({ rescheduled: false, rollout: { phase: "running" } });
		const { entries } = await operated<{ entries: LogEntry[] }>("GET", `${path()}/log`);
		expect(entries.flatMap(({ turns }) => turns.map(({ why }) => why))).toEqual([
			"rescheduled",
			"rescheduled",
			"approved",
		]);
		expect(await verifyLog(entries)).toMatchObject({ ok: true, rollout: { phase: "running" } });
	});

	test("who uploaded it cannot say so alone", async () => {
		expect((await say("approve", TEST_SECRETS.BOOTSTRAP_KEY)).status).toBe(200);
		expect((await show()).phase).toBe("waiting");
	});

	test("a key that may not release cannot say so", async () => {
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
			subject: "ci",
			scopes: [`publish:${product}`],
		});
		await expectProblem(
			await operate("POST", `${path()}/words`, { kind: "approve", evidence: "x" }, key),
			"insufficient_scope",
		);
		await expectProblem(await operate("POST", `${path()}/halt`, { reason: "x" }, key), "insufficient_scope");
	});
});

describe("in a step for one unit", () => {
	let offers: readonly [string, string];
	beforeEach(async () => {
		expect((await say()).status).toBe(200);
		moveTo(2 * SEEN);
		offers = [
			(await offerOf(first, product, "1.0.0")).capability,
			(await offerOf(second, product, "1.0.0")).capability,
		];
	});

	test("of two that were offered the release one gets a permit, and the other is told when to come back", async () => {
		expect((await take(first, offers[0])).status).toBe(201);
		const again = await operated("PUT", `/v1/products/${product}/releases/2.0.0`, {});
		expect(again).toMatchObject({ status: "rolling_out" });
		const refused = await take(second, offers[1]);
		expect(refused.headers.get("retry-after")).toBe("300");
		await expectProblem(refused, "exposure_limited");
		expect((await take(first, offers[0])).status).toBe(201);
		moveTo(3 * SEEN);
		expect(await checkProduct(second, product, "1.0.0")).toMatchObject({ status: "current" });
	});

	test("a failure halts it: the other gets none, and keeps what it has", async () => {
		await report(first, await take(first, offers[0]), "failed");
		expect(await show()).toMatchObject({ phase: "halted", step: "one" });
		await expectProblem(await take(second, offers[1]), "exposure_limited");
		moveTo(3 * SEEN);
		expect(await checkProduct(second, product, "1.0.0")).toMatchObject({ status: "current" });
	});

	test("a healthy device lets the next step wait for its word, and then everybody may have the release", async () => {
		await report(first, await take(first, offers[0]), "healthy");
		moveTo(4 * SEEN);
		await runDurableObjectAlarm(bindings.PRODUCT.getByName(product));
		expect(await show()).toMatchObject({ phase: "waiting", step: "all" });
		const again = await operated("PUT", `/v1/products/${product}/releases/2.0.0`, {});
		expect(again).toMatchObject({ status: "rolling_out" });
		await expectProblem(await take(second, offers[1]), "exposure_limited");
		expect((await say()).status).toBe(200);
		expect(await show()).toMatchObject({ phase: "done" });
		moveTo(5 * SEEN);
		const offer = await offerOf(second, product, "1.0.0");
		expect((await take(second, offer.capability)).status).toBe(201);
	});

	test("a device that has nothing gets what everybody may have", async () => {
		expect(await checkProduct(second, product)).toMatchObject({ status: "offered", offer: { version: "1.0.0" } });
	});

	test("explain tells the step, the bucket and why not", async () => {
		await take(first, offers[0]);
		moveTo(3 * SEEN);
		const id = second.clientId;
		const told = await operated<{ releases: unknown[] }>(
			"GET",
			`/v1/devices/${id}/explain?product=${product}&installed=1.0.0`,
		);
		expect(told.releases[0]).toMatchObject({
			...{ version: "2.0.0", verdict: "rollout_closed" },
			rollout: { step: "one", open: false, closed: "baking", permit: "step_full" },
		});
	});

	test.each<[string, () => Promise<unknown>]>([
		["given", async () => {}],
		["halted", () => operate("POST", `${path()}/halt`, { reason: "an odd report" })],
		["step_full", () => take(first, offers[0])],
		["pinned", () => sayPolicy({ pins: { [product]: { version: "1.0.0" } } })],
		["held", () => sayPolicy({ hold: true })],
	])("explain tells what a permit would be told now: %s", async (permit, happen) => {
		await happen();
		const query = `/v1/devices/${second.clientId}/explain?product=${product}&installed=1.0.0`;
		const told = await operated<{ releases: unknown[] }>("GET", query);
		expect(told.releases[0]).toMatchObject({ version: "2.0.0", rollout: { permit } });
		const later = await operated<{ releases: unknown[] }>("GET", `${query}&at=${timeAfter(DAY)}`);
		expect(later.releases[0]).toMatchObject({ rollout: { permit: null } });
		// To ask takes no place.
		if (permit === "given") expect((await take(first, offers[0])).status).toBe(201);
	});
});

describe("a person", () => {
	test("halts a rollout alone; again it changes nothing", async () => {
		expect((await say()).status).toBe(200);
		const halt = () => operated<Rollout>("POST", `${path()}/halt`, { reason: "an odd report" });
		expect(await halt()).toMatchObject({ phase: "halted", changed: true });
		expect(await halt()).toMatchObject({ phase: "halted", changed: false });
	});

	test("whose evidence has changed looks again", async () => {
		const answer = await operate("POST", `${path()}/words`, { kind: "approve", evidence: "another" }, olivia);
		expect(await expectProblem(answer, "evidence_changed")).toMatchObject({ evidence: (await show()).evidence });
	});

	test("is told what a word could be on", async () => {
		await expectProblem(await say("resume"), "conflict");
		expect(await expectProblem(await say("override"), "conflict")).toMatchObject({
			detail: "the rollout is waiting, step one has not begun: the word to give is approve",
		});
		expect((await say()).status).toBe(200);
		for (const kind of ["approve", "resume"]) {
			expect(await expectProblem(await say(kind), "conflict")).toMatchObject({
				detail:
					"step one is running: it has its words already, and nothing is to be done now; it waits for 1 more to take a permit",
			});
		}
	});

	test("cannot let a step pass before it was watched for its time, and can afterwards, also where nobody tried it", async () => {
		expect((await say()).status).toBe(200);
		const early = await expectProblem(await say("override"), "conflict");
		expect(early["detail"]).toMatch(
			/^too early, nothing was kept: .*, and not before \d{4}-.*Z; it waits for 1 more to/,
		);
		expect(await show()).toMatchObject({ words: [{ kind: "approve" }], waits_for: [{ kind: "units" }] });
		moveTo(SEEN + 60 * SECOND);
		expect(await show()).toMatchObject({ waits_for: [{ kind: "units" }, { kind: "words", of: "override", count: 1 }] });
		expect(await (await say("override")).json()).toMatchObject({ phase: "waiting", step: "all" });
	});

	test("finds no rollout of what was never released", async () => {
		await upload(product, "3.0.0", await makePackage("newest"));
		const answer = await operate("GET", `/v1/products/${product}/releases/3.0.0/rollout`);
		await expectProblem(answer, "not_found");
	});
});

test("a product without a plan of its own goes by the standard one, and says so", async () => {
	const { name } = freshProduct();
	expect(await operated("POST", "/v1/products", { product: name })).toMatchObject({
		plan: { name: "standard" },
		team: null,
	});
	const changed = await operated("PATCH", `/v1/products/${name}`, { plan: "rapid", team: "detection" });
	expect(changed).toMatchObject({ plan: { name: "rapid" }, team: "detection" });
	expect(await operated("GET", `/v1/products/${name}`)).toEqual(changed);
});

test.each([
	["that ends before everybody", { ...PLAN, steps: PLAN.steps.slice(0, 1) }],
	["without a step", { ...PLAN, steps: [] }],
	["by a name that nobody knows", "fast"],
	["of one's own under the name of a built-in one", { ...PLAN, name: "standard" }],
	["for the word of a team that no key can have", { ...PLAN, steps: PLAN.steps.map(ofTeam("a\nb")) }],
])("a plan %s is refused, and nothing is changed", async (_, plan) => {
	await expectProblem(await operate("PATCH", `/v1/products/${product}`, { plan }), "invalid_request");
	expect(await operated("GET", `/v1/products/${product}`)).toMatchObject({ plan: { name: "own" } });
});

test("who may upload and release, and no more, goes by the product's plan: whoever uploaded does not let it out alone", async () => {
	const scopes = [`publish:${product}`, `release:${product}`];
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "alice", scopes });
	await upload(product, "3.0.0", await makePackage("rules of alice"), { authorization: `Bearer ${key}` });
	const release = `/v1/products/${product}/releases/3.0.0`;
	for (const plan of ["immediate", "rapid", PLAN]) {
		const answer = await operate("PUT", release, { plan }, key);
		expect(await expectProblem(answer, "insufficient_scope")).toMatchObject({ required_scope: "operate" });
	}
	const answer = await operate("PUT", release, {}, key);
	expect(await answer.json()).toMatchObject({ status: "waiting", rollout: { phase: "waiting", plan: "own" } });
	const { evidence } = await operated<Rollout>("GET", `${release}/rollout`);
	const said = await operate("POST", `${release}/rollout/words`, { kind: "approve", evidence }, key);
	expect(await said.json()).toMatchObject({ phase: "waiting" });
});
