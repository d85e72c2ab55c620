// Keys are an interface with what is already stored: changing one here means a migration, not a new expectation.
import { describe, expect, test } from "vitest";
import {
	deniedKey,
	deviceKey,
	HEADS_KEY,
	haGroupKey,
	messagesKey,
	packageKey,
	parseRecordKey,
	productKey,
	redisKey,
	tufKey,
	uploadKey,
} from "../../../src/storage/keys.ts";

test("every key has the form that stored data has", () => {
	expect(HEADS_KEY).toBe("heads");
	expect(deviceKey("dev-0123456789-0123456789abcdef")).toBe("device:dev-0123456789-0123456789abcdef");
	expect(haGroupKey("hag-0123456789-01234567")).toBe("ha:hag-0123456789-01234567");
	expect(productKey("crs", 12)).toBe("product:crs@12");
	expect(messagesKey(3)).toBe("messages@3");
	expect(deniedKey(4)).toBe("denied@4");
	expect(redisKey("heads")).toBe("parapet:heads");
	expect(packageKey("ab".repeat(32))).toBe(`packages/${"ab".repeat(32)}`);
	expect(uploadKey("1")).toBe("uploads/1");
	expect(tufKey("3.crs.json")).toBe("tuf/3.crs.json");
});

describe("the owner of a record", () => {
	test.each([
		["device:dev-1", { owner: "account", name: "dev-1" }],
		["ha:hag-1", { owner: "account", name: "hag-1" }],
		["product:url-db@12", { owner: "product", name: "url-db" }],
		["heads", { owner: "directory", name: "" }],
		["messages@1", { owner: "directory", name: "" }],
		["denied@1", { owner: "directory", name: "" }],
	])("of %s is found in its key", (key, owner) => {
		expect(parseRecordKey(key)).toEqual(owner);
	});

	test.each(["", "devices", "packages/00", "messages"])("of %j is nobody", (key) => {
		expect(() => parseRecordKey(key)).toThrow(TypeError);
	});
});
