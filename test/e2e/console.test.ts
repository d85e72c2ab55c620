// The console in a real browser (Debian's chromium, by playwright-core): signing in, each screen, halting and approving, without scripts
// too, by the rules of WCAG A and AA, and without a report of its policy. Skipped where there is no browser, unless REQUIRE_BROWSER=1.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { exportJWK, generateKeyPair } from "jose";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestHarness } from "wrangler";
import { openSpeaker } from "../../cli/commands/demo/showcase-speaker.ts";
import { TEST_SECRETS } from "../support/secrets.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
const isMissing = CHROMIUM === undefined && process.env["REQUIRE_BROWSER"] !== "1";
if (isMissing) console.warn("skipped: the console in a browser (apt-get install chromium)");

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DEVICES = 500;
/** Lines of one import. */
const BATCH = 100;
const MARKUP = "<img src=x onerror=alert(1)><i>x</i>";
const IN_A_YEAR = new Date(Date.now() + 365 * 86_400_000).toISOString();
const LAST = { bake: 0, fillWithin: null, expect: 60, lease: 600 };
const gate = { kind: "count", maxFailures: 0, minHealthy: 0 };
const approvals = { team: null, count: 1 };
const PLAN = {
	...{ name: "own", overrides: 1 },
	steps: [
		{ ...LAST, name: "one", cohort: { units: 1 }, gate: { ...gate, minHealthy: 1 }, approvals },
		{ ...LAST, name: "all", cohort: { fraction: 1 }, gate, approvals },
	],
};

describe.skipIf(isMissing)("the console in a browser", () => {
	const harness = createTestHarness({
		root: process.cwd(),
		workers: [{ configPath: "dev/wrangler.toml", vars: {}, secrets: TEST_SECRETS }],
	});
	let browser: Browser;
	let url: string;
	let account: string;
	let device: string;
	let message: string;

	async function call<T>(method: string, path: string, body?: BodyInit | object, headers = {}): Promise<T> {
		const content = body instanceof Uint8Array ? body : body === undefined ? undefined : JSON.stringify(body);
		const answer = await fetch(url + path, {
			method,
			headers: {
				authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`,
				"content-type": "application/json",
				...headers,
			},
			...(content !== undefined && { body: content as BodyInit }),
		});
		if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
		return answer.json() as Promise<T>;
	}

	async function publish(version: string): Promise<void> {
		const bytes = new TextEncoder().encode(`rules ${version}`);
		const digest = `sha-256=:${createHash("sha256").update(bytes).digest("base64")}:`;
		const path = `/v1/products/crs/releases/${version}`;
		await call("PUT", `${path}/package?name=crs.rules`, bytes, {
			"repr-digest": digest,
			"content-type": "application/octet-stream",
		});
		await call("PUT", path, { notes: MARKUP });
	}

	async function line(index: number) {
		const { kty, crv, x, y } = await exportJWK((await generateKeyPair("ES256")).publicKey);
		return { license, serial: `SN-${index}`, model: "FW-100", labels: { site: MARKUP }, jwk: { kty, crv, x, y } };
	}
	let license: string;

	beforeAll(async () => {
		process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
		url = (await harness.listen()).url.origin;
		await call("POST", "/v1/products", { product: "crs", plan: "immediate" });
		await publish("1.0.0");
		await call("PATCH", "/v1/products/crs", { plan: PLAN });
		await publish("2.0.0");
		await publish("3.0.0");
		account = (await call<{ account: string }>("POST", "/v1/accounts", { name: "Customer" })).account;
		const terms = { products: ["crs"], seats: DEVICES, ends_at: IN_A_YEAR };
		license = (await call<{ license: string }>("POST", `/v1/accounts/${account}/licenses`, terms)).license;
		const lines = await Promise.all(Array.from({ length: DEVICES }, (_, index) => line(index)));
		const { issuer } = await call<{ issuer: string }>("GET", "/.well-known/oauth-authorization-server");
		const speaker = await openSpeaker({ server: url, issuer, product: "crs", country: "BR", nowMs: Date.now });
		const speaking = { ...(await line(DEVICES - BATCH)), jwk: speaker.jwk, dpop_bound: false };
		for (let from = 0; from < DEVICES; from += BATCH) {
			const devices = lines
				.slice(from, from + BATCH)
				.map((one, at) => (from + at === DEVICES - BATCH ? speaking : one));
			const path = `/v1/accounts/${account}/devices`;
			const { results } = await call<{ results: { device: string }[] }>("POST", path, { devices });
			device = results[0]?.device ?? "";
		}
		const text = { severity: "warning", title: "Hello", body: "There", ends_at: IN_A_YEAR };
		message = (await call<{ id: string }>("POST", "/v1/messages", text)).id;
		speaker.becomes(device);
		await speaker.install("0.9.0", "failed", "disk_full");
		await call("POST", `/v1/accounts/${account}/fleet`, {});
		browser = await chromium.launch({ executablePath: CHROMIUM ?? "chromium", args: ["--no-sandbox"] });
	});
	afterAll(async () => {
		await browser?.close();
		await harness.close();
	});

	async function newPage(javaScriptEnabled: boolean, width = 1200): Promise<{ page: Page; faults: string[] }> {
		const context = await browser.newContext({
			javaScriptEnabled,
			viewport: { width, height: 800 },
			timezoneId: "America/Sao_Paulo",
		});
		const page = await context.newPage();
		const faults: string[] = [];
		page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
		page.on("pageerror", (error) => faults.push(String(error)));
		page.on("dialog", (dialog) => {
			faults.push(`a dialog: ${dialog.message()}`);
			void dialog.dismiss();
		});
		return { page, faults };
	}

	/** Signed in. Whatever the page's policy refuses, and each script that fails, is in `faults`. */
	async function open(javaScriptEnabled: boolean, width = 1200): Promise<{ page: Page; faults: string[] }> {
		const { page, faults } = await newPage(javaScriptEnabled, width);
		await page.goto(`${url}/console`);
		await page.fill("input[name=key]", TEST_SECRETS.BOOTSTRAP_KEY);
		await page.click("main button[type=submit]");
		expect(new URL(page.url()).pathname).toBe("/console/rollouts");
		return { page, faults };
	}

	const screens = () => [
		"/console/rollouts",
		"/console/rollouts?product=crs&state=waiting",
		"/console/rollouts/crs/2.0.0",
		"/console/rollouts/crs/2.0.0/halt",
		"/console/fleet",
		`/console/fleet?account=${account}`,
		"/console/fleet?product=crs&country=BR",
		"/console/fleet/products/crs",
		"/console/fleet/installed?product=crs&installed=1*",
		"/console/fleet/trust?breaks_at=2037-06-01",
		"/console/devices",
		`/console/devices?account=${account}`,
		`/console/devices/${device}?product=crs`,
		`/console/devices/forks?account=${account}`,
		`/console/devices/${device}/suspend`,
		"/console/releases",
		"/console/releases/crs/2.0.0",
		`/console/licenses?account=${account}`,
		`/console/licenses/${license}?account=${account}`,
		"/console/messages",
		`/console/messages/${message}?state=not_seen`,
		`/console/messages/${message}/take-down`,
		"/console/traffic",
		"/console/messages/new?title=Hello&body=There&ends_at=2030-01-01T00:00:00Z",
		"/console/trail",
		"/console/trail?type=product&order=oldest",
		`/console/devices?account=${account}&product=crs&installed=0.9*`,
		`/console/trail?account=${account}`,
		"/console/nothing",
	];

	it("each screen fits a phone, breaks no rule of WCAG A and AA, and its policy has nothing to report", async () => {
		const { page, faults } = await open(true, 400);
		for (const path of ["/", "/console/sign-in", ...screens()]) {
			await page.goto(url + path);
			await page.evaluate(AXE);
			const violations = await page.evaluate(async () => {
				const axe = (
					globalThis as unknown as {
						axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
					}
				).axe;
				const found = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
				return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
			});
			expect([path, violations]).toEqual([path, []]);
			const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
			expect([path, overflow]).toEqual([path, 0]);
		}
		expect(faults.filter((text) => !text.includes("404"))).toEqual([]);
	});

	it("what devices and publishers wrote is text on each screen, and no element", async () => {
		const { page, faults } = await open(true);
		const shown: string[] = [];
		for (const path of screens()) {
			await page.goto(url + path);
			expect([path, await page.locator("main img[src=x], main script, main i").count()]).toEqual([path, 0]);
			if ((await page.textContent("main"))?.includes("<i>x</i>")) shown.push(path);
		}
		// Else nothing was tried.
		expect(shown.length).toBeGreaterThan(0);
		expect(faults.filter((text) => !text.includes("404"))).toEqual([]);
	}, 180_000);

	it.each([
		["with scripts", true],
		["without scripts", false],
	])("a link signs one browser in by its button, once, %s", async (_, scripts) => {
		const link = (await call<{ url: string }>("POST", "/console/links")).url;
		const { pathname, search } = new URL(link);
		const { page, faults } = await newPage(scripts);
		await page.goto(url + pathname + search);
		await page.click("main button[type=submit]");
		expect(new URL(page.url()).pathname).toBe("/console/rollouts");
		const late = await newPage(scripts);
		await late.page.goto(url + pathname + search);
		await late.page.click("main button[type=submit]");
		expect(await late.page.textContent("main")).toContain("nobody was signed in");
		expect([faults, late.faults.filter((text) => !text.includes("401"))]).toEqual([[], []]);
	});

	it.each([
		["with scripts", true],
		["without scripts", false],
	])("pressing the button of a link twice signs in, %s", async (_, scripts) => {
		const { pathname, search } = new URL((await call<{ url: string }>("POST", "/console/links")).url);
		const { page, faults } = await newPage(scripts);
		await page.goto(url + pathname + search);
		await page.dblclick("main button[type=submit]");
		// Each click goes somewhere, and the browser breaks the first off for the second.
		await page.locator("h1:text-is('Rollouts')").waitFor();
		expect([new URL(page.url()).pathname, faults]).toEqual(["/console/rollouts", []]);
	});

	it.each([
		["with scripts", true],
		["without scripts", false],
	])(
		"from the beginning of a version one comes to its accounts and devices, and from a day to who stops, %s",
		async (_, scripts) => {
			const { page, faults } = await open(scripts, 400);
			await page.goto(`${url}/console/fleet`);
			await page.click("main a:text-is('who still runs a version')");
			await page.fill("input[name=installed]", "0.9*");
			await page.click("main form button");
			expect(await page.textContent("h1")).toBe("Who still runs crs 0.9*");
			await page.click("main a:text-is('which they are')");
			expect(await page.locator("main tbody tr").count()).toBe(1);
			expect(await page.textContent("main tbody")).toContain(device);
			await page.goto(`${url}/console/fleet`);
			await page.click("main a:text-is('who stops updating')");
			await page.fill("input[name=breaks_at]", "2037-06-01");
			await page.click("main form button");
			expect(await page.textContent("main")).toContain("2037-06-01 00:00 UTC");
			expect(faults).toEqual([]);
		},
	);

	it("a customer's key opens the account's own screens, and no others", async () => {
		const made = { subject: "a customer", scopes: [`read:${account}`] };
		const { key } = await call<{ key: string }>("POST", "/v1/keys", made);
		const { page, faults } = await newPage(true);
		await page.goto(`${url}/console`);
		await page.fill("input[name=key]", key);
		await page.click("main button[type=submit]");
		const links = await page.locator("nav a").evaluateAll((found) => found.map((one) => one.getAttribute("href")));
		expect(links).toEqual(expect.arrayContaining(["/console/fleet", "/console/devices", "/console/licenses"]));
		expect(links).not.toContain("/console/rollouts");
		await page.goto(`${url}/console/devices`);
		expect(await page.locator("main tbody tr").count()).toBe(50);
		expect(await page.textContent("main")).not.toContain("Suspend");
		expect(faults).toEqual([]);
	});

	it("times are shown in the reader's zone beside UTC", async () => {
		const { page } = await open(true);
		await page.goto(`${url}/console/rollouts/crs/2.0.0`);
		expect(await page.textContent("time")).toMatch(/UTC \(.* here\)$/);
	});

	it.each([
		["with scripts", true, "2.0.0"],
		["without scripts", false, "3.0.0"],
	])("a rollout is approved and then halted, %s", async (_, scripts, version) => {
		const { page, faults } = await open(scripts);
		const path = `/console/rollouts/crs/${version}`;
		const words = async () =>
			(await call<{ words: unknown[] }>("GET", `/v1/products/crs/releases/${version}/rollout`)).words.length;
		await page.click(`a[href="${path}"]`);
		await page.click(`a[href="${path}/approve"]`);
		await page.click("main button[type=submit]");
		expect([new URL(page.url()).pathname, await words()]).toEqual([path, 1]);
		await page.click(`a[href="${path}/halt"]`);
		await page.fill("textarea[name=reason]", "tunnels drop");
		await page.click("main button[type=submit]");
		expect(await page.textContent("main")).toContain("tunnels drop");
		await page.click("header form button");
		expect(new URL(page.url()).pathname).toBe("/console/sign-in");
		expect(faults).toEqual([]);
	});
});
