// What one API key may upload in a day. The Directory counts, so that all edges count together.
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";

/**
 * Counts a package that is announced, before its bytes are taken in.
 * @param key id of the API key, or `bootstrap` @param bytes that are announced
 * @throws ProblemError `upload_quota_exceeded`, with Retry-After until the day ends (00:00 UTC)
 */
export async function countUpload({ services, now }: RequestScope, key: string, bytes: number): Promise<void> {
	const quota = services.config.uploadBytesPerDay;
	const counted = await services.objects.directory().countUpload({ key, bytes, quota, now });
	if (counted.ok) return;
	throw new ProblemError("upload_quota_exceeded", {
		detail: `of ${quota} bytes a day ${counted.left} are left, and the package has ${bytes}`,
		headers: { "retry-after": String(counted.retryAfter) },
	});
}
