// The bytes that devices in the field compare with: they and their digest never change.
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { ECHO_SAMPLE, ECHO_SAMPLE_SHA256 } from "../../../src/content/echo-sample.ts";

it("has the digest that was said of it, for ever", () => {
	expect(createHash("sha256").update(ECHO_SAMPLE).digest("hex")).toBe(ECHO_SAMPLE_SHA256);
	expect(ECHO_SAMPLE_SHA256).toBe("36468d322b4a2b1502f34ed1af5d8f79aa4fb4f6abc800bcb04a418fcd3c17c8");
});
