// `npm run screenshots`: pictures of the console for README and docs, docs/images/*.png, of the demo's fleet on a service of its own. Needs
// Debian's chromium, and ends with a fault where a picture is too large for a repository.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { chromium, type Page } from "playwright-core";
import { makeVisitor, openConsole } from "../../cli/commands/demo/console-step.ts";
import { buildShowcase, SHOWCASE_PRODUCT } from "../../cli/commands/demo/showcase.ts";
import type { RunStep } from "../../cli/commands/demo/steps.ts";
import { anyAnswer } from "../../cli/http/answers.ts";
import { createOperatorApi } from "../../cli/http/operator-api.ts";
import { ensureDevSecrets } from "../../cli/worker/dev-secrets.ts";
import { PROJECT_FOLDER, startWorker } from "../../cli/worker/local-worker.ts";
import { findFreePort } from "../../cli/worker/port.ts";

const IMAGES = join(PROJECT_FOLDER, "docs", "images");
const MAX_BYTES = 150_000;
const SIZE = { width: 1100, height: 720 };
const DAY_MS = 86_400_000;
const nowMs = () => Date.now();

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((path) => existsSync(path));
if (executablePath === undefined) {
	process.stderr.write("error: there is no chromium (apt-get install chromium)\n");
	process.exit(1);
}

const quietly: RunStep = async (name, work) => {
	process.stderr.write(`${name} …\n`);
	return (await work()).value;
};

/** @returns names of pictures, what they show, and the heading that they begin with where that is not the first */
async function pagesOf(page: Page, url: string): Promise<[name: string, path: string, from?: string][]> {
	await page.goto(`${url}/console/devices`);
	const rows = page.locator("main tbody tr", { hasText: "Demo fleet" }).locator("a").first();
	const devices = new URL((await rows.getAttribute("href")) ?? "", url);
	return [
		["console-rollout", `/console/rollouts/${SHOWCASE_PRODUCT}/2.0.0`],
		["console-fleet", "/console/fleet"],
		["console-devices", devices.pathname + devices.search],
		["console-map", "/console/fleet", `Where ${SHOWCASE_PRODUCT} runs`],
		["console-installed", `/console/fleet/installed?product=${SHOWCASE_PRODUCT}`],
		["console-traffic", "/console/traffic"],
	];
}

async function takePictures(url: string, link: string): Promise<void> {
	const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
	try {
		const context = await browser.newContext({ viewport: SIZE, colorScheme: "light", timezoneId: "UTC" });
		const page = await context.newPage();
		await page.goto(link);
		await page.click("main button[type=submit]");
		await mkdir(IMAGES, { recursive: true });
		for (const [name, path, from] of await pagesOf(page, url)) {
			await page.goto(url + path, { waitUntil: "networkidle" });
			if (from !== undefined)
				await page.getByRole("heading", { name: from }).evaluate((heading) => heading.scrollIntoView());
			const file = join(IMAGES, `${name}.png`);
			await page.screenshot({ path: file });
			const { size } = await stat(file);
			process.stdout.write(`docs/images/${name}.png ${size} bytes\n`);
			if (size > MAX_BYTES) throw new Error(`${name}.png has ${size} bytes; at most ${MAX_BYTES} are wanted`);
		}
	} finally {
		await browser.close();
	}
}

const folder = await mkdtemp(join(tmpdir(), "parapet-screenshots-"));
const secretsFile = join(folder, "secrets.env");
const { values } = await ensureDevSecrets(secretsFile);
const worker = await startWorker({
	...{ port: await findFreePort(), secretsFile },
	...{ stateFolder: join(folder, "state"), logFile: join(folder, "worker.log") },
});
try {
	const api = createOperatorApi({ server: worker.url, key: values["BOOTSTRAP_KEY"] ?? "", nowMs });
	const visitor = await makeVisitor(api, nowMs);
	await buildShowcase({ step: quietly, api, approver: visitor.api, folder, nowMs });
	await api.call("POST", "/v1/messages", "could not create the message", anyAnswer, {
		...{ severity: "info", title: "Welcome to Parapet", body: "Updates come from the Parapet on this machine." },
		ends_at: new Date(nowMs() + 30 * DAY_MS).toISOString(),
	});
	// What devices have said is passed on behind their answers, and a rollout goes on by itself.
	await wait(2_000);
	const { value: link } = await openConsole(visitor);
	await takePictures(worker.url, link);
} finally {
	await worker.stop();
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
