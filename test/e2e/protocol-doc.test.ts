// docs/protocol.md keeps its word: its examples run as they stand, in their order, and each answer that it shows has the form
// of the real one.
import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { publishDeltas } from "../../cli/commands/publish/make-deltas.ts";
import { openPayload } from "../../cli/files/package-file.ts";
import { createOperatorApi } from "../../cli/http/operator-api.ts";
import { createCode, operate, release, upload } from "./support/fleet.ts";
import { describeWithPrograms } from "./support/programs.ts";
import { type RunningService, startService } from "./support/service.ts";

const DOCUMENT = join(import.meta.dirname, "../../docs/protocol.md");
const EXAMPLES = join(import.meta.dirname, "../../examples");
const PRODUCT = "sample-rules";
/** Stands in the output between one example and the next. */
const SEPARATOR = "\u001e";

interface Example {
	/** the heading above it */
	readonly title: string;
	readonly script: string;
	/** what the document shows below it, if anything */
	readonly shown: { readonly language: string; readonly text: string } | null;
}

function readExamples(document: string): Example[] {
	const examples: Example[] = [];
	let title = "";
	for (const [, heading, language = "", text = ""] of document.matchAll(/^#+ (.*)$|^```(\w+)\n([\s\S]*?)^```$/gm)) {
		if (heading !== undefined) title = heading;
		else if (language === "sh") examples.push({ title, script: text, shown: null });
		else {
			const last = examples.pop();
			if (last === undefined || last.shown !== null) throw new Error(`${title}: an answer without an example`);
			examples.push({ ...last, shown: { language, text: text.trim() } });
		}
	}
	return examples;
}

/** Names and types of a JSON value, whatever the values are. */
function formOf(value: unknown): unknown {
	if (Array.isArray(value)) return value.slice(0, 1).map(formOf);
	if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
	return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, formOf(member)]));
}

/** Status and names of the headers of an answer as curl shows it. */
function headOf(text: string): { status: string | undefined; names: string[] } {
	const [first, ...lines] = text.split(/\r?\n/).filter((line) => line !== "");
	return { status: first, names: lines.map((line) => line.split(":", 1)[0]?.toLowerCase() ?? "").sort() };
}

function runAll(examples: readonly Example[]): Promise<string[]> {
	const script = ["set -eu", ...examples.map((example) => `${example.script}\nprintf '${SEPARATOR}'`)].join("\n");
	return new Promise((resolve, reject) => {
		execFile("sh", ["-c", `${script}\npwd`], (error, stdout, stderr) =>
			error === null ? resolve(stdout.split(SEPARATOR)) : reject(new Error(`${stderr}\n${stdout}`, { cause: error })),
		);
	});
}

const examples = readExamples(await readFile(DOCUMENT, "utf8"));

await describeWithPrograms(["curl", "openssl", "jq", "zstd"], "the examples of docs/protocol.md", () => {
	let service: RunningService;
	let outputs: string[] = [];
	beforeAll(async () => {
		service = await startService();
		// What `npm start` has by the time it prints its auth code.
		await operate(service, "POST", "/v1/products", { product: PRODUCT, plan: "immediate" });
		for (const version of ["1.0.0", "1.1.0"]) {
			const file = join(EXAMPLES, `${PRODUCT}-${version}.rules`);
			await upload(service, PRODUCT, version, new Uint8Array(await readFile(file)));
			const clock = { nowMs: Date.now, sleep: async () => {} };
			const api = createOperatorApi({ server: service.url, key: service.bootstrapKey, nowMs: Date.now });
			const made = { api, product: PRODUCT, version, payload: await openPayload(file), clock };
			expect((await publishDeltas(made)).notes).toEqual([]);
			await release(service, PRODUCT, version);
		}
		const ends_at = new Date(Date.now() + 86_400_000).toISOString();
		await operate(service, "POST", "/v1/messages", { severity: "info", title: "Welcome", body: "Hello.", ends_at });
		const given = `ISSUER=${service.url}\nCODE=${await createCode(service, [PRODUCT])}\n`;
		const [first, ...others] = examples;
		expect(first?.script.match(/^\w+=/gm)).toEqual(given.match(/^\w+=/gm));
		outputs = await runAll([{ title: "", script: given, shown: null }, ...others]);
	});
	afterAll(async () => {
		const folder = outputs.at(-1)?.trim();
		if (folder !== undefined) await rm(folder, { recursive: true, force: true });
		await service?.close();
	});

	const answered = examples.flatMap(({ title, shown }, index) => (shown === null ? [] : [{ title, shown, index }]));
	it.each(answered)("$title: the answer is the one that the document shows", ({ shown, index }) => {
		const output = outputs[index] ?? "";
		if (shown.language === "json") expect(formOf(JSON.parse(shown.text))).toEqual(formOf(JSON.parse(output)));
		else if (shown.language === "http") expect(headOf(shown.text)).toEqual(headOf(output));
		else expect(output.trim()).toBe(shown.text);
	});

	it("there is an example of every request in the document's first table", async () => {
		const document = await readFile(DOCUMENT, "utf8");
		const steps = [...document.matchAll(/^\| \[\w+\]\(#(\w+)\) \|/gm)].map(([, anchor]) => anchor);
		expect(steps).toHaveLength(9);
		const titles = new Set(answered.map(({ title }) => title.toLowerCase()));
		expect(steps.filter((step) => !titles.has(step ?? ""))).toEqual([]);
	});
});
