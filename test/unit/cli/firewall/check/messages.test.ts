// Messages of the day, and how far a firewall has read.
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkForUpdates } from "../../../../../cli/firewall/check/check.ts";
import { readMessages } from "../../../../../cli/firewall/check/messages.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	await firewall.activate();
});
afterEach(() => firewall.close());

const answer = (last: number, sequences: readonly number[] = []) => {
	const message = { severity: "info", title: "Hello", body: "There" };
	const messages = sequences.map((sequence) => ({ id: `msg-${sequence}`, sequence, ...message }));
	firewall.server.faults.instead = ({ path }) =>
		path.startsWith("/v1/messages") ? { body: { messages, last } } : null;
};

it("shows messages and remembers how far it has read", async () => {
	const run = await firewall.run("messages");
	expect(run.stdout).toBe("[info] Hello\n  There\n");
	await checkForUpdates(firewall.session);
	expect(firewall.asked("/v1/check").at(-1)).toContain("seen=7");
});

it("says that there are none", async () => {
	answer(7);
	expect((await firewall.run("messages")).stdout).toBe("no messages\n");
});

it("tells new ones from those that were read, and never goes back", async () => {
	answer(8, [7, 8]);
	expect((await readMessages(firewall.session)).fresh.map(({ sequence }) => sequence)).toEqual([7, 8]);
	expect((await readMessages(firewall.session)).fresh).toEqual([]);
	// Another location, which is behind.
	answer(7, [7]);
	expect((await readMessages(firewall.session)).fresh).toEqual([]);
	expect(await firewall.session.home.load("messages")).toEqual({ seen: 8 });
});

it("asks for a language as it is written, whatever that is", async () => {
	await firewall.run("messages", "--locale", "pt-BR");
	await firewall.run("messages", "--locale", "de&x=1");
	expect(firewall.asked("/v1/messages")).toEqual(["/v1/messages?locale=pt-BR", "/v1/messages?locale=de%26x%3D1"]);
});

it("acknowledges what it shows, and says by whom", async () => {
	firewall.server.faults.instead = ({ path, method }) =>
		method === "POST" && path === "/v1/messages/msg-7/ack"
			? { body: { message: "msg-7", acknowledged_at: "2026-11-20T12:00:00Z", acknowledged_by: "ada" } }
			: path === "/v1/messages"
				? { body: { messages: [{ id: "msg-7", sequence: 7, severity: "info", title: "T", body: "B" }], last: 7 } }
				: null;
	const run = await firewall.run("messages", "--ack", "--by", "ada");
	expect(run.stdout).toBe("[info] T\n  B\nmsg-7 acknowledged 2026-11-20T12:00:00Z by ada\n");
	expect(firewall.server.seen.at(-1)?.body.toString()).toBe('{"by":"ada"}');
	expect(await firewall.run("messages", "--by", "ada")).toMatchObject({ exitCode: 2 });
});
