// What is made of an answer of 400 and above.
import { describe, expect, it } from "vitest";
import { refusalFrom } from "../../../../cli/http/refusal.ts";

const NOW_MS = Date.parse("2026-11-20T12:00:00Z");
const refusal = (body: unknown, headers: Record<string, string> = {}, status = 403) =>
	refusalFrom({ status, headers, text: typeof body === "string" ? body : JSON.stringify(body) }, "could not", NOW_MS)
		.refusal;

describe("a refusal", () => {
	it("in the words of the service (RFC 9457) says them all, in order", () => {
		const errors = [
			{ field: "ends_at", message: "is over" },
			{ field: "", message: "is empty" },
		];
		const said = { title: "No", detail: "not so", errors, code: "malformed", fix: "do it right", request_id: "req-1" };
		expect(refusal(said)).toMatchObject({
			message: "could not: No: not so: ends_at: is over; is empty",
			...{ code: "malformed", fix: "do it right", requestId: "req-1", status: 403 },
		});
	});

	it("with errors that are not understood is said without them", () => {
		expect(refusal({ title: "No", errors: "many" }).message).toBe("could not: No");
	});

	it("in the words of OAuth (RFC 6749) is read too", () => {
		expect(refusal({ error: "invalid_client" })).toMatchObject({ message: "could not: invalid_client" });
		const said = { error: "invalid_client", error_description: "the key is another" };
		expect(refusal(said)).toMatchObject({ code: "invalid_client", message: "could not: the key is another" });
	});

	it.each(["", "<html>", "[]", "null", "{}"])("in no words at all (%j) is its status", (body) => {
		expect(refusal(body, {}, 502)).toMatchObject({
			code: "http_502",
			message: "could not: status 502",
			fix: undefined,
		});
	});

	it.each([
		[{ "x-request-id": "of-parapet", "cf-ray": "of-cloudflare" }, "of-parapet"],
		[{ "cf-ray": "of-cloudflare" }, "of-cloudflare"],
		[{}, undefined],
	])("that names no request is found by %j", (headers, requestId) => {
		expect(refusal("", headers).requestId).toBe(requestId);
	});

	it.each([
		[95, "95 s ahead of the server's"],
		[-95, "95 s behind the server's"],
	])("for a clock that is %i s ahead says so in place of any other advice", (ahead, said) => {
		const found = refusal({ error: "invalid_client", server_time: NOW_MS / 1000 - ahead });
		expect(found).toMatchObject({ clockAheadSeconds: ahead, fix: expect.stringContaining(said) });
	});
});
