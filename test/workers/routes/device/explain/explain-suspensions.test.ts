// Who suspended or revoked what, when and why, as an explanation tells operators.
import { expect, test } from "vitest";
import { operate, operated } from "../../../../support/service.ts";
import { explain, explainToItself, newLicensedScene } from "../../../support/explained.ts";
import { SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const clock = useFrozenClock();
const { timeAfter, moveTo } = clock;

const change = (device: string, action: string, reason?: string) =>
	operated("POST", `/v1/devices/${device}/${action}`, { reason });

test("a device that is suspended: by whom, when, and every reason that was added", async () => {
	const scene = await newLicensedScene(clock);
	const subject = scene.firewall.clientId;
	expect((await explain(scene))["suspensions"]).toEqual([]);
	await change(subject, "suspend", "before");
	await change(subject, "reinstate", "found");

	const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
		subject: "olivia",
		scopes: [`operate:${scene.account}`],
	});
	moveTo(SECOND);
	await operate("POST", `/v1/devices/${subject}/suspend`, { reason: "stolen" }, key);
	moveTo(2 * SECOND);
	// The same again, as after a lost answer, and without a reason: nothing new.
	await change(subject, "suspend", "stolen");
	await change(subject, "suspend");
	await change(subject, "suspend", "seen in Lagos");
	const stolen = { type: "device.suspended", subject, at: timeAfter(SECOND), actor: "olivia", reason: "stolen" };
	const seen = { ...stolen, at: timeAfter(2 * SECOND), actor: "bootstrap", reason: "seen in Lagos" };
	expect(await explain(scene)).toMatchObject({ status: "suspended", suspensions: [stolen, seen] });

	await change(subject, "revoke");
	const revoked = { ...seen, type: "device.revoked", reason: "" };
	expect((await explain(scene))["suspensions"]).toEqual([stolen, seen, revoked]);
	await change(subject, "revoke", "written off");
	expect((await explain(scene))["suspensions"]).toEqual([stolen, seen, revoked, { ...revoked, reason: "written off" }]);
});

test("a license that is suspended; not that it was", async () => {
	const scene = await newLicensedScene(clock);
	const { account, license } = scene;
	const path = `/v1/accounts/${account}/licenses/${license}`;
	const at = timeAfter(0);
	for (const reason of ["unpaid", "unpaid", "second notice"]) await operated("POST", `${path}/suspend`, { reason });
	const unpaid = { type: "license.suspended", subject: license, at, actor: "bootstrap", reason: "unpaid" };
	expect((await explain(scene))["suspensions"]).toEqual([unpaid, { ...unpaid, reason: "second notice" }]);
	// Whoever has the firewall is told that it is so, and no more.
	await scene.firewall.authenticate();
	expect(await explainToItself(scene)).toMatchObject({ license: { status: "suspended" }, suspensions: [] });
	await operated("POST", `${path}/reinstate`, { reason: "paid" });
	await operated("POST", `${path}/reinstate`, { reason: "paid twice" });
	expect((await explain(scene))["suspensions"]).toEqual([]);
	const { events } = await operated<{ events: { type: string; detail: string }[] }>(
		"GET",
		`/v1/accounts/${account}/events?type=license.active`,
	);
	expect(events.map(({ detail }) => detail)).toEqual(["paid"]);
});
