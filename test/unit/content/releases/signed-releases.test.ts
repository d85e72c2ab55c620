// Which releases stay in a product's record where signatures are required, and what a device is told of one that no role file names.
import { describe, expect, it } from "vitest";
import { selectRelease } from "../../../../src/content/releases/select-release.ts";
import { signedOf } from "../../../../src/content/releases/signed-releases.ts";
import { admittedAt, makeRelease, NOW, REACH, recordOf } from "../content-fixtures.ts";

const GRANT = { until: NOW + 1_000_000, grace: 0, delay: 0, emergencyDelay: 0 };
const DIGEST = "ab".repeat(32);
const OTHER = "cd".repeat(32);
const good = makeRelease(1);
const bad = makeRelease(2, { withdrawn: true });
/** Repairs what is withdrawn; few may have it yet. */
const repair = makeRelease(3, { rollout: { ...REACH, open: false, closed: "waiting" } });
const all = recordOf(good, bad, repair);

/** What a device that runs the withdrawn release is told. */
function told(digests: Readonly<Record<string, string>>) {
	const record = { ...all, releases: signedOf(all.releases, "required", digests) };
	const device = { model: "FW-100", channel: "stable", engine: null, installed: bad.version, admittedAt } as const;
	return selectRelease(record, GRANT, device, NOW);
}

describe("the releases of a product whose releases must be signed", () => {
	it("are those that the role file names with their digest", () => {
		const kept = signedOf([good, repair], "required", { "1.1": DIGEST, "1.3": OTHER });
		expect(kept).toEqual([{ ...good, signed: true }]);
	});

	it("keep a withdrawn one that the role file names no more, without the mark", () => {
		expect(signedOf([bad], "required", {})).toEqual([bad]);
	});

	it("lead a device away from a withdrawn release that its publisher took out of the role file", () => {
		expect(told({ "1.1": DIGEST, "1.3": DIGEST })).toMatchObject({
			...{ status: "offered", reason: "installed_withdrawn", release: { version: "1.1" } },
		});
	});

	it("offer a device on a withdrawn release nothing while no role file is trusted", () => {
		expect(told({})).toMatchObject({ status: "unavailable" });
	});
});

describe("the releases of a product that offers unsigned ones too", () => {
	it("are all there, those that are signed with the mark", () => {
		expect(signedOf([good, bad], "optional", { "1.1": DIGEST })).toEqual([{ ...good, signed: true }, bad]);
	});
});
