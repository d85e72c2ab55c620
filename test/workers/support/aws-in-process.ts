// The service with the stub AWS in the place of the network: what it would send to AWS, the stub answers.
import { vi } from "vitest";
import { StubAws } from "../../support/stand-ins/stub-aws.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/** Ends with `vi.restoreAllMocks()`. */
export function standInForAws(): StubAws {
	const aws = new StubAws();
	vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init = {}) => {
		const host = new URL(String(url)).host;
		const headers = { ...Object.fromEntries(new Headers(init.headers)), host };
		const request = { method: init.method ?? "GET", url: String(url), headers, body: String(init.body) };
		const answer = aws.answer(request);
		if (answer === "down") throw new TypeError("connection refused");
		if (answer === null) return untilAborted(init.signal);
		return new Response(answer.body, { status: answer.status, headers: answer.headers });
	});
	return aws;
}

/** Silence: the caller's own timer must end it. Time is virtual, so that no test waits. */
async function untilAborted(signal: AbortSignal | null | undefined): Promise<never> {
	const aborted = new Promise<never>((_, reject) => {
		signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
	});
	vi.advanceTimersByTime(60_000);
	return aborted;
}

/** Credentials of an account, as the secret has them; the stub knows them from now on. */
export function credentialsFor(aws: StubAws, account: string, more: Record<string, string> = {}): string {
	const accessKeyId = `AKIA${account.slice(5).toUpperCase()}`;
	aws.keys.set(accessKeyId, SECRET);
	return JSON.stringify({ [account]: { accessKeyId, secretAccessKey: SECRET, ...more } });
}
export { SECRET as AWS_SECRET };
