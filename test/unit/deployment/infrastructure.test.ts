// infra/cloudflare: parsed, and held to wrangler.toml and to what the service serves and stores. Terraform itself is asked only about the layout, where
// there is one; no provider and no account is.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { z } from "zod";
import { type DeployedSettings, findFaults } from "../../../scripts/deploy/settings.ts";
import { EVENTS_PREFIX } from "../../../src/history/hour-files.ts";
import { packageKey, uploadKey } from "../../../src/storage/keys.ts";

// Terraform's own parser as WebAssembly. Its types bring the DOM's into the whole program: loaded by a name that the compiler does not follow.
const PARSER: string = "@cdktn/hcl2json";
const { parse } = (await import(PARSER)) as { parse(name: string, text: string): Promise<unknown> };

const ROOT = join(import.meta.dirname, "../../..");
const FOLDER = join(ROOT, "infra/cloudflare");

const body = z.record(z.string(), z.unknown());
const named = z.record(z.string(), z.array(body));
const file = z.object({
	resource: z.record(z.string(), named).optional(),
	locals: z.array(body).optional(),
	output: named.optional(),
	variable: named.optional(),
});

async function readFolder(folder: string) {
	const names = readdirSync(folder).filter((name) => name.endsWith(".tf"));
	const parsed = await Promise.all(
		names.map(async (name) => file.parse(await parse(name, readFileSync(join(folder, name), "utf8")))),
	);
	return {
		resources: parsed.flatMap(({ resource = {} }) =>
			Object.entries(resource).flatMap(([type, byName]) =>
				Object.entries(byName).map(([name, [value = {}]]) => ({ type, name, value })),
			),
		),
		locals: Object.assign({}, ...parsed.flatMap(({ locals = [] }) => locals)) as Record<string, unknown>,
		outputs: Object.assign({}, ...parsed.map(({ output = {} }) => output)) as z.infer<typeof named>,
		variables: Object.assign({}, ...parsed.map(({ variable = {} }) => variable)) as z.infer<typeof named>,
	};
}
const zone = await readFolder(FOLDER);
const deployment = await readFolder(join(FOLDER, "deployment"));

const example = z
	.object({ deployments: z.record(z.string(), z.object({ name: z.string(), host: z.string() })) })
	.parse(await parse("example.tf", readFileSync(join(FOLDER, "terraform.tfvars.example"), "utf8")));
const config = join(ROOT, "wrangler.toml");
const production: Settings & { readonly definedEnvironments?: string[] | undefined } = readConfig(
	{ config, env: "" },
	{ hideWarnings: true },
);
interface Settings extends DeployedSettings {
	readonly r2_buckets: readonly { readonly binding: string; readonly bucket_name?: string | undefined }[];
}
const settingsOf = (name: string): Settings =>
	name === "production" ? production : readConfig({ config, env: name }, { hideWarnings: true });

/** The value of a resource's argument in one deployment: names are made of the deployment's, and of nothing else. */
function valueIn(name: string, type: string, resource: string, argument: string): string {
	const found = deployment.resources.find((one) => one.type === type && one.name === resource);
	return z.string().parse(found?.value[argument]).replace(`\${var.deployment.name}`, name);
}
const BUCKETS = { PACKAGES: "packages", PULSES: "pulses", HISTORY: "history" };

it.skipIf(spawnSync("terraform", ["version"]).error !== undefined)("terraform finds nothing to lay out", () => {
	const { stdout, status } = spawnSync("terraform", ["fmt", "-check", "-diff", "-recursive", join(ROOT, "infra")], {
		encoding: "utf8",
	});
	expect({ stdout, status }).toEqual({ stdout: "", status: 0 });
});

it("the example has each deployment of wrangler.toml, and no other", () => {
	expect(Object.keys(example.deployments)).toEqual(["production", ...(production.definedEnvironments ?? [])]);
});

describe.each(Object.entries(example.deployments))("%s", (key, { name, host }) => {
	const settings = settingsOf(key);

	it("has the Worker's name and the host of its issuer and route", () => {
		expect(settings.name).toBe(name);
		expect(settings.vars["ISSUER"]).toBe(`https://${host}`);
		expect(settings.routes?.map((route) => (typeof route === "string" ? route : route.pattern))).toEqual([host]);
	});

	it("makes the buckets that wrangler.toml binds, and no others", () => {
		const bound = settings.r2_buckets.map(({ binding, bucket_name }) => [binding, bucket_name]);
		const made = Object.entries(BUCKETS).map(([binding, resource]) => [
			binding,
			valueIn(name, "cloudflare_r2_bucket", resource, "name"),
		]);
		expect(bound).toEqual(made);
		expect(deployment.resources.filter(({ type }) => type === "cloudflare_r2_bucket")).toHaveLength(made.length);
	});

	it("makes the namespace under the name by which the check before a deployment calls it", () => {
		const title = valueIn(name, "cloudflare_workers_kv_namespace", "records", "title");
		const fault = findFaults(settings).find(({ value }) => value.includes("RECORDS"));
		expect(fault?.fix).toContain(`namespace create ${title} prints`);
	});
});

describe("what wrangler.toml gets", () => {
	const output = z
		.object({ vars: body, kv_namespaces: body, r2_buckets: body, pipelines: body })
		.parse(deployment.outputs["wrangler"]?.[0]?.["value"]);

	it("are variables and bindings that it has", () => {
		expect(Object.keys(production.vars)).toEqual(expect.arrayContaining(Object.keys(output.vars)));
		expect(Object.keys(output.kv_namespaces)).toEqual(production.kv_namespaces.map(({ binding }) => binding));
		expect(Object.keys(output.r2_buckets).sort()).toEqual(production.r2_buckets.map(({ binding }) => binding).sort());
		expect(Object.keys(output.pipelines)).toEqual(["HISTORY_STREAM"]);
	});

	it.each([
		["url_ttl_seconds", "URL_TTL_SECONDS"],
		["history_days", "HISTORY_DAYS"],
	])("is %s as %s has it, where nothing else is said", (field, variable) => {
		const type = z.string().parse(zone.variables["deployments"]?.[0]?.["type"]);
		expect(type).toContain(`${field} = optional(number, ${String(production.vars[variable])})`);
	});
});

describe("stores", () => {
	const of = (type: string, name: string) =>
		JSON.stringify(deployment.resources.find((one) => one.type === type && one.name === name)?.value);

	it("are never removed by Terraform", () => {
		const stores = deployment.resources.filter(({ type }) => /_(kv_namespace|r2_bucket)$/.test(type));
		expect(stores).toHaveLength(1 + Object.keys(BUCKETS).length);
		for (const { value } of stores) expect(value["lifecycle"]).toEqual([{ prevent_destroy: true }]);
	});

	it("lock packages, sweep uploads and past hours, each under the keys that the service writes", () => {
		const [lock, sweep, past] = [
			of("cloudflare_r2_bucket_lock", "packages"),
			of("cloudflare_r2_bucket_lifecycle", "packages"),
			of("cloudflare_r2_bucket_lifecycle", "history"),
		];
		const folder = (key: string) => key.slice(0, key.indexOf("/") + 1);
		expect(lock).toContain(`"prefix":"${folder(packageKey("0".repeat(64)))}"`);
		expect(sweep).toContain(`"prefix":"${folder(uploadKey("0"))}"`);
		expect(past).toContain(`"prefix":"${EVENTS_PREFIX}"`);
	});

	it("have no address beside the hosts whose rules hold", () => {
		const off = deployment.resources.find(({ type }) => type === "cloudflare_r2_managed_domain")?.value;
		expect(off?.["enabled"]).toBe(false);
		expect(Object.keys(body.parse(off?.["for_each"])).sort()).toEqual(Object.values(BUCKETS).sort());
	});
});

describe("the rule in front", () => {
	const paths = z.array(z.string()).parse(zone.locals["served_paths"]);
	const prefixes = z.array(z.string()).parse(zone.locals["served_prefixes"]);
	const described = Array.from(
		readFileSync(join(ROOT, "docs/http-api.md"), "utf8").matchAll(/(?:GET|POST|PUT|PATCH|DELETE) (\/[^\s`|)]*)/g),
		([, path = ""]) => path,
	);
	const others = ["/", "/console", "/console/fleet", "/console/files/console.js", "/problems/rate_limited"];

	it("lets through every path of the API, the console and the problem pages", () => {
		expect(described.length).toBeGreaterThan(50);
		const refused = [...described, ...others].filter(
			(path) => !paths.includes(path) && !prefixes.some((prefix) => path.startsWith(prefix)),
		);
		expect(refused).toEqual([]);
	});

	it("lets through nothing that nobody serves", () => {
		const served = [...described, ...others];
		expect(prefixes.filter((prefix) => !served.some((path) => path.startsWith(prefix)))).toEqual([]);
		expect(paths.filter((path) => !served.includes(path))).toEqual([]);
	});
});

it("no token that is made here can make tokens", () => {
	const lists = Object.entries(zone.locals).filter(([name]) => /_(account|zone)$/.test(name) && name !== "this_zone");
	const permissions = lists.flatMap(([, names]) => (Array.isArray(names) ? names : [])) as string[];
	expect(permissions.length).toBeGreaterThan(15);
	expect(permissions.filter((name) => /Tokens (Write|Edit)/.test(name))).toEqual([]);
});
