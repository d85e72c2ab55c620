// The way to a first deployment, against a played wrangler that has what it was told to make and fails where it is told to.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { WranglerError } from "../../../scripts/deploy/wrangler.ts";
import { setUp, type Wanted } from "../../../scripts/set-up/set-up.ts";
import { faultOfHost, fillIn, PLACES } from "../../../scripts/set-up/settings-file.ts";

const TOML = readFileSync(join(import.meta.dirname, "../../../wrangler.toml"), "utf8");
const ID = "0123456789abcdef0123456789abcdef";
const WANTED: Wanted = { namespace: "parapet-records", buckets: ["packages", "pulses"], packages: "packages" };

class PlayedWrangler {
	readonly namespaces = new Map<string, string>([["another", "f".repeat(32)]]);
	readonly buckets = new Set<string>();
	readonly rules = new Set<string>();
	readonly calls: string[] = [];
	/** the call that fails; after = it is done all the same */
	failAt: { readonly call: number; readonly after: boolean } | null = null;

	readonly run = async (args: readonly string[]) => {
		this.calls.push(args.join(" "));
		const fails = this.failAt?.call === this.calls.length ? this.failAt : null;
		if (fails !== null && !fails.after) return { status: 1, output: "✘ [ERROR] no network", entries: [] };
		const ran = { entries: [], ...this.#answer(args) };
		return fails === null ? ran : { ...ran, status: 1, output: "✘ [ERROR] no answer" };
	};

	#answer([group, what, verb, ...rest]: readonly string[]): { status: number; output: string } {
		const done = { status: 0, output: "done" };
		if (group === "kv" && verb === "list") {
			const list = [...this.namespaces].map(([title, id]) => ({ id, title }));
			return { status: 0, output: JSON.stringify(list) };
		}
		if (group === "kv") {
			this.namespaces.set(String(rest[0]), ID);
			return done;
		}
		if (what === "bucket" && verb === "create") {
			if (this.buckets.has(String(rest[0])))
				return { status: 1, output: "The bucket you tried to create already exists, and you own it. [code: 10004]" };
			this.buckets.add(String(rest[0]));
			return done;
		}
		if (rest[0] === "list") return { status: 0, output: [...this.rules].map((name) => `name: ${name}`).join("\n") };
		this.rules.add(rest.slice(1, 3).join(" "));
		return done;
	}
}

async function run(wrangler: PlayedWrangler) {
	const told: string[] = [];
	const id = await setUp(wrangler.run, WANTED, (line) => told.push(line));
	return { id, told };
}

describe("a set-up", () => {
	it("makes the stores, and finds them the next time", async () => {
		const wrangler = new PlayedWrangler();
		const first = await run(wrangler);
		expect(first.id).toBe(ID);
		expect(first.told.every((line) => line.startsWith("made"))).toBe(true);
		expect([[...wrangler.buckets], [...wrangler.rules]]).toEqual([["packages", "pulses"], ["packages sweep-uploads"]]);
		const second = await run(wrangler);
		expect(second.id).toBe(ID);
		expect(second.told.every((line) => line.startsWith("found"))).toBe(true);
		expect(wrangler.calls.filter((call) => call.includes("lifecycle add"))).toHaveLength(1);
	});

	it.each([true, false].flatMap((after) => Array.from({ length: 7 }, (_, index) => [index + 1, after] as const)))(
		"that fails at call %s (done all the same: %s) says so, and is finished by another",
		async (call, after) => {
			const wrangler = new PlayedWrangler();
			wrangler.failAt = { call, after };
			await expect(run(wrangler)).rejects.toThrow(WranglerError);
			wrangler.failAt = null;
			expect((await run(wrangler)).id).toBe(ID);
			expect([[...wrangler.buckets], [...wrangler.rules]]).toEqual([
				["packages", "pulses"],
				["packages sweep-uploads"],
			]);
			expect([...wrangler.namespaces.keys()]).toEqual(["another", "parapet-records"]);
		},
	);

	it("does not take what is no list for one", async () => {
		const garbled = async () => ({ status: 0, output: "Logged out", entries: [] });
		await expect(setUp(garbled, WANTED, () => {})).rejects.toThrow("did not answer a list");
	});
});

describe("wrangler.toml", () => {
	const { production, staging } = PLACES;
	if (production === undefined || staging === undefined) throw new Error("a place is missing");
	const values = { namespace: ID, host: "updates.acme.net" };

	it("gets the values of production, and those of staging stay", () => {
		const filled = fillIn(TOML, production, values);
		expect(filled).not.toContain(production.namespace);
		expect(filled).toContain('ISSUER = "https://updates.acme.net"');
		expect(filled).not.toMatch(/["/]updates\.example\.com/);
		expect(filled).toContain(staging.namespace);
		expect(filled).toContain(`"https://${staging.host}"`);
		expect(fillIn(filled, production, { namespace: "e".repeat(32), host: "other.acme.net" }), "again").toBe(filled);
	});

	it("gets the values of staging, and those of production stay", () => {
		const filled = fillIn(TOML, staging, values);
		expect(filled).toContain(production.namespace);
		expect(filled).toContain(`"https://${production.host}"`);
		expect(filled).not.toContain(staging.namespace);
	});
});

it.each([
	["updates.acme.net", true],
	["a.b.example-rules.com", true],
	["updates.example.com", false],
	["https://updates.acme.net", false],
	["updates.acme.net:443", false],
	["updates.acme.net/x", false],
	["Updates.acme.net", false],
	["acme", false],
	["-a.net", false],
	["a..net", false],
	["192.0.2.1", false],
	['x".net', false],
	["", false],
])("%s: %s", (host, isGood) => expect(faultOfHost(host) === null).toBe(isGood));
