// Questions to an object that counts before it can answer.

/** Asks until the object has counted all: each question has the processor time of its own that counting a page takes. */
export async function untilCounted<T>(ask: () => Promise<T | "counting">): Promise<T> {
	for (;;) {
		const answer = await ask();
		if (answer !== "counting") return answer;
	}
}
