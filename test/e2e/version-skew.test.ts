// While a deployment goes through, the Worker of one version calls objects of the other, for minutes and both ways. Here the version of
// this tree meets the one before (test/fixtures, `npm run previous`): a fleet's whole day has to go on, whichever of the two is where.
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { checkForUpdates } from "../../cli/firewall/check/check.ts";
import { openHome } from "../../cli/firewall/home/state.ts";
import { activateFirewall } from "../../cli/firewall/identity/activation.ts";
import { createSession, type FirewallSession } from "../../cli/firewall/identity/session.ts";
import { updateFirewall } from "../../cli/firewall/update/update.ts";
import { createCode, operate, publish } from "./support/fleet.ts";
import { readPresent, readPrevious, startTwoVersions, type TwoVersions } from "./support/two-versions.ts";

const PRODUCT = "crs";
const contentOf = (version: string) => new Uint8Array(Buffer.from(`rules of ${version}\n`.repeat(500)));

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

it("the version before is another than this one", async () => {
	const [before, present] = await Promise.all([readPrevious(), readPresent()]);
	expect(before.commit).toMatch(/^[0-9a-f]{40}$/);
	expect(sha256(before.script)).not.toBe(sha256(present.script));
});

describe.each([
	["this Worker with objects of the version before", readPresent, readPrevious],
	["the Worker of the version before with objects of this one", readPrevious, readPresent],
])("%s", (_, readEdge, readObjects) => {
	let service: TwoVersions;
	let folder: string;
	let session: FirewallSession;
	let device: string;
	beforeAll(async () => {
		service = await startTwoVersions(await readEdge(), await readObjects());
		folder = await mkdtemp(join(tmpdir(), "parapet-skew-"));
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		await publish(service, PRODUCT, "1.0.0", contentOf("1.0.0"), {});
	});
	afterAll(async () => {
		await service?.stop();
		await rm(folder, { recursive: true, force: true });
	});
	/** Lines of requests that did not go well. */
	const failed = () =>
		service
			.logs()
			.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line)] : []))
			.filter(({ status }) => status >= 500);
	const offered = async () => {
		const { answer } = await checkForUpdates(session);
		return answer.products[0]?.offer?.version ?? null;
	};

	it("activates a device, gives it a token and offers what is released", async () => {
		const code = await createCode(service, [PRODUCT]);
		const home = openHome(join(folder, "firewall"));
		const identity = await activateFirewall({ home, server: service.url, code, nowMs: Date.now });
		device = identity.device.id;
		session = createSession(home, service.url, { nowMs: Date.now, sleep: (ms) => sleep(ms) });
		await vi.waitFor(async () => expect(await offered()).toBe("1.0.0"), 30_000);
	});

	it("gives a permit and the bytes, and hears the report", async () => {
		const { updates, waitingReports } = await updateFirewall(session, undefined);
		expect(updates).toMatchObject([{ ok: true, version: "1.0.0" }]);
		expect(waitingReports).toBe(0);
		// The account has heard it.
		await vi.waitFor(async () => {
			const shown = await operate<{ state: { installed: object } }>(service, "GET", `/v1/devices/${device}`);
			expect(JSON.stringify(shown)).toContain('"1.0.0"');
		});
	});

	it("publishes the next release, which goes the same way", async () => {
		await publish(service, PRODUCT, "1.1.0", contentOf("1.1.0"), {});
		await vi.waitFor(async () => expect(await offered()).toBe("1.1.0"), 30_000);
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true, version: "1.1.0" }]);
	});

	it("begins a rollout by steps, shows it and halts it", async () => {
		await operate(service, "POST", "/v1/products", { product: "threats" });
		await publish(service, "threats", "1.0.0", contentOf("1.0.0"), {});
		const path = "/v1/products/threats/releases/1.0.0/rollout";
		const begun = await operate<{ steps: readonly object[] }>(service, "GET", path);
		expect(begun.steps.length).toBeGreaterThan(1);
		await operate(service, "POST", `${path}/halt`, { reason: "we look first" });
		expect(await operate(service, "GET", path)).toMatchObject({ phase: "halted" });
	});

	it("takes a release back, and suspends and reinstates the device", async () => {
		await operate(service, "POST", `/v1/products/${PRODUCT}/releases/1.1.0/withdraw`, { reason: "bad" });
		await vi.waitFor(async () => expect(await offered()).toBe("1.0.0"), 30_000);
		await operate(service, "POST", `/v1/devices/${device}/suspend`, { reason: "lost" });
		await vi.waitFor(async () => await expect(offered()).rejects.toMatchObject({ code: expect.anything() }), 30_000);
		await operate(service, "POST", `/v1/devices/${device}/reinstate`, { reason: "found" });
		await vi.waitFor(async () => expect(await offered()).toBe("1.0.0"), 30_000);
	});

	it("and none of it was an error of the service", () => {
		expect(failed()).toEqual([]);
		expect(service.logs().some((line) => line.includes('"route":"/v1/check"'))).toBe(true);
	});
});
