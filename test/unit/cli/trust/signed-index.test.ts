// The publisher's signature under a release names its rule index, what it requires and which models get which bytes, so that these are the publisher's word.
import { afterEach, beforeEach, expect, it } from "vitest";
import { createOperatorApi } from "../../../../cli/http/operator-api.ts";
import { signRelease, unsignReleases } from "../../../../cli/trust/sign-release.ts";
import { newSigner } from "../../../support/tuf/keys.ts";
import { API_KEY } from "../support/contract-server.ts";
import { type ScriptedServer, startScriptedServer } from "../support/scripted-server.ts";

const NOW = 1_795_000_000;
const INDEX = { sha256: "cd".repeat(32), size: 49_671 };
let server: ScriptedServer;
/** as it was handed in last */
let file: string | null;
let keyid: string;
beforeEach(async () => {
	file = null;
	server = await startScriptedServer(({ method, body }) => {
		if (method === "PUT") file = body;
		const role = { product: "crs", version: file === null ? null : 1, expires: null, keyids: [keyid], threshold: 1 };
		return { body: { ...role, trusted: file !== null, releases: 0, file, proposal: null } };
	});
});
afterEach(() => server.close());

it("with its SHA-256 and size, and keeps naming it when later releases are signed", async () => {
	const signer = await newSigner();
	keyid = signer.keyid;
	const api = createOperatorApi({ server: server.url, key: API_KEY, nowMs: () => NOW * 1000 });
	const release = { product: "crs", version: "4.27.0", sha256: "ab".repeat(32), size: 9 };
	expect(await signRelease(api, { ...release, index: INDEX }, [signer], NOW)).toEqual({ version: 1, missing: 0 });
	await signRelease(api, { ...release, version: "4.28.0", sha256: "ef".repeat(32), index: null }, [signer], NOW);
	const { targets } = JSON.parse(file ?? "").signed;
	expect(targets["crs/4.27.0"].custom).toMatchObject({ version: "4.27.0", rule_index: INDEX });
	expect(targets["crs/4.28.0"].custom).not.toHaveProperty("rule_index");
});

it("and what the release requires of other products, as it was published", async () => {
	const signer = await newSigner();
	keyid = signer.keyid;
	const api = createOperatorApi({ server: server.url, key: API_KEY, nowMs: () => NOW * 1000 });
	const requires = [{ product: "base", min: "4.26" }];
	const release = { product: "crs", version: "4.27.0", sha256: "ab".repeat(32), size: 9 };
	await signRelease(api, { ...release, requires }, [signer], NOW);
	await signRelease(api, { ...release, version: "4.28.0", sha256: "ef".repeat(32) }, [signer], NOW);
	const { targets } = JSON.parse(file ?? "").signed;
	expect(targets["crs/4.27.0"].custom).toMatchObject({ requires });
	expect(targets["crs/4.28.0"].custom).not.toHaveProperty("requires");
});

it("and which models get which bytes; the same again is not signed again, and other models are", async () => {
	const signer = await newSigner();
	keyid = signer.keyid;
	const api = createOperatorApi({ server: server.url, key: API_KEY, nowMs: () => NOW * 1000 });
	const arm = { variant: "arm", models: ["FW-100"], sha256: "cd".repeat(32), size: 7 };
	const release = { product: "crs", version: "4.27.0", sha256: "ab".repeat(32), size: 9, index: INDEX };
	await signRelease(api, { ...release, version: "4.27", sha256: "ef".repeat(32) }, [signer], NOW);
	await signRelease(api, { ...release, urgency: "important", variants: [arm] }, [signer], NOW);
	const targets = () => JSON.parse(file ?? "").signed.targets;
	expect(targets()["crs/4.27.0"].custom).toMatchObject({ sequence: 2, except: ["FW-100"], rule_index: INDEX });
	expect(targets()["crs/4.27.0@arm"]).toEqual({
		...{ length: 7, hashes: { sha256: arm.sha256 } },
		custom: { version: "4.27.0", sequence: 2, urgency: "important", variant: "arm", models: ["FW-100"] },
	});
	const before = file;
	await signRelease(api, { ...release, variants: [arm] }, [signer], NOW);
	expect(file).toBe(before);
	await signRelease(api, { ...release, variants: [{ ...arm, models: ["FW-200"] }] }, [signer], NOW);
	expect(targets()["crs/4.27.0@arm"].custom.models).toEqual(["FW-200"]);
	expect(targets()["crs/4.27.0"].custom.except).toEqual(["FW-200"]);
	// The version was uploaded anew, without it.
	await signRelease(api, release, [signer], NOW);
	expect(Object.keys(targets())).toEqual(["crs/4.27", "crs/4.27.0"]);
	await signRelease(api, { ...release, variants: [arm] }, [signer], NOW);
	await unsignReleases(api, "crs", ["4.27.0"], [signer], NOW);
	expect(Object.keys(targets())).toEqual(["crs/4.27"]);
});
