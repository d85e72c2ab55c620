// Whatever order events of instances come in, however often, and however AWS fails meanwhile: once each was taken, no seat is
// held by an instance that is gone, none has a code or a parameter left, AWS waits for nothing, and no code made two devices.
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type AutoscalingNews, autoscalingNews } from "../../../support/autoscaling-events.ts";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { newAddress } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { RUNS_TIMEOUT_MS, runs } from "../../../support/runs.ts";
import { operated } from "../../../support/service.ts";
import type { Fault, StubAction, StubAws } from "../../../support/stand-ins/stub-aws.ts";
import { credentialsFor, standInForAws } from "../../support/aws-in-process.ts";
import { serviceWith } from "../../support/fixtures.ts";

const INSTANCES = ["i-00000000000000001", "i-00000000000000002"] as const;
const [BACK, GONE] = INSTANCES;
/** What happens, in this order, a minute apart. The first instance comes back from a warm pool and stays. */
const LIVES: readonly (readonly [string, "launch" | "terminate"])[] = [
	[BACK, "launch"],
	[GONE, "launch"],
	[BACK, "terminate"],
	[BACK, "launch"],
	[GONE, "terminate"],
];
const LAST_LAUNCH_OF_BACK = 3;
const MINUTE = 60_000;
const RUNS = runs(6, 200);

let aws: StubAws;
beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: Date.now() });
	aws = standInForAws();
	vi.spyOn(console, "log").mockImplementation(() => {});
	vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
	vi.restoreAllMocks();
	vi.useRealTimers();
});

const fault = fc.option(
	fc.record({
		action: fc.constantFrom<StubAction>("PutParameter", "DeleteParameter", "CompleteLifecycleAction"),
		kind: fc.constantFrom<Fault>("down", "lost", "broken", "throttled", "denied"),
	}),
	{ nil: null, freq: 2 },
);
const step = fc.oneof(
	fc.constant({ kind: "next" } as const),
	fc.record({ kind: fc.constant("deliver" as const), event: fc.nat(LIVES.length - 1), fault }),
	fc.record({ kind: fc.constant("deliver" as const), event: fc.nat(LIVES.length - 1), fault }),
	fc.record({ kind: fc.constant("boot" as const), instance: fc.constantFrom(...INSTANCES), freshKey: fc.boolean() }),
	// The instance's agent, with what it finds and what it remembers; it may still run while the instance ends.
	fc.record({ kind: fc.constant("boot" as const), instance: fc.constantFrom(...INSTANCES), freshKey: fc.boolean() }),
);

const lastOrder = fc.shuffledSubarray([...LIVES.keys()], { minLength: LIVES.length });

class Scene {
	readonly account: string;
	readonly license: string;
	/** those that have happened */
	readonly events: AutoscalingNews[] = [];
	readonly #key: string;
	readonly #service: ReturnType<typeof serviceWith>;
	readonly #keys = new Map<string, Firewall>();
	readonly #remembered = new Map<string, Set<string>>();

	private constructor(account: string, license: string, key: string) {
		this.account = account;
		this.license = license;
		this.#key = key;
		this.#service = serviceWith({ AWS_CREDENTIALS: credentialsFor(aws, account) });
	}

	static async create(): Promise<Scene> {
		const { account, license } = await createFleet({ seats: 100 });
		const scopes = [`lifecycle:${account}`];
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "law", scopes });
		return new Scene(account, license, key);
	}

	/** Lets the next event happen, if there is one. */
	next(): boolean {
		const [instance, kind] = LIVES[this.events.length] ?? [];
		if (instance === undefined || kind === undefined) return false;
		vi.setSystemTime(Date.now() + MINUTE);
		const token = `${this.account}-${this.events.length}`;
		aws.waiting.add(token);
		const time = new Date(Date.now()).toISOString();
		this.events.push(autoscalingNews(kind, { time, LifecycleActionToken: token, EC2InstanceId: instance }));
		vi.setSystemTime(Date.now() + MINUTE);
		return true;
	}

	async tell(event: AutoscalingNews): Promise<number> {
		const body = JSON.stringify(event);
		const headers = { authorization: `Bearer ${this.#key}`, "cf-connecting-ip": newAddress() };
		const type = { "content-type": "application/json", "content-length": String(body.length) };
		const path = `/v1/hooks/aws/autoscaling?account=${this.account}&license=${this.license}`;
		return (await this.#service(path, { method: "POST", headers: { ...headers, ...type }, body })).status;
	}

	/** Tries every code that the instance has ever seen. @returns whether one of them made it a device */
	async boot(instance: string, freshKey: boolean): Promise<boolean> {
		const remembered = this.#remembered.get(instance) ?? new Set();
		this.#remembered.set(instance, remembered);
		const found = aws.parameters.get(this.parameter(instance))?.Value;
		if (found !== undefined) remembered.add(found);
		const firewall = (freshKey ? undefined : this.#keys.get(instance)) ?? (await Firewall.create());
		for (const code of remembered) {
			const serial = `SN-${firewall.address.replaceAll(/\W/g, "-")}`;
			const answer = await firewall.register(code, { labels: { instance_id: instance }, serial });
			if (!answer.ok) continue;
			// A key that opens nothing is forgotten, as by an agent that starts anew.
			this.#keys.set(instance, firewall);
			return true;
		}
		return false;
	}

	parameter(instance: string): string {
		return `/parapet/${this.account}/${instance}/auth-code`;
	}

	async codes() {
		return ((await this.#object().listCodes()) ?? []).filter(({ instance }) => instance !== null);
	}

	async liveDevices() {
		return (await this.#object().listDevices()).filter(({ status }) => status === "active");
	}

	async seatsTaken(): Promise<number | undefined> {
		return (await this.#object().listLicenses(Math.floor(Date.now() / 1000)))[0]?.seatsTaken;
	}

	#object() {
		return bindings.ACCOUNT.getByName(this.account.slice(5, 15));
	}
}

it("holds after any sequence of deliveries", { timeout: RUNS_TIMEOUT_MS }, async () => {
	let booted = 0;
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 20 }), lastOrder, async (steps, order) => {
			aws.parameters.clear();
			const scene = await Scene.create();
			scene.next();
			for (const one of steps) {
				if (one.kind === "next") scene.next();
				if (one.kind === "boot" && (await scene.boot(one.instance, one.freshKey))) booted += 1;
				const event = one.kind === "deliver" ? scene.events[one.event % scene.events.length] : undefined;
				if (one.kind !== "deliver" || event === undefined) continue;
				if (one.fault !== null) aws.faults[one.fault.action] = [one.fault.kind];
				expect([200, 424, 503]).toContain(await scene.tell(event));
				for (const action of Object.keys(aws.faults) as StubAction[]) delete aws.faults[action];
				for (const code of await scene.codes()) expect(code.used).toBeLessThanOrEqual(1);
			}
			while (scene.next());
			// EventBridge, or somebody with the queue of what it gave up, delivers each once more.
			for (const index of order) expect(await scene.tell(scene.events[index] as AutoscalingNews)).toBe(200);

			expect([...aws.waiting].filter((token) => token.startsWith(scene.account))).toEqual([]);
			expect(aws.parameters.has(scene.parameter(GONE))).toBe(false);
			// What is gone has no seat, and nothing that would get it one.
			expect(await scene.boot(GONE, false)).toBe(false);
			expect(await scene.boot(GONE, true)).toBe(false);
			const live = await scene.liveDevices();
			for (const device of live) expect(device.labels["instance_id"]).toBe(BACK);
			expect(await scene.seatsTaken()).toBe(live.length);
			const open = (await scene.codes()).filter(({ revoked }) => !revoked);
			expect(open.map(({ instance }) => instance)).toEqual([BACK]);
			// Whoever has used the code of the last launch is still there; who is from before has used it too.
			const used = open[0]?.used ?? 0;
			const backSince = Math.floor(Date.parse(scene.events[LAST_LAUNCH_OF_BACK]?.time ?? "") / 1000);
			expect(live.length).toBeGreaterThanOrEqual(used);
			expect(live.filter(({ activatedAt }) => activatedAt < backSince).length).toBeLessThanOrEqual(used);
			expect(await scene.boot(BACK, false)).toBe(true);
		}),
		{ numRuns: RUNS },
	);
	expect(booted).toBeGreaterThan((RUNS * 2) / 3);
});
