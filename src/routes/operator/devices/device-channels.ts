// An operator puts a device on a channel of a product: `beta` has what is being tried, `stable` what it came through with.
import { createRoute, z } from "@hono/zod-openapi";
import { channel } from "../../../content/releases/channel.ts";
import { productName } from "../../../names.ts";
import { ProblemError } from "../../../problem.ts";
import { changeRefusals } from "../../http/account-in-path.ts";
import { changeBy } from "../../http/app-env.ts";
import { devicePath, openDevice } from "../../http/device-in-path.ts";
import { accountAccess } from "../../http/key-access.ts";
import { requireProducts } from "../../http/known-names.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../../http/openapi.ts";

const set = createRoute({
	method: "put",
	path: "/v1/devices/{device}/channels/{product}",
	operationId: "setDeviceChannel",
	tags: ["Operator"],
	summary: "Put a device on a channel of a product, and its whole HA group with it",
	description:
		"Its tokens end with that, so it knows with its next check. Who leaves beta keeps what is installed until stable passes it. On the wire it is the label `channel.{product}`.",
	...accountAccess,
	request: { params: devicePath.extend({ product: productName }), body: jsonBody(z.strictObject({ channel })) },
	responses: {
		200: jsonAnswer(
			z
				.object({
					device: z.string(),
					product: z.string(),
					channel,
					devices: z
						.array(z.string())
						.openapi({ description: "All that are on it by this: the device, and its HA group" }),
					changed: z.boolean().openapi({ description: "`false`: it was so before" }),
					published: z.boolean(),
				})
				.openapi("DeviceChannel"),
			"As it is now; `published` is false while a store still waits for it",
		),
		...changeRefusals,
		...problems("invalid_request"),
	},
});

export const deviceChannels = createRouter().openapi(set, async (c) => {
	const { device: text, product } = c.req.valid("param");
	const { channel } = c.req.valid("json");
	c.env.event.product = product;
	await requireProducts(c.env, "product", [product]);
	const { id, object } = await openDevice(c.env, text);
	const result = await object.changeDevice({ ...changeBy(c), deviceId: id, product, channel });
	if (!result.ok) {
		if (result.reason === "unknown_device") throw new ProblemError("not_found");
		throw new ProblemError("conflict", {
			detail: `${result.device} has as many labels as a device can have, and its channel is one more: take one away first`,
		});
	}
	const { devices, changed, published } = result;
	return c.json({ device: id, product, channel, devices: [...devices], changed, published }, 200);
});
