// One batch of an import: an answer counts only for the lines that it is about.
import { afterEach, beforeEach, expect, it } from "vitest";
import { sendBatch } from "../../../../../../cli/commands/device/fleet-files/import-request.ts";
import { createOperatorApi } from "../../../../../../cli/http/operator-api.ts";
import { type ScriptedServer, startScriptedServer } from "../../../support/scripted-server.ts";

let server: ScriptedServer;
beforeEach(async () => {
	server = await startScriptedServer(() => ({ body: { results: [] } }));
});
afterEach(() => server.close());

const line = (number: number) => {
	const serial = `FW-${number}`;
	return { ok: true as const, number, serial, jkt: "", body: JSON.stringify({ serial }) };
};
const send = () => {
	const sink = { write: () => {} };
	const surroundings = { stdout: sink, stderr: sink, env: {}, cwd: "/", nowMs: () => 0, sleep: async () => {} };
	const api = createOperatorApi({ server: server.url, key: "pk_0", nowMs: surroundings.nowMs });
	const { signal } = new AbortController();
	return sendBatch(api, "acct-0", [line(1), line(2)], { surroundings, signal });
};

it("is sent as the lines are, and brings a result for each", async () => {
	server.answer = () => ({ body: { results: [{ result: "created" }, { result: "refused", code: "no_seat_left" }] } });
	expect(await send()).toMatchObject([{ result: "created" }, { result: "refused", code: "no_seat_left" }]);
	expect(server.seen.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
		["/v1/accounts/acct-0/devices", { devices: [{ serial: "FW-1" }, { serial: "FW-2" }] }],
	]);
});

it.each([0, 1, 3])(
	"with %i results for two lines ends the import: nobody knows which line each is about",
	async (count) => {
		server.answer = () => ({ body: { results: Array.from({ length: count }, () => ({ result: "created" })) } });
		await expect(send()).rejects.toMatchObject({
			code: "unexpected_answer",
			message: expect.stringContaining(`the answer has ${count} results for 2 lines`),
		});
	},
);
