// How commands speak to people.
import { expect, it } from "vitest";
import { printable } from "../../../../cli/terminal/output.ts";

it("shows a server's text without what could drive a terminal", () => {
	expect(printable("a\u001b[31mb\r\u202ec\nd")).toBe("a?[31mb??c\nd");
});
