// `npm run bench:console`: how long each screen of the console takes until its first byte, with 100,000 devices in one account and in the
// census; beside it, in the same rounds, the sign-in page, which is rendered by the same Worker and asks nobody. `--quick` with a tenth of
// the devices, `--json`.
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exportJWK, generateKeyPair } from "jose";
import { generateSecrets, SECRET_NAMES } from "../../cli/worker/secrets.ts";
import { endProgress, mark, showProgress } from "../progress.ts";
import { median } from "../statistics.ts";
import { buildBundle } from "../workerd/bundle.ts";
import { wrappedService } from "../workerd/service.ts";
import { startWorkers } from "../workerd/workers.ts";
import { FLEET_SCRIPT } from "./fleet-script.ts";

const root = join(import.meta.dirname, "../..");
const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});
const DEVICES = options.quick ? 10_000 : 100_000;
const ROUNDS = options.quick ? 10 : 40;
const BATCH = 500;
const GOAL_MS = 100;
const BASELINE = "/console/sign-in";
const DAY_MS = 86_400_000;

interface Stage {
	readonly url: string;
	readonly key: string;
	readonly account: string;
	readonly device: string;
}

async function call<T>(
	{ url, key }: Pick<Stage, "url" | "key">,
	method: string,
	path: string,
	body?: object,
	bytes?: Uint8Array,
): Promise<T> {
	const content = bytes ?? (body === undefined ? undefined : JSON.stringify(body));
	const answer = await fetch(url + path, {
		method,
		headers: {
			authorization: `Bearer ${key}`,
			"content-type": bytes === undefined ? "application/json" : "application/octet-stream",
			...(bytes !== undefined && {
				"repr-digest": `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`,
			}),
		},
		...(content !== undefined && { body: content as BodyInit }),
	});
	if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
	return (await answer.json()) as T;
}

async function setUp(url: string, key: string): Promise<Stage> {
	const stage = { url, key };
	await call(stage, "POST", "/v1/products", { product: "crs", plan: "immediate" });
	for (let minor = 0; minor < 12; minor++) {
		const path = `/v1/products/crs/releases/1.0.${minor}`;
		await call(stage, "PUT", `${path}/package?name=crs.rules`, undefined, new TextEncoder().encode(`rules ${minor}`));
		await call(stage, "PUT", path, {});
	}
	const { account } = await call<{ account: string }>(stage, "POST", "/v1/accounts", { name: "A large account" });
	const ends = new Date(Date.now() + 365 * DAY_MS).toISOString();
	const { license } = await call<{ license: string }>(stage, "POST", `/v1/accounts/${account}/licenses`, {
		...{ products: ["crs"], seats: 200_000, ends_at: ends },
	});
	await call(stage, "POST", "/v1/messages", { severity: "warning", title: "Hello", body: "There", ends_at: ends });
	const { kty, crv, x, y } = await exportJWK((await generateKeyPair("ES256", { extractable: true })).publicKey);
	const line = { license, serial: "REAL-1", model: "FW-1", jwk: { kty, crv, x, y } };
	const { results } = await call<{ results: { device: string }[] }>(stage, "POST", `/v1/accounts/${account}/devices`, {
		devices: [line],
	});
	const name = account.slice("acct-".length, "acct-".length + 10);
	const now = Math.floor(Date.now() / 1_000);
	for (let from = 0; from < DEVICES; from += BATCH) {
		if (from % 10_000 === 0) showProgress(`inserting devices, ${from} of ${DEVICES}`);
		const query = new URLSearchParams({ account: name, license, from: `${from}`, count: `${BATCH}`, now: `${now}` });
		const answer = await fetch(`${url}/fill?${query}`, { method: "POST" });
		if (!answer.ok) throw new Error(`fill: ${answer.status} ${await answer.text()}`);
	}
	showProgress("counting them");
	for (let told = false; !told; )
		told = (await call<{ told: boolean }>(stage, "POST", `/v1/accounts/${account}/fleet`, {})).told;
	return { ...stage, account, device: results[0]?.device ?? "" };
}

async function signIn({ url, key }: Stage): Promise<string> {
	const answer = await fetch(`${url}/console/sign-in`, {
		method: "POST",
		redirect: "manual",
		headers: { origin: url, "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" },
		body: new URLSearchParams({ key }).toString(),
	});
	const cookie = answer.headers.get("set-cookie")?.split(";", 1)[0];
	if (cookie === undefined) throw new Error(`not signed in: ${answer.status}`);
	return cookie;
}

/** Every screen that the navigation names, and of what each leads to one. */
async function screensOf({ url, account, device }: Stage, cookie: string): Promise<string[]> {
	const page = await (await fetch(`${url}/console/rollouts`, { headers: { cookie } })).text();
	const nav = page.slice(page.indexOf("<nav"), page.indexOf("</nav>"));
	const named = Array.from(nav.matchAll(/href="(\/console\/[a-z-]+)"/g), ([, path = ""]) => path);
	return [
		...new Set([
			...named,
			...named.filter((path) => /fleet|devices|licenses|trail/.test(path)).map((path) => `${path}?account=${account}`),
			`/console/devices?account=${account}&outcome=failed`,
			`/console/devices?account=${account}&silent_for=86400`,
			...[`/console/devices/${device}`, "/console/fleet/products/crs", "/console/rollouts/crs/1.0.11"],
			...["/console/fleet/installed?product=crs&installed=1.0.1*", "/console/fleet/trust"],
			`/console/devices?account=${account}&product=crs&installed=1.0.1*`,
			...["/console/releases?product=crs", "/console/trail?product=crs", "/console/messages/new"],
		]),
	];
}

/** @returns ms until the head of the answer is there, which is when its first byte is */
async function firstByte(url: string, cookie: string): Promise<number> {
	const startMs = performance.now();
	const answer = await fetch(url, { headers: { cookie, accept: "text/html" }, redirect: "manual" });
	const ms = performance.now() - startMs;
	const text = await answer.text();
	if (answer.status !== 200) throw new Error(`${new URL(url).pathname}: ${answer.status} ${text.slice(0, 300)}`);
	return ms;
}

interface Figure {
	readonly screen: string;
	readonly medianMs: number;
	readonly p95Ms: number;
	/** of the quickest round: whatever else the machine does only adds to it */
	readonly bestMs: number;
	/** of the medians: as many times as long as the sign-in page */
	readonly ratio: number;
}

async function measure(stage: Stage): Promise<{ baselineMs: number; screens: Figure[] }> {
	const cookie = await signIn(stage);
	const screens = await screensOf(stage, cookie);
	const times = new Map<string, number[]>([BASELINE, ...screens].map((path) => [path, []]));
	for (let round = 0; round < ROUNDS; round++) {
		showProgress(`measuring, round ${round + 1} of ${ROUNDS}`);
		for (const [path, found] of times) found.push(await firstByte(stage.url + path, cookie));
	}
	const baselineMs = median(times.get(BASELINE) ?? []);
	return {
		baselineMs,
		screens: screens.map((screen) => {
			const found = (times.get(screen) ?? []).toSorted((one, other) => one - other);
			const medianMs = median(found);
			const p95Ms = found[Math.floor(found.length * 0.95)] ?? 0;
			return { screen, medianMs, p95Ms, bestMs: found[0] ?? 0, ratio: medianMs / baselineMs };
		}),
	};
}

async function run(folder: string) {
	showProgress("building the Worker");
	const bundle = await buildBundle(root, folder);
	const secrets = Object.fromEntries(generateSecrets(SECRET_NAMES, "local"));
	const vars = { ISSUER: "http://127.0.0.1", HISTORY_SINK: "off" };
	const workers = await startWorkers([{ name: "console", ...wrappedService(bundle, secrets, FLEET_SCRIPT, vars) }]);
	try {
		const url = `http://127.0.0.1:${workers.ports.get("console")}`;
		return await measure(await setUp(url, secrets["BOOTSTRAP_KEY"] ?? ""));
	} finally {
		await workers.stop();
	}
}

function format({ baselineMs, screens }: Awaited<ReturnType<typeof run>>): string {
	const shown = (path: string) => path.replace(/acct-\w+/, "…").replace(/dev-[\w-]+/, "…");
	return [
		`${DEVICES} devices in one account and in the census; ${ROUNDS} rounds; the sign-in page, which asks nobody: ${baselineMs.toFixed(1)} ms`,
		...screens.map(
			({ screen, medianMs, p95Ms, bestMs, ratio }) =>
				`${shown(screen).padEnd(52)} ${medianMs.toFixed(1).padStart(7)} ms, best ${bestMs.toFixed(1).padStart(6)} ms, 95 % within ${p95Ms.toFixed(1).padStart(7)} ms, ${ratio.toFixed(1)} × (goal: at most ${GOAL_MS} ms, ${mark(medianMs <= GOAL_MS)})`,
		),
	].join("\n");
}

const folder = await mkdtemp(join(tmpdir(), "parapet-bench-"));
// At any exit: Ctrl-C ends the process inside Miniflare, which stops workerd and returns to nobody.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
try {
	const figures = await run(folder);
	endProgress();
	process.stdout.write(
		options.json
			? `${JSON.stringify({ devices: DEVICES, rounds: ROUNDS, ...figures }, null, "\t")}\n`
			: `${format(figures)}\n`,
	);
} catch (error) {
	endProgress();
	process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
}
