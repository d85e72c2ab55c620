// Holds back what the service logs, and shows it where a test fails. To hand each line to the runner as it is written took a
// tenth of the time of all tests.
import { afterAll, afterEach } from "vitest";

const show = console.log;
let lines: unknown[][] = [];
console.log = (...line: unknown[]) => {
	lines.push(line);
};
afterEach(({ task }) => {
	if (task.result?.state === "fail") for (const line of lines) show(...line);
	lines = [];
});
afterAll(() => {
	console.log = show;
});
