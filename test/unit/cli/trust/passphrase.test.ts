// Where the passphrase of key files comes from.
import { expect, it } from "vitest";
import { readNewPassphrase, readPassphrase } from "../../../../cli/trust/passphrase.ts";

function terminal(...answers: string[]) {
	const asked: [string, boolean | undefined][] = [];
	const sink = { write: () => true };
	const surroundings = {
		...{
			stdout: sink,
			stderr: sink,
			env: {} as Record<string, string>,
			cwd: "/",
			nowMs: () => 0,
			sleep: async () => {},
		},
		ask: async (question: string, isHidden?: boolean) => {
			asked.push([question, isHidden]);
			return answers.shift() ?? "";
		},
	};
	return { surroundings, asked };
}

it("is asked for at a terminal, and not shown", async () => {
	const { surroundings, asked } = terminal("open sesame");
	expect(await readPassphrase(undefined, surroundings)).toBe("open sesame");
	expect(asked).toEqual([["Passphrase of the key files: ", true]]);
});

it("is asked for twice where a key is made with it", async () => {
	const { surroundings, asked } = terminal("open sesame", "open sesame", "open sesame", "open barley");
	expect(await readNewPassphrase(undefined, surroundings)).toBe("open sesame");
	expect(asked.map(([, isHidden]) => isHidden)).toEqual([true, true]);
	await expect(readNewPassphrase(undefined, surroundings)).rejects.toThrow("the two passphrases differ");
});

it("is taken from the environment without a question", async () => {
	const { surroundings, asked } = terminal("another");
	surroundings.env["PARAPET_KEY_PASSPHRASE"] = "from the environment";
	expect(await readPassphrase(undefined, surroundings)).toBe("from the environment");
	expect(await readNewPassphrase(undefined, surroundings)).toBe("from the environment");
	expect(asked).toEqual([]);
});

it("is missing where nobody can be asked, or nothing is typed", async () => {
	const { surroundings } = terminal("");
	await expect(readPassphrase(undefined, surroundings)).rejects.toThrow("no passphrase");
	const { ask: _, ...unattended } = surroundings;
	await expect(readPassphrase(undefined, unattended)).rejects.toThrow("no passphrase");
	await expect(readNewPassphrase(undefined, unattended)).rejects.toThrow("no passphrase");
});
