// Webhooks as a receiver sees them: the real service with its own alarms and workerd's own network, the real command
// line, and a plain HTTP server that verifies what comes with node:crypto and the secret it was shown.
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROJECT_FOLDER } from "../../cli/worker/local-worker.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "./support/service.ts";

const PARAPET = join(PROJECT_FOLDER, "bin", "parapet.mjs");

interface Received {
	readonly path: string;
	readonly headers: IncomingHttpHeaders;
	readonly text: string;
}

class Receiver {
	readonly received: Received[] = [];
	status = 204;
	location = "";
	readonly #server = createServer(async (request, response) => {
		let text = "";
		for await (const chunk of request) text += String(chunk);
		this.received.push({ path: request.url ?? "", headers: request.headers, text });
		response.writeHead(this.status, this.location === "" ? {} : { location: this.location }).end();
		this.#server.emit("webhook");
	});

	async listen(): Promise<void> {
		await once(this.#server.listen(0, "127.0.0.1"), "listening");
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** @returns the webhooks of this type once there are so many */
	async taken(type: string, count: number): Promise<Received[]> {
		for (;;) {
			const found = this.received.filter(({ text }) => JSON.parse(text).type === type);
			if (found.length >= count) return found;
			await once(this.#server, "webhook");
		}
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		this.#server.close();
		await once(this.#server, "close");
	}
}

function isSignedBy(secret: string, { headers, text }: Received): boolean {
	const key = Buffer.from(secret.replace("whsec_", ""), "base64");
	const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
	const mac = createHmac("sha256", key).update(signed).digest("base64");
	return String(headers["webhook-signature"]).split(" ").includes(`v1,${mac}`);
}

describe("a service on this machine", () => {
	const receiver = new Receiver();
	let service: RunningService;
	let env: Record<string, string>;
	let account: string;
	const children: ChildProcess[] = [];

	async function parapet(...args: string[]) {
		const { exitCode, stdout, stderr } = await runCli([...args, "--json"], env);
		if (exitCode !== 0) throw new Error(stderr);
		return JSON.parse(stdout);
	}
	const createLicense = () =>
		parapet("license", "create", account, "--products", "crs", "--seats", "1", "--ends", "30d");

	beforeAll(async () => {
		await receiver.listen();
		service = await startService();
		env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
		account = (await parapet("account", "create", "Example")).account;
		await parapet("product", "create", "crs", "--plan", "immediate");
	});
	afterAll(async () => {
		for (const child of children) child.kill();
		await service?.close();
		await receiver.close();
	});

	it("tells a receiver what happens, at once, with a signature that it can verify", async () => {
		const url = `${receiver.url}/hook?token=of-the-receiver`;
		const { webhook, secret } = await parapet("webhook", "create", account, url, "--types", "license");
		const { license } = await createLicense();
		const [received] = await receiver.taken("license.create", 1);
		if (received === undefined) throw new Error("nothing came");
		expect(received.path).toBe("/hook?token=of-the-receiver");
		expect(received.headers).toMatchObject({
			"content-type": "application/json",
			"webhook-id": expect.stringMatching(/^evt-/),
		});
		expect(JSON.parse(received.text).data).toMatchObject({ account, subject: license, actor: "bootstrap" });
		expect(Math.abs(Date.now() / 1000 - Number(received.headers["webhook-timestamp"]))).toBeLessThan(60);
		expect(isSignedBy(secret, received)).toBe(true);

		const { secret: next } = await parapet("webhook", "rotate", account, webhook);
		await parapet("webhook", "test", account, webhook);
		const [tried] = await receiver.taken("webhook.test", 1);
		expect([secret, next].map((one) => tried !== undefined && isSignedBy(one, tried))).toEqual([true, true]);
		expect(service.logs().join("\n")).not.toContain("of-the-receiver");
		await parapet("webhook", "delete", account, webhook);
	});

	it("does not follow a redirect, and says with exit code 1 what a test met", async () => {
		const { webhook } = await parapet("webhook", "create", account, `${receiver.url}/moved`, "--types", "device");
		Object.assign(receiver, { status: 307, location: `${receiver.url}/elsewhere` });
		const { exitCode, stderr } = await runCli(["webhook", "test", account, webhook], env);
		expect([exitCode, stderr]).toEqual([1, expect.stringContaining("status 307")]);
		expect(receiver.received.map(({ path }) => path)).not.toContain("/elsewhere");

		await parapet("webhook", "delete", account, webhook);
	});

	it("ends with a receiver that is gone, and catches up when it is back", async () => {
		// Of its own: one that has failed is tried again at a moment that nobody here chooses.
		const { webhook } = await parapet("webhook", "create", account, `${receiver.url}/gone`, "--types", "code");
		const [{ license }] = (await parapet("license", "list", account)).licenses;
		const types = () =>
			receiver.received.filter(({ path }) => path === "/gone").map(({ text }) => JSON.parse(text).type);
		Object.assign(receiver, { status: 410, location: "" });
		expect((await runCli(["webhook", "test", account, webhook], env)).stderr).toContain("gone 410");
		const { webhooks } = await parapet("webhook", "list", account);
		expect(webhooks).toMatchObject([{ webhook, state: "disabled", disabled_reason: "gone" }]);
		await parapet("code", "create", account, "--license", license);
		expect(types()).toEqual(["webhook.test"]);
		receiver.status = 200;
		expect(await parapet("webhook", "enable", account, webhook)).toMatchObject({ state: "active" });
		// What it missed comes now, in order: the test event that it had refused, and what happened since.
		await receiver.taken("code.create", 1);
		expect(types()).toEqual(["webhook.test", "webhook.test", "code.create"]);
		await parapet("webhook", "delete", account, webhook);
	});

	it("says that a receiver is not there", async () => {
		const gone = new Receiver();
		await gone.listen();
		const url = `${gone.url}/`;
		await gone.close();
		const { webhook } = await parapet("webhook", "create", account, url, "--types", "device");
		const { exitCode, stderr } = await runCli(["webhook", "test", account, webhook], env);
		expect([exitCode, stderr]).toEqual([1, expect.stringContaining("unreachable")]);
	});

	it("refuses a URL with the reason", async () => {
		const { exitCode, stderr } = await runCli(["webhook", "create", account, "https://169.254.169.254/"], env);
		expect([exitCode, stderr]).toEqual([1, expect.stringContaining("not an IP address")]);
	});

	it("shows the account's events as lines of JSON, and goes on while it is followed", async () => {
		const { stdout } = await runCli(["account", "events", account, "--type", "license", "--json"], env);
		const seen = stdout
			.trim()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(seen).toMatchObject([{ type: "license.create", actor: "bootstrap" }]);

		const args = [
			PARAPET,
			"account",
			"events",
			account,
			"--type",
			"license",
			"--after",
			seen[0].id,
			"--follow",
			"--json",
		];
		const child = spawn(process.execPath, args, {
			env: { ...process.env, ...env },
			stdio: ["ignore", "pipe", "inherit"],
		});
		children.push(child);
		const { license } = await createLicense();
		const [line] = await once(createInterface({ input: child.stdout }), "line");
		expect(JSON.parse(String(line))).toMatchObject({ type: "license.create", subject: license });
		expect(child.exitCode).toBeNull();
	});
});
