// Bytes out of the storage, in pieces that are worth a turn of the event loop.
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { PIECE_BYTES, readPieces } from "../../../../src/storage/packages/read-pieces.ts";
import { joinBytes } from "../../../support/archives/tar.ts";

async function stored(bytes: Uint8Array): Promise<ReadableStream<Uint8Array>> {
	await env.PACKAGES.put("pieces", bytes);
	const object = await env.PACKAGES.get("pieces");
	return (object as R2ObjectBody).body as ReadableStream<Uint8Array>;
}

async function piecesOf(body: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
	const pieces: Uint8Array[] = [];
	for await (const piece of readPieces(body)) pieces.push(piece);
	return pieces;
}

test.each([
	[0, []],
	[1, [1]],
	[PIECE_BYTES - 1, [PIECE_BYTES - 1]],
	[PIECE_BYTES, [PIECE_BYTES]],
	[PIECE_BYTES + 1, [PIECE_BYTES, 1]],
	[4 * PIECE_BYTES, [PIECE_BYTES, PIECE_BYTES, PIECE_BYTES, PIECE_BYTES]],
])("%i bytes come as they were stored, in pieces of %j", async (size, lengths) => {
	const bytes = Uint8Array.from({ length: size }, (_, at) => at % 251);
	const pieces = await piecesOf(await stored(bytes));
	expect(pieces.map(({ length }) => length)).toEqual(lengths);
	expect(joinBytes(...pieces)).toEqual(bytes);
});

test("a stream of code's own comes in its own pieces", async () => {
	const own = [Uint8Array.of(1, 2), Uint8Array.of(3)];
	const body = new ReadableStream<Uint8Array>({
		start(controller) {
			for (const piece of own) controller.enqueue(piece);
			controller.close();
		},
	});
	expect(await piecesOf(body)).toEqual(own);
});

test("whoever stops before the end lets the stream go", async () => {
	const body = await stored(new Uint8Array(3 * PIECE_BYTES));
	for await (const piece of readPieces(body)) {
		expect(piece).toHaveLength(PIECE_BYTES);
		break;
	}
	expect(await body.getReader().read()).toMatchObject({ done: true });
});
