// Pulses behind a real cache, as a CDN would hold them: many devices are one request to the origin, and whatever the cache does (an
// old copy, none, one that was purged) a device asks once too often or waits until the time that its answer said.
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { hearNothing, type WakeUp, waitForNews } from "../../cli/firewall/check/pulse.ts";
import type { CheckAnswer } from "../../cli/firewall/wire-types.ts";
import { PULSE_MAX_AGE_SECONDS } from "../../src/content/check/pulse.ts";
import { operate } from "./support/fleet.ts";
import { describeWithPrograms } from "./support/programs.ts";
import { type PulseCache, startPulseCache } from "./support/pulse-cache.ts";
import { type RunningService, startService } from "./support/service.ts";

interface Pulse {
	readonly url: string;
	readonly value: string;
}

const INTERVAL = 600;
const QUIET_HOURS = 6;

let cache: PulseCache;
let service: RunningService;

await describeWithPrograms(["nginx"], "pulses behind nginx", () => {
	beforeAll(async () => {
		cache = await startPulseCache();
		service = await startService({ variables: { PULSE_ORIGIN: cache.url } });
		cache.behind.url = service.url;
		await post();
	});
	afterAll(async () => {
		await service?.close();
		await cache?.close();
	});
	beforeEach(async () => {
		Object.assign(cache.behind, { isDown: false, maxAge: null });
		await cache.purge();
		cache.behind.asked = 0;
	});

	it("are asked of the origin once, however many devices read them together and in the seconds after", async () => {
		const { url, value } = await pulse();
		expect(url.startsWith(`${cache.url}/p/`)).toBe(true);
		for (let round = 0; round < 2; round++) {
			const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(url)));
			const values = await Promise.all(answers.map((answer) => answer.json() as Promise<{ value: string }>));
			expect(new Set(values.map((one) => one.value))).toEqual(new Set([value]));
		}
		expect(cache.behind.asked).toBe(1);
		expect((await fetch(url)).headers.get("cf-cache-status")).toBe("HIT");
		expect((await fetch(url)).headers.get("cache-control")).toBe(`public, max-age=${PULSE_MAX_AGE_SECONDS}`);
	});

	it("that are old copies delay a device until they are purged", async () => {
		const before = await pulse();
		expect(await read(before.url)).toBe(before.value);
		await post();
		const after = await pulse();
		expect(after.value).not.toBe(before.value);
		expect(await read(before.url)).toBe(before.value);
		const waited = await wait(before, (reads) => (reads === 3 ? cache.purge() : undefined));
		expect(waited).toMatchObject({ wokenBy: "news", reads: 3 });
		expect(await read(before.url)).toBe(after.value);
	});

	it("are fetched anew when their time is over, without anybody purging them", async () => {
		cache.behind.maxAge = "public, max-age=1";
		const before = await pulse();
		expect(await read(before.url)).toBe(before.value);
		await post();
		const { value } = await pulse();
		await expect.poll(() => read(before.url), { timeout: 60_000 }).toBe(value);
	});

	it("stand while the origin does not answer, and a device waits no longer than its answer said", async () => {
		cache.behind.maxAge = "public, max-age=1";
		const { url, value } = await pulse();
		expect(await read(url)).toBe(value);
		await post();
		cache.behind.isDown = true;
		await expect.poll(async () => (await fetch(url)).headers.get("cf-cache-status"), { timeout: 60_000 }).toBe("STALE");
		const { wokenBy, seconds } = await wait({ url, value });
		expect(wokenBy).toBe("until");
		// Each device of those that were told one time comes at its own place after it.
		expect(seconds).toBeGreaterThanOrEqual(QUIET_HOURS * 3_600);
		expect(seconds).toBeLessThanOrEqual(QUIET_HOURS * 3_600 + INTERVAL);
	});

	it("that are nowhere make a device check at its interval", async () => {
		const link = await pulse();
		cache.behind.isDown = true;
		const { wokenBy, seconds } = await wait(link);
		expect(wokenBy).toBe("interval");
		expect(seconds).toBeGreaterThanOrEqual(INTERVAL);
	});
});

/** What the service says of the pulse of the messages. */
async function pulse(): Promise<Pulse> {
	const { pulse: link } = await operate<{ pulse: Pulse | null }>(service, "GET", "/v1/status");
	if (link === null) throw new Error("the service names no pulse");
	return link;
}

/** Something new for all devices. */
async function post(): Promise<void> {
	const before = await operate<{ pulse: Pulse | null }>(service, "GET", "/v1/status");
	await operate(service, "POST", "/v1/messages", {
		severity: "info",
		title: "Maintenance",
		body: "Tonight.",
		ends_at: new Date(Date.now() + 3_600_000).toISOString(),
	});
	await vi.waitFor(
		async () => {
			const after = await operate<{ pulse: Pulse | null }>(service, "GET", "/v1/status");
			expect(after.pulse?.value).not.toBe(before.pulse?.value);
		},
		{ timeout: 60_000 },
	);
}

async function read(url: string): Promise<string> {
	return ((await (await fetch(url)).json()) as { value: string }).value;
}

/**
 * A device waits, as the command line does; only its clock is not the world's.
 * @param onRead before each reading, with how many there were
 */
async function wait(
	{ url, value }: Pulse,
	onRead: (reads: number) => Promise<void> | undefined = () => undefined,
): Promise<{ wokenBy: WakeUp; reads: number; seconds: number }> {
	const startMs = Date.parse("2030-01-01T00:00:00Z");
	let nowMs = startMs;
	let reads = 0;
	const answer: CheckAnswer = {
		device: "dev-aaaaaaaaaaaaaaaaaaaaaaaaaa",
		as_of: new Date(nowMs).toISOString(),
		next_check_in: INTERVAL,
		products: [],
		pulse: [{ url, value }],
		until: new Date(nowMs + QUIET_HOURS * 3_600_000).toISOString(),
	};
	const sleep = async (ms: number) => {
		nowMs += ms;
		reads += ms === 45_000 ? 1 : 0;
		if (ms === 45_000) await onRead(reads);
	};
	const wokenBy = await waitForNews(answer, service.url, hearNothing(), { nowMs: () => nowMs, sleep });
	return { wokenBy, reads, seconds: (nowMs - startMs) / 1_000 };
}
