// How many serial numbers an account may claim before their appliances come: no more than a license has seats for, and ten.
import { beforeAll, expect, test } from "vitest";
import { makeAuthority } from "../../../../support/certificates.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { createFleet, type Fleet } from "../../../../support/fleet.ts";
import { freshName } from "../../../../support/fresh-names.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";

const SLACK = 10;
const serialsOf = (count: number) => Array.from({ length: count }, () => `SN-${freshName()}`);
const claim = ({ account, license }: Pick<Fleet, "account" | "license">, serials: readonly string[]) =>
	operate("POST", `/v1/accounts/${account}/claims`, { serials, license });
const claimedBy = async ({ account }: Fleet) =>
	(await operated<{ claims: { serial: string }[] }>("GET", `/v1/accounts/${account}/claims`)).claims.map(
		({ serial }) => serial,
	);
const takenFrom = async (fleet: Fleet, serials: readonly string[]) =>
	((await (await claim(fleet, serials)).json()) as { taken: string[] }).taken;

beforeAll(async () => {
	const { pem } = await makeAuthority([["CN", freshName()]]);
	await operated("POST", "/v1/manufacturers", { name: "Maker", certificate: pem });
});

test("beyond the free seats and ten nothing is claimed, and the problem says how many may be", async () => {
	const fleet = await createFleet({ seats: 2 });
	const serials = serialsOf(2 + SLACK);
	expect((await claim(fleet, serials)).status).toBe(200);
	const more = serialsOf(1);
	const problem = await expectProblem(await claim(fleet, more), "conflict");
	expect(problem["detail"]).toMatch(/^12 serial numbers may wait .*; 12 do: give some back/);
	expect((await claimedBy(fleet)).toSorted()).toEqual(serials.toSorted());
	expect(await takenFrom(await createFleet(), more)).toEqual([]);
});

test("those that are claimed already are claimed again, in whatever capitals, and counted once", async () => {
	const fleet = await createFleet({ seats: 1 });
	const serials = serialsOf(1 + SLACK);
	const twice = [...serials, ...serials.map((serial) => serial.toLowerCase())];
	expect((await claim(fleet, twice)).status).toBe(200);
	expect((await claim(fleet, twice)).status).toBe(200);
	expect((await operate("DELETE", `/v1/accounts/${fleet.account}/claims/${serials[0]}`)).status).toBe(204);
	expect((await claim(fleet, serialsOf(1))).status).toBe(200);
});

test("a seat that is taken is none for a claim; of an elastic license each is", async () => {
	const fixed = await createFleet({ seats: 1 });
	await (await Firewall.create()).activate(fixed.code);
	await expectProblem(await claim(fixed, serialsOf(1 + SLACK)), "conflict");
	expect((await claim(fixed, serialsOf(SLACK))).status).toBe(200);
	const elastic = await createFleet({ seats: 1, license: { kind: "elastic" } });
	await (await Firewall.create()).activate(elastic.code);
	expect((await claim(elastic, serialsOf(1 + SLACK))).status).toBe(200);
});

test("claims for another license count there", async () => {
	const fleet = await createFleet({ seats: 50 });
	const terms = { products: ["crs"], seats: 1, ends_at: new Date(Date.now() + 86_400_000).toISOString() };
	const path = `/v1/accounts/${fleet.account}/licenses`;
	const { license } = await operated<{ license: string }>("POST", path, terms);
	const serials = serialsOf(1 + SLACK + 1);
	expect((await claim(fleet, serials)).status).toBe(200);
	await expectProblem(await claim({ ...fleet, license }, serials), "conflict");
	expect((await claim({ ...fleet, license }, serials.slice(1))).status).toBe(200);
});

test("requests that come at once get no more than one after the other, and keep nothing that they were refused", async () => {
	const fleet = await createFleet({ seats: 1 });
	const batches = Array.from({ length: 6 }, () => serialsOf(6));
	const answers = await Promise.all(batches.map((serials) => claim(fleet, serials)));
	expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
	const refused = batches.filter((_, index) => answers[index]?.status === 409).flat();
	expect(await claimedBy(fleet)).toHaveLength(6);
	expect(await takenFrom(await createFleet({ seats: 100 }), refused)).toEqual([]);
});
