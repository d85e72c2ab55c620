// How long an isolate believes what the Directory has said of an API key.
import { beforeEach, describe, expect, it } from "vitest";
import type { CredentialRecord } from "../../../../src/entitlement/keys/credential-record.ts";
import { createCredentialReader, type ReadCredential } from "../../../../src/objects/directory/credential-reader.ts";

const KEY: CredentialRecord = {
	id: "key-a",
	subject: "ci",
	scopes: ["publish:crs"],
	team: null,
	expiresAt: null,
	revoked: false,
};

let held: CredentialRecord | null;
let isDown: boolean;
let asked: number;
let read: ReadCredential;

function readerThatKeeps(freshSeconds: number): ReadCredential {
	const directory = {
		credential: async () => {
			asked += 1;
			if (isDown) throw new Error("the Directory is down");
			return held;
		},
	};
	return createCredentialReader(() => directory, freshSeconds);
}

beforeEach(() => {
	[held, isDown, asked] = [KEY, false, 0];
	read = readerThatKeeps(60);
});

describe("an API key that was revoked", () => {
	it.each([
		["at once where no copies are kept", 0, 0, true],
		["not yet within the seconds of a copy", 60, 9.999, false],
		["after ten seconds at the latest, however long devices' copies are kept", 60, 10, true],
	])("is refused %s", async (_, freshSeconds, seconds, isRevoked) => {
		read = readerThatKeeps(freshSeconds);
		await read("hash-a", 0);
		held = { ...KEY, revoked: true };
		expect((await read("hash-a", seconds * 1_000))?.revoked).toBe(isRevoked);
	});
});

describe("while the Directory cannot be asked", () => {
	it.each([
		["a key that was known seconds ago goes on", 9_999, true],
		["no longer than that: it may have been revoked", 10_000, false],
	])("%s", async (_, ms, goesOn) => {
		await read("hash-a", 0);
		isDown = true;
		const answer = read("hash-a", ms);
		if (goesOn) expect(await answer).toEqual(KEY);
		else await expect(answer).rejects.toThrow("down");
	});

	it("nobody knows of a key that was never used", async () => {
		isDown = true;
		await expect(read("hash-a", 0)).rejects.toThrow("down");
	});
});

it("asks again for a key that is unknown: it may have been made a moment ago", async () => {
	held = null;
	expect(await read("hash-a", 0)).toBeNull();
	held = KEY;
	expect(await read("hash-a", 1)).toEqual(KEY);
	expect(await read("hash-a", 2)).toEqual(KEY);
	expect(asked).toBe(2);
});
