// Which settings the Worker refuses to start with, by the lines of its log (src/worker.ts writes one for each). Pure.

/** @param log of the Worker @returns each fault once, in the order in which they were told; none = no line tells of one */
export function settingFaults(log: string): string[] {
	// Without a boundary before it: wrangler colours the line.
	const found = log.matchAll(/not configured: (.+) \(request [^()\s]*\)/g);
	return [...new Set([...found].map(([, fault]) => fault ?? ""))];
}
