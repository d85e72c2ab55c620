// Faults in what all commands are made of: exchanges with the service, settings, answers, files.
import type { FileEdits } from "../../edit.ts";

export const COMMAND_LINE: readonly FileEdits[] = [
	{
		file: "cli/http/exchange.ts",
		edits: [
			{
				from: "if (size > MAX_ANSWER_BYTES) throw",
				to: "if (false) throw",
				breaks: "a server that never stops talking fills the memory",
			},
			{
				from: 'outgoing.once("timeout", () => outgoing.destroy(new Error("no answer in time")));',
				to: "",
				breaks: "a command waits for ever for a server that says nothing",
			},
			{
				from: "else pipeline(body, outgoing).catch(fail);",
				to: "else void pipeline(body, outgoing).catch(() => {});",
				breaks: "an upload whose file cannot be read waits for ever",
			},
			{
				from: 'protocol === "https:" ? "node:https" : "node:http"',
				to: '"node:http"',
				breaks: "keys are sent in the clear to an https server",
			},
		],
	},
	{
		file: "cli/http/patience.ts",
		edits: [
			{
				from: "status !== 429 && status !== 503",
				to: "status !== 429",
				breaks: "a rebuild stops where the service asks it to come back",
			},
			{
				from: "retryAfterSeconds > LONGEST_WAIT_SECONDS ? null : ",
				to: "",
				breaks: "a command sleeps for a day because a server says so",
			},
		],
	},
	{
		file: "cli/http/lists.ts",
		tests: ["test/unit/cli/commands/code.test.ts"],
		edits: [
			{
				from: "encodeURIComponent(next)",
				to: "next",
				breaks: "a list ends early where the place of its next page has an ampersand",
			},
		],
	},
	{
		file: "cli/http/refusal.ts",
		edits: [
			{
				from: 'said.requestId ?? headerText(answer.headers["x-request-id"]) ?? headerText(answer.headers["cf-ray"])',
				to: "said.requestId",
				breaks: "a refusal from outside the service names no request to ask about",
			},
			{
				from: 'aheadSeconds < 0 ? "behind" : "ahead of"',
				to: 'aheadSeconds < 0 ? "ahead of" : "behind"',
				breaks: "the clock is said to be wrong in the other direction",
			},
		],
	},
	{
		file: "cli/command-line/settings.ts",
		edits: [
			{
				from: '(isLoopback(server) ? readDevVars(surroundings.cwd)["BOOTSTRAP_KEY"] : undefined)',
				to: 'readDevVars(surroundings.cwd)["BOOTSTRAP_KEY"]',
				breaks: "the local operator's key is sent to another server",
			},
			{
				from: 'options.key ??\n\t\tsurroundings.env["PARAPET_KEY"]',
				to: 'surroundings.env["PARAPET_KEY"] ??\n\t\toptions.key',
				breaks: "the key that is given is not the one that is used",
			},
			{
				from: 'given ?? surroundings.env["PARAPET_URL"] ?? fallback',
				to: 'given ?? fallback ?? surroundings.env["PARAPET_URL"]',
				breaks: "a firewall ignores PARAPET_URL once it is activated",
			},
			{
				from: "readTextFile(options.keyFile).trim()",
				to: "readTextFile(options.keyFile)",
				breaks: "a key file that ends with a line feed is refused",
			},
			{
				from: 'url.protocol === "http:" && !LOOPBACK.has(url.hostname)',
				to: "false",
				breaks: "keys and tokens are sent in the clear over a network",
			},
		],
	},
	{
		file: "cli/command-line/read-options.ts",
		edits: [
			{
				from: "lineage.unshift(at)",
				to: "lineage.push(at)",
				breaks: "an option of the command itself counts less than one above it",
			},
		],
	},
	{
		file: "cli/command-line/values.ts",
		tests: ["test/unit/cli/command-line/read-options.test.ts"],
		edits: [
			{ from: "if (at < 1)", to: "if (at < 0)", breaks: "a label without a name is taken from a slip of the hand" },
			{ from: 'text !== ""', to: "true", breaks: "a comma too many makes an account without a name" },
		],
	},
	{
		file: "cli/parapet.ts",
		edits: [
			{
				from: "return error instanceof CliError ? error.exitCode : EXIT_FAILED;",
				to: "return EXIT_FAILED;",
				breaks: "scripts cannot tell a wrong command line from a refusal",
			},
			{
				from: 'word !== "help" && word !== "--"',
				to: "true",
				breaks: "parapet help device shows none of its verbs",
			},
		],
	},
	{
		file: "cli/terminal/output.ts",
		edits: [
			{
				from: 'sink.write(`${printable(lines.join("\\n"))}\\n`);',
				to: 'sink.write(`${lines.join("\\n")}\\n`);',
				breaks: "a server's refusal can drive the terminal",
			},
			{
				from: "known && error.cause instanceof ServerRefusal ? error.cause : error",
				to: "error",
				breaks: "a rebuild that stopped names no request to ask about",
			},
		],
	},
	{
		file: "cli/terminal/interruption.ts",
		edits: [
			{
				from: "controller.signal.aborted && !(own !== undefined && error instanceof own) ? interrupted : error",
				to: "error",
				breaks: "Ctrl-C is told as whatever broke because of it",
			},
			{
				from: "for (const signal of SIGNALS) process.removeListener(signal, interrupt);",
				to: "",
				breaks: "a second Ctrl-C no longer ends what a first one left",
			},
		],
	},
	{
		file: "cli/files/package-file.ts",
		edits: [
			{
				from: 'if (size === 0) throw new Error("it holds nothing");',
				to: "",
				breaks: "an empty package is published",
			},
			{
				from: "} catch (cause) {\n\t\tawait dispose();",
				to: "} catch (cause) {",
				breaks: "each damaged package leaves its unpacked part on the disk",
			},
		],
	},
	{
		file: "cli/files/atomic-file.ts",
		edits: [
			{
				from: "await rm(draft, { force: true }).catch(() => {});",
				to: "",
				breaks: "each write that fails leaves a draft with secrets beside the file",
			},
		],
	},
];
