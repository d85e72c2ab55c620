// Launches and terminations of an instance as one hears of them: late, twice, in the wrong order.
import { describe, expect, test } from "vitest";
import {
	decideLaunch,
	decideTermination,
	LAUNCH_CODE_SECONDS,
	LAUNCH_WAIT_SECONDS,
	type LaunchFacts,
	UNKNOWN_INSTANCE,
} from "../../../../src/entitlement/instances/instance-lifecycle.ts";

const NOW = 1_800_000_000;
const LAUNCH: LaunchFacts = { ...UNKNOWN_INSTANCE, code: null, at: NOW, now: NOW };
const CODE = { used: 0, revoked: false, expiresAt: NOW + LAUNCH_CODE_SECONDS };
const makes = (kind: string) => ({ ok: true, kind });
const refuses = (reason: string) => ({ ok: false, reason });

describe("a launch", () => {
	test.each<[string, Partial<LaunchFacts>, object]>([
		["of an instance nobody knows makes a code", {}, makes("mint")],
		["heard of again keeps its code", { code: CODE }, makes("keep")],
		["keeps it while half of its life is left", { code: { ...CODE, expiresAt: NOW + 1_800 } }, makes("keep")],
		["prolongs it after that", { code: { ...CODE, expiresAt: NOW + 1_799 } }, makes("prolong")],
		["prolongs one that has expired", { code: { ...CODE, expiresAt: NOW - 10_000 } }, makes("prolong")],
		["whose code was used brings no other", { code: { ...CODE, used: 1 } }, refuses("used")],
		["whose code was revoked brings no other", { code: { ...CODE, revoked: true } }, refuses("revoked")],
		["heard of after the instance's end is over", { at: NOW - 60, terminatedAt: NOW - 30 }, refuses("over")],
		["in the second of the instance's end is over", { terminatedAt: NOW }, refuses("over")],
		["after an earlier end makes a code: the instance left a warm pool", { terminatedAt: NOW - 1 }, makes("mint")],
		["older than another launch is over", { at: NOW - 60, launchedAt: NOW - 30 }, refuses("over")],
		["in the second of another launch makes a code of its own", { launchedAt: NOW }, makes("mint")],
		["for which nobody waits any more is over", { at: NOW - LAUNCH_WAIT_SECONDS }, refuses("over")],
		["for which somebody may still wait is not", { at: NOW - LAUNCH_WAIT_SECONDS + 1 }, makes("mint")],
	])("%s", (_, change, expected) => {
		expect(decideLaunch({ ...LAUNCH, ...change })).toEqual(expected);
	});
});

describe("a termination", () => {
	test.each([
		["of an instance nobody knows is of all devices on it", 0, NOW, null],
		["after the launch is so too", NOW - 1, NOW, null],
		["in the second of the launch is so too", NOW, NOW, null],
		["from before the launch is of those from before it: the instance runs again", NOW, NOW - 1, NOW],
	])("%s", (_, launchedAt, at, activatedBefore) => {
		const isNews = activatedBefore === null;
		expect(decideTermination({ launchedAt, terminatedAt: 0 }, at)).toEqual({ isNews, activatedBefore });
	});
});
