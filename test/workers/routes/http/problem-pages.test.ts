// The `type` of a problem leads to a page that says what the problem is and what to do.
import { describe, expect, test } from "vitest";
import { PROBLEMS } from "../../../../src/problem-catalogue.ts";
import { send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";

describe("the page of a problem", () => {
	test.each(Object.keys(PROBLEMS))("%s", async (code) => {
		const answer = await send(`/problems/${code}`);
		expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
		const text = await answer.text();
		expect(text).toContain(`<code>${code}</code>`);
		// Placeholders in angle brackets stand as text.
		expect(text.replaceAll(/<\/?(!doctype html|html|meta|title|style|h1|p|code)\b[^>]*>/g, "")).not.toMatch(/[<>]/);
	});

	test("is where the answer's type leads", async () => {
		const { type } = (await (await send("/v1/check")).json()) as { type: string };
		expect((await send(type)).status).toBe(200);
	});

	test.each(["nosuch", "__proto__", "toString", "%3Cscript%3E"])("is none for %s", async (code) => {
		await expectProblem(await send(`/problems/${code}`), "not_found");
	});
});
