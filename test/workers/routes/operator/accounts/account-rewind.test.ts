// Setting an account back, as far as a runtime goes that keeps no earlier states: what would be lost, what is refused, and that
// nothing changes by a refusal. The restore itself is in test/simulation/rewind.test.ts.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { createFleet, type Fleet } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const clock = useFrozenClock();

interface Rewound {
	readonly rewound: boolean;
	readonly lost: { readonly events: number; readonly by_type: Record<string, number>; readonly devices: string[] };
}

let fleet: Fleet;
beforeEach(async () => {
	fleet = await createFleet({ products: ["crs"], license: { ends_at: clock.timeAfter(20 * DAY) } });
});

const rewind = (body: Record<string, unknown>, account = fleet.account) =>
	operate("POST", `/v1/accounts/${account}/rewind`, body);
const objectOf = (account: string) => env.ACCOUNT.getByName(account.slice(5, 15));
const happen = () =>
	operated<{ license: string }>("POST", `/v1/accounts/${fleet.account}/licenses`, {
		...{ products: ["crs"], seats: 1, ends_at: clock.timeAfter(20 * DAY) },
	});

describe("an account", () => {
	test("shows what setting it back would lose, and is left as it is", async () => {
		clock.moveTo(60_000);
		const to = clock.timeAfter(0);
		clock.moveTo(120_000);
		const { license } = await happen();
		const answer = await rewind({ to, dry_run: true });
		expect(answer.status).toBe(200);
		expect(await answer.json<Rewound>()).toMatchObject({
			rewound: false,
			lost: { events: 1, by_type: { "license.create": 1 }, devices: [], let_in_again: [] },
		});
		expect((await operate("GET", `/v1/accounts/${fleet.account}/licenses/${license}`)).status).toBe(200);
	});

	test("is not set back where the platform keeps no earlier state, and goes on", async () => {
		clock.moveTo(60_000);
		const to = clock.timeAfter(0);
		clock.moveTo(120_000);
		const { license } = await happen();
		const problem = await expectProblem(await rewind({ to }), "conflict");
		expect(problem).toMatchObject({ detail: expect.stringContaining("no such state") });
		expect((await operate("GET", `/v1/accounts/${fleet.account}/licenses/${license}`)).status).toBe(200);
	});

	test.each([
		["from before it was made", () => clock.timeAfter(-DAY)],
		["that is still to come", () => clock.timeAfter(DAY)],
	])("has no state of a time %s", async (_, to) => {
		clock.moveTo(60_000);
		await expectProblem(await rewind({ to: to() }), "invalid_request");
	});

	test("that does not exist is not there", async () => {
		const broken = `${fleet.account.slice(0, -1)}${fleet.account.endsWith("0") ? "1" : "0"}`;
		await expectProblem(await rewind({ to: clock.timeAfter(-DAY) }, broken), "invalid_identifier");
	});

	test("that was not set back begins above nothing: it still has what came after that time", async () => {
		const now = Math.floor(Date.now() / 1_000);
		const input = {
			kind: "catch_up",
			actor: "operator",
			now,
			to: now - 60,
			floor: 5_000,
			...{ denied: [], permits: [] },
			detail: "",
		} as const;
		expect(await objectOf(fleet.account).rewind(input)).toEqual({ kind: "not_rewound" });
		expect(await objectOf(fleet.account).info()).toMatchObject({ licenseEpoch: 0 });
	});

	test("that was set back begins above all that was known of it, once", async () => {
		const now = Math.floor(Date.now() / 1_000);
		// Nothing has come since now: as if it had been set back to it.
		const input = {
			kind: "catch_up",
			actor: "operator",
			now,
			to: now,
			floor: 5_000,
			...{ denied: [], permits: [] },
			detail: "to then",
		} as const;
		expect(await objectOf(fleet.account).rewind(input)).toMatchObject({ kind: "caught_up" });
		expect(await objectOf(fleet.account).rewind(input)).toMatchObject({ kind: "caught_up" });
		expect(await objectOf(fleet.account).info()).toMatchObject({ licenseEpoch: 5_000 });
		const { events } = await operated<{ events: { id: string; type: string }[] }>(
			"GET",
			`/v1/accounts/${fleet.account}/events?type=account.rewind`,
		);
		expect(events.map(({ id }) => id)).toEqual([`evt-${fleet.account.slice(5, 15)}-5000`]);
	});
});

test("the Directory keeps the highest floor of an account, and knows its devices that are refused", async () => {
	const directory = env.DIRECTORY.getByName("directory");
	const until = Math.floor(Date.now() / 1_000) + 9_999;
	const deny = (id: string) => ({ kind: "deny", scope: "device", id, version: 2, until }) as const;
	await directory.changeDenials([deny("dev-qqqqqqqqqq-0000000000000001"), deny("dev-qqqqqqqqqr-0000000000000001")]);
	const forgets = (floor: number) => ({ floor, epoch: 0, permits: [] });
	expect(await directory.prepareRewind("qqqqqqqqqq", forgets(70))).toEqual({
		...{ floor: 70, permits: [] },
		denied: ["dev-qqqqqqqqqq-0000000000000001"],
	});
	expect(await directory.prepareRewind("qqqqqqqqqq", forgets(60))).toMatchObject({ floor: 70 });
	expect(await directory.prepareRewind("qqqqqqqqqs", forgets(60))).toMatchObject({ floor: 60, denied: [] });
	expect(await directory.prepareRewind("qqqqqqqqqs", null)).toMatchObject({ floor: 60 });
});
