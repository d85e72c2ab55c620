// Has real devices and a publisher do each thing a few times, and reads after each what the meter has counted.
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SAMPLED_WEIGHT } from "../../src/telemetry/sink.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import { CHECK_PATH, OUTDATED } from "../stage/device-requests.ts";
import { type Answer, send } from "../stage/operator.ts";
import type { Stage } from "../stage/stage.ts";
import { makeTokenRequests } from "../stage/token-requests.ts";
import { shareOf, type Use, type Uses } from "./use.ts";

/** The Directory writes `heads` once in 1.1 s, and what comes after it at once. */
const SETTLE_MS = 4_000;
/** DEVICE_FRESH_SECONDS of production, and a little: after it a device's record is read again. */
const FORGET_MS = 10_500;
const PUBLISHES = 5;

/** @param port of the metered service @param key of the operator */
export async function measureUses(
	port: number,
	load: LoadGenerator,
	{ fleet, devices, places }: Stage,
	key: string,
): Promise<Uses> {
	const count = devices.length;
	const meter = async (): Promise<Use> => JSON.parse((await send({ port, method: "GET", path: "/meter" })).body);
	const tokens = (await fleet.signTokens(devices.map(({ profile }) => profile))).value;
	const each = async (status: number, request: (index: number) => Parameters<typeof send>[0]): Promise<Answer[]> => {
		const answers: Answer[] = [];
		for (let index = 0; index < count; index++) {
			const answer = await send(request(index));
			if (answer.status !== status)
				throw new Error(`${answer.status} instead of ${status}: ${answer.body.slice(0, 300)}`);
			answers.push(answer);
		}
		return answers;
	};
	const by = (index: number) => ({ authorization: `Bearer ${tokens[index]}`, "content-type": "application/json" });

	await meter();
	const { value: requests } = await makeTokenRequests(devices, count, places.now());
	await load.run({ port, requests, statuses: [200], seconds: 60, limit: count });
	// Which of them write a point is drawn by lot: as many as on average, since there are few devices here.
	const points = 1 / SAMPLED_WEIGHT;
	const token = { ...shareOf(await meter(), count), points };

	const checks = await each(200, (index) => ({ port, method: "GET", path: OUTDATED, headers: by(index) }));
	const check = { ...shareOf(await meter(), count), points };

	const current = await each(200, (index) => ({ port, method: "GET", path: CHECK_PATH, headers: by(index) }));
	await meter();
	const etagOf = (index: number) => String(current[index]?.headers["etag"]);
	await each(304, (index) => {
		const headers = { ...by(index), "if-none-match": etagOf(index) };
		return { port, method: "GET", path: CHECK_PATH, headers };
	});
	const unchanged = { ...shareOf(await meter(), count), points };

	// What devices ask for that know nothing of downloads in offers. It reads its device's record, unless the isolate has just read it.
	await sleep(FORGET_MS);
	await meter();
	await each(201, (index) => {
		const body = JSON.stringify({ offer: textIn(checks[index], "capability") });
		return { port, method: "POST", path: "/v1/permits", headers: by(index), body };
	});
	const permit = shareOf(await meter(), count);

	await each(200, (index) => {
		const url = new URL(textIn(checks[index], "url"));
		return { port, method: "GET", path: url.pathname + url.search };
	});
	const download = shareOf(await meter(), count);

	await each(202, (index) => {
		const body = JSON.stringify({ permit: textIn(checks[index], "capability"), outcome: "healthy" });
		return { port, method: "POST", path: "/v1/reports", headers: by(index), body };
	});
	const report = shareOf(await meter(), count);

	await sleep(SETTLE_MS);
	await meter();
	for (let release = 0; release < PUBLISHES; release++) {
		await publish(port, key, `9.${release}.0`);
		await sleep(SETTLE_MS);
	}
	return { token, check, unchanged, permit, download, report, publish: shareOf(await meter(), PUBLISHES) };
}

async function publish(port: number, key: string, version: string): Promise<void> {
	const bytes = randomBytes(1_000);
	const digest = createHash("sha256").update(bytes).digest("base64");
	const authorization = `Bearer ${key}`;
	const path = `/v1/products/crs/releases/${version}`;
	const headers = { authorization, "repr-digest": `sha-256=:${digest}:` };
	const uploaded = await send({ port, method: "PUT", path: `${path}/package?name=crs.bin`, headers, body: bytes });
	const json = { authorization, "content-type": "application/json" };
	const released = await send({ port, method: "PUT", path, headers: json, body: '{"allow_size":"of a measurement"}' });
	for (const { status, body } of [uploaded, released]) if (status >= 300) throw new Error(`publish: ${status} ${body}`);
}

/** @returns the first text of that name in an answer. @throws Error where there is none */
function textIn(answer: Answer | undefined, name: string): string {
	const found = new RegExp(`"${name}":"([^"]+)"`).exec(answer?.body ?? "")?.[1];
	if (found === undefined) throw new Error(`no ${name} in: ${answer?.body.slice(0, 300)}`);
	return found;
}
