// In which word of the closed vocabulary a device's own word is counted.
import { describe, expect, it } from "vitest";
import { reasonOf } from "../../../src/fleet/outcome-reason.ts";

describe("the reason of an outcome", () => {
	it.each([
		["failed", "disk", "enospc", "disk"],
		["failed", null, "digest_mismatch", "digest_mismatch"],
		["failed", null, "size_mismatch", "digest_mismatch"],
		["failed", null, "toString", "other"],
		["rolled_back", null, null, "other"],
		["deferred", null, "maintenance_window", "maintenance_window"],
		["deferred", null, "window", "maintenance_window"],
		["declined", "operator_choice", null, "operator_choice"],
		["installed", null, "disk", null],
		["healthy", "disk", null, null],
		["downloaded", null, null, null],
	] as const)("%s, named %s, in its own word %s, is %s", (outcome, reason, detail, expected) => {
		expect(reasonOf(outcome, reason, detail)).toBe(expected);
	});
});
