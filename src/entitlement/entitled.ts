// Who may have a product: whoever has a license that names it, or every registered device.
import { z } from "zod";

/** registered: every device whose own registration is good, also without a license and after its end (decide.ts). */
export const entitled = z.enum(["licensed", "registered"]);
export type Entitled = z.infer<typeof entitled>;
